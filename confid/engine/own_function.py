"""confid's own functions, beside the cmdlets: recorded in a rehearsal, tried under WhatIf."""

from __future__ import annotations

import functools
import inspect
import io
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from confid.engine.recording import RecordedCall, Recorder
from confid.engine.session import Session, current_session
from confid.errors import ConfidError, InvalidOperationError, Secret
from confid.errors.tracebacks import ends_at_caller
from confid.tenant.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")

LONGEST_TARGET = 80


class own_function:  # noqa: N801 - a decorator
    """Have a function obey its session's WhatIf preference, and record its calls under that name.

    `writes`: it can change the tenant. `on_stores`: it works on stores and takes no session, so
    a rehearsal refuses it. `without` are the parameters that are left out on trial and in a
    rehearsal, because they reach the world outside. `says_itself`: it sees to the preference
    itself, as a function with a parameter `what_if` does.
    """

    def __init__(
        self,
        name: str,
        *,
        writes: bool = False,
        on_stores: bool = False,
        without: tuple[str, ...] = (),
        says_itself: bool = False,
    ) -> None:
        self._name = name
        self._writes = writes
        self._on_stores = on_stores
        self._without = without
        self._says_itself = says_itself

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """The function, recorded."""
        self._function: Callable[..., Any] = function

        @ends_at_caller
        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            given = kwargs.get("session") or next((a for a in args if isinstance(a, Session)), None)
            session = _session(given)
            if session is None:
                return function(*args, **kwargs)
            if self._writes and session.preferences.what_if and not session.on_trial:
                if "what_if" in inspect.signature(function).parameters:
                    kwargs.setdefault("what_if", True)
                elif not self._says_itself:
                    return cast("R", self._try(session, self._bound(args, kwargs)))
            if session.recorder is None:
                return function(*args, **kwargs)
            kept = {name: _kept(value) for name, value in self._bound(args, kwargs).items()}
            return cast("R", self._record(session, session.recorder, kept))

        self._recorded: Callable[..., Any] = call
        return call

    def _bound(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        arguments = inspect.signature(self._function).bind(*args, **kwargs).arguments
        arguments.pop("session", None)
        return arguments

    def _try(self, session: Session, arguments: dict[str, Any]) -> Any:
        """Say what the call would do; what comes out when nothing is done."""
        from confid.engine.trial import trial  # noqa: PLC0415 - few calls are tried
        from confid.engine.what_if import nothing, say  # noqa: PLC0415 - few calls are tried

        target = _target(self._function, arguments)
        if self._on_stores:
            say(session, self._name, [target], [])
            return None
        with trial(session) as tried:
            result = self._inside(session, arguments)
            effects = tried.effects([target])
        say(session, self._name, [target], effects)
        return nothing(result)

    def _inside(self, session: Session, arguments: Mapping[str, Any]) -> Any:
        """What the function returns where nothing may reach the world outside."""
        inside = {k: v for k, v in arguments.items() if k not in self._without}
        return self._function(**inside, session=session)

    def _record(self, session: Session, recorder: Recorder, arguments: dict[str, Any]) -> Any:
        stamps = _stamps(arguments)
        if self._on_stores:
            # A place can be a URL with a password.
            arguments = {k: Secret(v) if isinstance(v, str) else v for k, v in arguments.items()}

        def first() -> Any:
            if self._on_stores:
                raise InvalidOperationError(
                    f"{self._name}() works on stores themselves, so it can't be rehearsed. Call "
                    "it when the rehearsal's block has ended.",
                    target=self._name,
                )
            return self._inside(session, arguments)

        def again(where: Session, given: Mapping[str, Any]) -> Any:
            if _stamps(given) != stamps:
                raise InvalidOperationError(
                    f"A file that {self._name}() read has changed since the rehearsal."
                )
            for value in given.values():
                if isinstance(value, io.StringIO):
                    value.seek(0)
            # A session with a recorder is a rehearsal too, and records the call itself.
            function = self._function if where.recorder is None else self._recorded
            return function(**given, session=where)

        recorded = RecordedCall(
            name=self._name,
            arguments=arguments,
            again=again,
            writes=self._writes and not arguments.get("what_if"),
            actor=session.actor,
        )
        return recorder.run(recorded, first)


def _session(given: object) -> Session | None:
    try:
        return current_session(given)  # type: ignore[arg-type]  # it refuses others
    except ConfidError:
        return None  # The function says it itself.


def _target(function: Callable[..., Any], arguments: Mapping[str, Any]) -> str:
    """What a call is about: its first argument, where that has a place, or else the tenant."""
    name, first = next(iter(inspect.signature(function).parameters.items()))
    value = arguments.get(name)
    if first.kind is inspect.Parameter.KEYWORD_ONLY or value is None:
        return "the tenant"
    if isinstance(value, Record):
        found = value.__powershell__()
        names = (found.get(name) for name in ("UserPrincipalName", "DisplayName", "Subject", "To"))
        value = next((name for name in names if name), None)
    if isinstance(value, str | os.PathLike):
        text = str(os.fspath(value))
        return text if text.isprintable() and len(text) <= LONGEST_TARGET else name
    if isinstance(value, Collection) and not isinstance(value, Mapping):
        return f"{len(value)} item{'s' if len(value) != 1 else ''}"
    return name


def _stamps(arguments: Mapping[str, Any]) -> list[tuple[int, int]]:
    """The times and sizes of the files that arguments name, to know them again."""
    stamps = []
    for value in arguments.values():
        if isinstance(value, str | os.PathLike):
            with suppress(OSError, ValueError):
                found = Path(value)
                files = sorted(found.iterdir()) if found.is_dir() else [found]
                stamps += [(file.stat().st_mtime_ns, file.stat().st_size) for file in files]
    return stamps


def _kept(value: Any) -> Any:
    """An argument as it is now, to be read again: an open file's text, an iterator's items."""
    if hasattr(value, "readline") and not isinstance(value, type):
        return _text(value)
    if isinstance(value, Iterator) or type(value) in (list, tuple):
        return [copy(item) if isinstance(item, dict) else item for item in value]
    is_changeable = isinstance(value, list | dict) or hasattr(value, "columns")
    return copy(value) if is_changeable else value


def _text(file: Any) -> Any:
    """What an open text file holds, under its name."""
    lines = []
    try:
        while line := file.readline():
            lines.append(line)
        text = io.StringIO("".join(lines), newline="")
    except (OSError, TypeError, ValueError):
        # One that can't be read, or isn't text: the function says so itself.
        if file.seekable():
            file.seek(0)
        return file
    if (name := getattr(file, "name", None)) is not None:
        text.name = name
    return text
