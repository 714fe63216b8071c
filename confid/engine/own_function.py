"""confid's own functions, beside the cmdlets: how a rehearsal records them."""

from __future__ import annotations

import functools
import inspect
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from confid.engine.recording import RecordedCall, Recorder
from confid.engine.session import Session, current_session
from confid.engine.tracebacks import ends_at_caller
from confid.errors import ConfidError, InvalidOperationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

P = ParamSpec("P")
R = TypeVar("R")


class own_function:  # noqa: N801 - a decorator
    """Have the calls of a function recorded by its session, under that name.

    `writes`: it can change the tenant. `on_stores`: it works on stores and takes no session, so
    a rehearsal refuses it.
    """

    def __init__(self, name: str, *, writes: bool = False, on_stores: bool = False) -> None:
        self._name = name
        self._writes = writes
        self._on_stores = on_stores

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """The function, recorded."""

        @ends_at_caller
        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            given = kwargs.get("session") or next((a for a in args if isinstance(a, Session)), None)
            recorder = _recorder(given)
            if recorder is None:
                return function(*args, **kwargs)
            return self._record(recorder, function, args, kwargs)

        return call

    def _record(
        self,
        recorder: Recorder,
        function: Callable[..., R],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> R:
        arguments = _named(function, args, kwargs)
        session = arguments.pop("session", None)

        def again(where: Session | None, given: Mapping[str, Any]) -> R:
            if self._on_stores:
                self._refuse()
            values = {name: _renewed(value) for name, value in given.items()}
            return function(**values, session=where)

        recorded = RecordedCall(
            name=self._name, arguments=arguments, again=again, writes=self._writes
        )
        return recorder.run(recorded, lambda: again(session, arguments))

    def _refuse(self) -> None:
        raise InvalidOperationError(
            f"{self._name}() works on stores themselves, so it can't be rehearsed. Call it when "
            "the rehearsal's block has ended.",
            target=self._name,
        )


def _recorder(session: object) -> Recorder | None:
    try:
        return current_session(session).recorder  # type: ignore[arg-type]  # it refuses others
    except ConfidError:
        return None  # The function says it itself.


def _named(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any]:
    """The arguments by name, each in a form that can be read again."""
    bound = inspect.signature(function).bind(*args, **kwargs)
    return {name: _kept(value) for name, value in bound.arguments.items()}


def _kept(value: Any) -> Any:
    """An argument as it can be read again: an open file's text, an iterator's items."""
    if isinstance(value, list | dict):
        return value.copy()
    if hasattr(value, "readline") and not isinstance(value, type):
        return _text(value)
    return list(value) if isinstance(value, Iterator) else value


def _text(file: Any) -> Any:
    try:
        return _Text(file)
    except (OSError, TypeError, ValueError):
        # One that can't be read, or isn't text: the function says so itself.
        if file.seekable():
            file.seek(0)
        return file


class _Text:
    """What an open text file held."""

    def __init__(self, file: Any) -> None:
        self._text = "".join(iter(file.readline, ""))
        self._name = getattr(file, "name", None)

    def opened(self) -> io.StringIO:
        file = io.StringIO(self._text, newline="")
        if self._name is not None:
            file.name = self._name
        return file


def _renewed(value: Any) -> Any:
    return value.opened() if isinstance(value, _Text) else value
