"""Any argument: every public function answers, or raises one of confid's errors.

But for `ConferenceId`, which raises ValueError; a missing extra; Python's own
TypeError for the shape of a call; and what the caller's own code raises.
"""

from __future__ import annotations

import inspect
import math
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import confid
from confid import attendant, mail, meetings
from confid.engine.session import current_session
from confid.errors import ConfidError
from confid.host import SilentHost
from tests.tenants import get
from tests.thorough import examples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KEN = "ken.myer@contoso.com"
SOON = datetime(2030, 1, 1, tzinfo=UTC)
LONGEST = 20_000
"""Characters of a message, at most."""

FOR_AUTHORS = {
    # Authors of cmdlets and of stores call these while they write them; a type checker reads that.
    *("confid.command.cmdlet", "confid.command.user_cmdlet", "confid.command.listing_cmdlet"),
    *("confid.command.Invocation", "confid.command.Command"),
    *("confid.store.as_row", "confid.store.from_row", "confid.store.enter"),
    *("confid.store.Kind", "confid.store.Claim", "confid.store.LedgerEntry"),
    "confid.meetings.showing",
    "confid.Results",  # confid makes them
    "confid.rehearsal.Changes",
    "confid.rehearsal.Rehearsal",
}

VALID: dict[str, Any] = {
    "line": "Get-CsOnlineUser",
    "name": "Get-CsOnlineUser",
    "identity": KEN,
    "organizer": KEN,
    "subject": "Figures",
    "start": SOON,
    "number": "+14255550100",
    "numbers": ["+14255550177"],
    "keys": "12345#",
    "pin": "12345",
    "yes": True,
    "transport": mail.MemoryTransport(),
    "store": "memory:",
    "source": [],
    "target": "memory:",
    "conference_id": 3542699,
    "objects": [{"a": 1}],
    "type_name": "int",
    "filter": "a -eq 1",
    "tail": "Select-Object a",
    "arguments": {},
    "entries": [],
    "path": "absent.csv",
    "folder": "absent",
    "dsn": "postgresql://localhost/nowhere",
    "host": "mail.contoso.com",
}
"""Arguments that do, by the names of parameters; 'x' for the others."""


class OwnError(Exception):
    """What the caller's own code raises."""


def failing(*_: object, **__: object) -> None:
    """The caller's own function."""
    raise OwnError


class Opaque:
    """An object of no kind that anything takes."""


ODD: list[Callable[[], object]] = [
    *(partial(lambda value: value, each) for each in (None, True, 5, -1, 10**5000, 1.5, 1j)),
    *(partial(float, each) for each in ("nan", "inf")),
    partial(Decimal, "1E+999999"),
    *(partial(str, each) for each in ("", "x", "x" * 5000, "\ud800", "a\0b", "a\nb", "9" * 5000)),
    *(partial(str, each) for each in ("11e999999d", "[", "{{ 1/0 }}", "%s", "{0.__class__}")),
    *(partial(str, each) for each in ("nosuch://x", "https://x", "\u0663" * 7, KEN)),
    lambda: b"x",
    lambda: memoryview(b"x"),
    *(partial(list, each) for each in ((), (5,), ("x", None), (10**5000,))),
    lambda: {1},
    *(partial(dict, each) for each in ((), {"a": 1}.items(), {5: 10**5000}.items())),
    lambda: iter(["x"]),
    lambda: (number for number in [5]),
    *(partial(lambda value: value, each) for each in (failing, lambda *_, **__: 5)),
    Opaque,
    lambda: Opaque,
    lambda: int,
    lambda: math,
    lambda: attendant.CallState.ENDED,
    lambda: datetime.max.replace(tzinfo=UTC),
    lambda: datetime(2026, 1, 1),  # noqa: DTZ001 - the point
    lambda: date.max,
    lambda: timedelta.max,
    lambda: UUID(int=1),
    lambda: Path("x"),
    lambda: next(iter(get()), None),
    get,
]


