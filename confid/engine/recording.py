"""The calls made on a session, recorded for a rehearsal."""

from __future__ import annotations

import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from confid.errors import ConfidError
from confid.store.blocks import block

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

T = TypeVar("T")

_inside: ContextVar[bool] = ContextVar("confid_inside_a_recorded_call", default=False)


@attrs.define(eq=False, kw_only=True)
class RecordedCall:
    """A call as it was bound, and what came of it.

    `again` makes the same call on a session with the arguments given; a call that was refused
    before it ran has none. `writes` is False for
    a call that can't change the tenant, or that ran under WhatIf. `undone`: the call was
    inside a `session.transaction()` that was rolled back.
    """

    name: str
    arguments: dict[str, Any] = attrs.field(repr=False)
    again: Callable[[Any, Mapping[str, Any]], Any] | None = attrs.field(repr=False)
    writes: bool
    targets: list[str] = attrs.field(factory=list, repr=False)
    warnings: list[str] = attrs.field(factory=list, repr=False)
    errors: list[ConfidError] = attrs.field(factory=list, repr=False)
    result: Any = attrs.field(default=None, repr=False)
    raised: BaseException | None = attrs.field(default=None, repr=False)
    undone: bool = False
    actor: str | None = None
    thread: int = attrs.field(factory=threading.get_ident, repr=False)

    @property
    def failed(self) -> bool:
        """Whether the call raised something."""
        return self.raised is not None


class Recorder:
    """What a session has recorded; its calls are in the order in which they began."""

    def __init__(self) -> None:
        self.calls: list[RecordedCall] = []
        self._raised: set[int] = set()

    def run(self, call: RecordedCall, work: Callable[[], T]) -> T:
        """Do the work of a call, and record it; calls that it makes itself are part of it."""
        if _inside.get():
            return work()
        self.calls.append(call)
        token = _inside.set(True)
        try:
            result = call.result = work()
        except BaseException as error:
            self._note(call, error)
            raise
        finally:
            _inside.reset(token)
        return result

    def refuse(self, call: RecordedCall, error: ConfidError) -> None:
        """Record a call that was refused before it ran, unless its error is recorded already."""
        if not _inside.get() and id(error) not in self._raised:
            self._note(call, error)
            self.calls.append(call)

    def _note(self, call: RecordedCall, error: BaseException) -> None:
        call.raised = error
        self._raised.add(id(error))  # the record keeps it, so no other error gets this number
        if isinstance(error, ConfidError):
            call.errors[:] = error.errors


@block
def undone_if_it_fails(recorder: Recorder | None) -> Iterator[None]:
    """A block whose calls are marked as undone when an exception leaves it."""
    since = len(recorder.calls) if recorder else 0
    try:
        yield
    except BaseException:
        if recorder:
            for call in recorder.calls[since:]:
                call.undone = call.undone or call.thread == threading.get_ident()
        raise