@cache
def public_functions() -> dict[str, Callable[..., Any]]:
    """Every function and class that confid and its public packages export, by name."""
    packages = [confid, *filter(inspect.ismodule, (getattr(confid, n) for n in dir(confid)))]
    found: dict[str, Callable[..., Any]] = {}
    for package in packages:
        for name in getattr(package, "__all__", ()):
            value = getattr(package, name)
            is_ours = inspect.isfunction(value) or inspect.isclass(value)
            if is_ours and package not in (confid.testing, confid.errors):
                found.setdefault(f"{package.__name__}.{name}", value)
    return {name: value for name, value in found.items() if _takes_arguments(name, value)}


def _takes_arguments(name: str, value: Callable[..., Any]) -> bool:
    protocol = getattr(value, "_is_protocol", False)
    no_call = inspect.isclass(value) and issubclass(value, (Enum, BaseException, int))
    return not (protocol or no_call or name in FOR_AUTHORS) and bool(_parameters(value))


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    parameters = inspect.signature(function).parameters.values()
    return [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]


def methods() -> dict[str, Callable[[], Callable[..., Any]]]:
    """The methods of what the functions return, each made anew."""
    makers: dict[str, Callable[[], object]] = {
        "session": current_session,
        "results": get,
        "record": lambda: get(KEN),
        "call": lambda: attendant.dial("+14255550100"),
        "meeting": lambda: meetings.schedule(KEN, subject="Figures", start=SOON),
    }
    with confid.demo(seed=1):
        found = {
            f"{name}.{method}": partial(lambda make, method: getattr(make(), method), make, method)
            for name, make in makers.items()
            for method, value in inspect.getmembers(make())
            if inspect.ismethod(value) and not method.startswith("_")
            if _parameters(value)
        }
    return {
        name: make
        for name, make in found.items()
        if name.partition(".")[2] not in INTERNAL and not name.endswith(("index", "count"))
    }


INTERNAL = {
    # Records' own words to views and documents.
    "powershell_properties",
    *("get", "items", "keys", "values"),  # a mapping's
}


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Odd paths make odd files."""
    monkeypatch.chdir(tmp_path)
    with confid.demo(seed=1) as session:
        session.host = SilentHost()
        yield


def answers(function: Callable[..., Any], arguments: dict[str, Any]) -> None:
    """Call it; it succeeds, or raises a ConfidError whose message is not too long."""
    outer = current_session()
    positional = [
        arguments.pop(p.name) for p in _parameters(function) if p.kind is p.POSITIONAL_ONLY
    ]
    try:
        result = function(*positional, **arguments)
        if hasattr(result, "receive"):  # a job
            result = result.receive()
    except (ConfidError, OwnError) as error:
        result = str(error)
    if isinstance(result, confid.Session) and result is not outer:
        with result:
            pass  # the end of a block makes the one before it current again
    assert not isinstance(result, str) or len(result) < LONGEST


def with_odd(data: st.DataObject, function: Callable[..., Any]) -> dict[str, Any]:
    """Arguments for it: what does, but for one or two."""
    parameters = _parameters(function)
    names = st.sampled_from([p.name for p in parameters])
    # Places in the list: a failure couldn't be printed with an integer of 5,000 digits.
    places = st.sampled_from(range(len(ODD)))
    drawn = data.draw(st.dictionaries(names, places, min_size=1, max_size=2))
    odd = {name: ODD[place]() for name, place in drawn.items()}
    needed = {p.name: VALID.get(p.name, "x") for p in parameters if p.default is p.empty}
    return {**needed, **odd}


@pytest.mark.parametrize("name", sorted(public_functions()))
def test_a_public_function_answers_or_raises_an_error_of_confid(name: str) -> None:
    """Whatever the arguments are."""
    function = public_functions()[name]

    @settings(max_examples=examples(8))
    @given(st.data())
    def answers_any(data: st.DataObject) -> None:
        answers(function, with_odd(data, function))

    answers_any()


@pytest.mark.parametrize("name", sorted(methods()))
def test_a_method_answers_or_raises_an_error_of_confid(name: str) -> None:
    """Those of a session, of results, of records, of a call."""
    make = methods()[name]

    @settings(max_examples=examples(8))
    @given(st.data())
    def answers_any(data: st.DataObject) -> None:
        with suppress(ConfidError):
            function = make()
        answers(function, with_odd(data, function))

    answers_any()
