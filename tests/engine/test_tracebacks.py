"""A wrong call of anything public shows the caller's line, not the inside of confid."""

from __future__ import annotations

import inspect
import traceback
from email.message import EmailMessage
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import confid
from confid import attendant, ledger, mail, meetings, powershell, store, testing
from confid.engine.session import current_session
from confid.errors import ConfidError
from confid.store.blocks import Block
from tests.api_page import PACKAGES, public_names
from tests.tenants import NOON, get, get_bridge, grant_policy, set_user, tenant, upn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

INSIDE = str(Path(confid.__file__).parent)
KEN = upn("ken")
WRONG: Any = object()
"""What no function takes."""
NOWHERE: Any = "/nowhere/at/all"

online: Any = confid.cmdlets.get_cs_online_user
run_migrations: Any = meetings.run_migrations
set_links: Any = mail.set_links


def session() -> Any:
    """The current session, without its types: a checker refuses many of these calls."""
    return current_session()


def closed() -> Any:
    """A session that was closed."""
    with confid.connect() as one:
        pass
    return one


def inside(block: Any, act: Callable[[], object] = lambda: None) -> object:
    """A call inside a `with` block."""
    with block:
        return act()


def dialled() -> Any:
    """A call that asks for a conference ID."""
    return attendant.dial(get_bridge()[0].service_numbers[0].number)


def rehearsal() -> Any:
    """A rehearsal that has ended."""
    with confid.rehearse(session()) as rehearsed:
        set_user(KEN, reset_conference_id=True)
    return rehearsed


def apply_to_a_changed_tenant() -> None:
    """Somebody was quicker than the rehearsal."""
    rehearsed = rehearsal()
    set_user(KEN, reset_conference_id=True)
    rehearsed.apply()


def damaged(tmp: Path) -> Any:
    """The store of a file that is no database."""
    path = tmp / "damaged.db"
    path.write_text("no database" * 1000, encoding="utf-8")
    return store.SQLiteStore(path)


CALLS: dict[str, Callable[[], object]] = {
    "cmdlet": lambda: get("nobody"),
    "cmdlet, of several": lambda: set_user([KEN, "nobody", 5], reset_conference_id=True),
    "cmdlet, in a session": lambda: confid.demo().cmdlets.get_cs_online_user("nobody"),
    "cmdlet, on a line": lambda: confid.invoke("Get-CsOnlineUser nobody"),
    "cmdlet, in a transaction": lambda: inside(session().transaction(), lambda: get("nobody")),
    "cmdlet, as a job": lambda: set_user("nobody", reset_leader_pin=True, as_job=True).receive(),
    "cmdlet, a job's result": lambda: set_user(WRONG, reset_leader_pin=True, as_job=True).result(),
    "cmdlet, a policy": lambda: grant_policy(KEN, "none"),
    "cmdlet, a bridge": lambda: get_bridge(name="none"),
    "cmdlet, a parameter": lambda: get(identify=KEN),
    "cmdlet, a filter": lambda: online(filter="Departmant -eq 1"),
    "cmdlet, a chosen ID": lambda: set_user(KEN, conference_id=1234567),
    "cmdlet, a place": lambda: get(KEN, 1234567),
    "preferences": lambda: setattr(session().preferences, "error_action", "Never"),
    "add_bridge": lambda: confid.add_bridge("", numbers=["1"]),
    "check": lambda: confid.check(session=WRONG),
    "connect": lambda: confid.connect("nowhere://x"),
    "connect, a folder": lambda: confid.connect(Path(__file__).parent),
    "connect, a key": lambda: confid.connect(pin_key=b"short"),
    "connect, no server": lambda: confid.connect("postgresql://localhost:1/x"),
    "demo": lambda: confid.demo(seed=WRONG),
    "demo, a clock": lambda: confid.demo(clock=lambda: WRONG),
    "get_command": lambda: confid.get_command("Get-CsNothing"),
    "get_help": lambda: confid.get_help("Get-CsNothing"),
    "import_tenant": lambda: confid.import_tenant("nowhere"),
    "import_users": lambda: confid.import_users("nobody.csv"),
    "import_users, rows": lambda: confid.import_users([{"UserPrincipalName": ""}]),
    "import_users, no roster": lambda: confid.import_users(WRONG),
    "invoke": lambda: confid.invoke("Get-CsOnlineUser $name"),
    "invoke, a pipeline": lambda: confid.invoke("Get-CsOnlineUser | Where-Object Nothing -lt {"),
    "move_tenant": lambda: confid.move_tenant("nowhere://x", "memory:"),
    "rehearse": lambda: confid.rehearse("nowhere://x"),
    "remove_users": lambda: confid.remove_users("nobody"),
    "restore": lambda: confid.restore("nowhere://x"),
    "whois": lambda: confid.whois("12"),
    "Session": confid.Session,
    "Session.acting_as": lambda: inside(session().acting_as("two\nlines")),
    "Session.actor": lambda: setattr(session(), "actor", "two\nlines"),
    "Session.transaction": lambda: inside(closed().transaction()),
    "Session.now": lambda: confid.connect(clock=lambda: WRONG).now(),
    "Results.export_clixml": lambda: get([KEN]).export_clixml(NOWHERE),
    "Results.export_csv": lambda: get([KEN]).export_csv(NOWHERE),
    "Results.to_dicts": lambda: get([KEN]).to_dicts("names"),
    "Record.to_dict": lambda: get(KEN).to_dict("names"),
    "dial": lambda: attendant.dial("nobody"),
    "Call.press": lambda: dialled().press(WRONG),
    "Call.enter_conference_id": lambda: [
        at.enter_conference_id(x) for at in [dialled()] for x in "12345"
    ],
    "Call.enter_pin": lambda: dialled().enter_pin("12345"),
    "Call.say_organizer": lambda: dialled().say_organizer(is_organizer=True),
    "bind": lambda: confid.command.bind("Get-CsOnlineUser", {"Nothing": 1}),
    "entries": lambda: ledger.entries("nobody"),
    "entry": lambda: ledger.entry("12"),
    "export": lambda: ledger.export(session=WRONG),
    "merge": lambda: ledger.merge("not an export"),
    "remaining": lambda: ledger.remaining(session=WRONG),
    "cancel": lambda: mail.cancel(WRONG),
    "deliver": lambda: mail.deliver(WRONG),
    "links": lambda: mail.links(session=WRONG),
    "outbox": lambda: mail.outbox(state="nowhere"),
    "preview": lambda: mail.preview(languages=WRONG),
    "requeue": lambda: mail.requeue(WRONG),
    "set_links": lambda: set_links(session=WRONG),
    "MaildirTransport": lambda: mail.MaildirTransport(__file__)(EmailMessage()),
    "SmtpTransport": lambda: mail.SmtpTransport("localhost", -1),
    "SmtpTransport, no server": lambda: mail.SmtpTransport("localhost", 1)(EmailMessage()),
    "Retry.after": lambda: mail.Retry(attempts=-1),
    "outdated": lambda: meetings.outdated("nobody"),
    "schedule": lambda: meetings.schedule("nobody", subject="", start=NOON, end=NOON),
    "scheduled": lambda: meetings.scheduled("nobody"),
    "reschedule": lambda: meetings.reschedule(WRONG),
    "run_migrations": lambda: run_migrations(update=WRONG),
    "convert": lambda: powershell.convert("x", "int"),
    "convert, a type": lambda: powershell.convert("x", "nothing"),
    "csv_lines": lambda: list(powershell.csv_lines([1], delimiter="")),
    "export_csv": lambda: powershell.export_csv([], NOWHERE),
    "format_list": lambda: powershell.format_list([{"a": 1}], ""),
    "format_table": lambda: powershell.format_table([{"a": 1}], "["),
    "from_clixml": lambda: powershell.from_clixml("<Objs>"),
    "from_csv": lambda: powershell.from_csv(WRONG),
    "import_csv": lambda: powershell.import_csv(NOWHERE),
    "like": lambda: powershell.like("x", "[z-a]"),
    "out_string": lambda: powershell.out_string([{"a": 1}], width=WRONG),
    "pipe": lambda: powershell.pipe([{"a": "x"}], "foreach a"),
    "pipe, where": lambda: powershell.pipe([{"a": 1}], "where a -lt 'x'"),
    "quote": lambda: powershell.quote(WRONG),
    "to_clixml": lambda: powershell.to_clixml({"a": 1}, depth=WRONG),
    "to_csv": lambda: powershell.to_csv([{"a": 1}], delimiter=""),
    "to_json": lambda: powershell.to_json([{"a": 1}], depth=-1),
    "where": lambda: powershell.where("a -lt"),
    "where, the predicate": lambda: powershell.where("a -lt 'x'")({"a": 1}),
    "Rehearsal": lambda: inside(rehearsal()),
    "Rehearsal.apply": apply_to_a_changed_tenant,
    "Rehearsal.script": lambda: rehearsal().script(era="1999"),
    "Rehearsal.save_script": lambda: rehearsal().save_script(NOWHERE),
    "from_url": lambda: store.from_url("nowhere://x"),
    "MemoryStore.open": lambda: store.MemoryStore().open([], create=False),
    "MemoryStore.transaction": lambda: inside(store.MemoryStore().transaction(write=True)),
    "OverlayStore.transaction": lambda: inside(
        store.OverlayStore(store.MemoryStore()).transaction(write=True)
    ),
    "PostgresStore.open": lambda: store.PostgresStore("postgresql://localhost:1/x").open([]),
    "PostgresStore.transaction": lambda: inside(
        store.PostgresStore("postgresql://localhost:1/x").transaction(write=True)
    ),
    "ReadOnlyStore.transaction": lambda: inside(
        store.ReadOnlyStore(session().store).transaction(write=True)
    ),
    "SQLiteStore": lambda: store.SQLiteStore(WRONG),
    "SQLiteStore.backup": lambda: store.SQLiteStore("x.db").backup("y.db"),
    "SQLiteStore.open": lambda: store.SQLiteStore(NOWHERE).open([]),
    "SQLiteStore.open, no database": lambda: store.SQLiteStore(__file__).open([]),
    "SQLiteStore.transaction": lambda: inside(store.SQLiteStore("x.db").transaction(write=True)),
    "Clock.set": lambda: testing.Clock().set(WRONG),
    "Clock.turn": lambda: testing.Clock().turn(weeks=WRONG),
    "demo_tenant": lambda: testing.demo_tenant(WRONG),
    "Mailbox.messages": lambda: testing.Mailbox(WRONG).messages(),
}

FOR_AUTHORS = ("cmdlets", "command", "errors", "host", "store", "testing")
REFUSES_NOTHING = {
    "Call.hang_up",
    "DirectoryUser.with_microsoft",
    "Results.to_csv",
    "Results.to_json",
    "Results.to_pandas",
    "Retry.pauses",
    "Session.close",
    "SmtpTransport.close",
    "SmtpTransport.rest",
    "showing",
}


def own_frames(error: BaseException) -> list[traceback.FrameSummary]:
    """The frames of confid that plain Python prints, with causes and what went before."""
    shown: traceback.TracebackException | None = traceback.TracebackException.from_exception(error)
    frames: list[traceback.FrameSummary] = []
    while shown:
        frames += [frame for frame in shown.stack if frame.filename.startswith(INSIDE)]
        shown = shown.__cause__ or (None if shown.__suppress_context__ else shown.__context__)
    return frames


@pytest.mark.parametrize("name", CALLS)
def test_at_most_three_frames_of_confid(name: str) -> None:
    """In plain Python; the caller's line is among the rest."""
    with tenant("ken"), pytest.raises(ConfidError) as caught:
        CALLS[name]()
    assert len(own_frames(caught.value)) <= 3
    assert any(frame.path == Path(__file__) for frame in caught.traceback[-6:])


def test_every_cmdlet_by_every_road() -> None:
    """Its function, the session's, a line, its binding."""
    roads: list[Callable[[Any], object]] = [
        lambda info: getattr(confid.cmdlets, info.function.__name__)(nothing=1),
        lambda info: getattr(session().cmdlets, info.function.__name__)(nothing=1),
        lambda info: confid.invoke(f"{info.name} -Nothing"),
        lambda info: confid.command.bind(info.name, {"Nothing": 1}),
    ]
    commands = confid.get_command()
    assert isinstance(commands, list)
    with tenant("ken"):
        for info in commands:
            for road in roads:
                with pytest.raises(ConfidError) as caught:
                    road(info)
                assert len(own_frames(caught.value)) <= 3, info.name


def public_callables() -> Iterator[str]:
    """Functions and methods that users call, beside the cmdlets.

    Those are left out that the authors of stores, hosts, cmdlets and their tests call.
    """
    for package in set(PACKAGES) - {f"confid.{room}" for room in FOR_AUTHORS}:
        module = import_module(package)
        for name in public_names(module):
            value = getattr(module, name)
            if inspect.isfunction(value):
                yield name
            elif inspect.isclass(value) and not issubclass(value, Enum):
                own = (set(dir(value)) & set(vars(value))) - set(dir(Block))
                yield from (f"{name}.{n}" for n in own if inspect.isroutine(vars(value)[n]))


def test_the_table_has_all_that_is_public() -> None:
    """But what takes nothing that could be wrong."""
    public = {
        name for name in public_callables() if "_" not in (name[0], name.partition(".")[2][:1])
    }
    there = {name.partition(",")[0] for name in CALLS}
    assert public - there == REFUSES_NOTHING


def test_a_fault_of_a_host_keeps_its_frames() -> None:
    """What confid doesn't raise on purpose is shown whole."""

    def progress(done: int, total: int | None) -> object:
        return done / (total and 0)  # type: ignore[operator]

    with tenant("ken"), pytest.raises(ZeroDivisionError) as caught:
        set_user([KEN], reset_conference_id=True, progress=progress)
    assert len([f for f in traceback.extract_tb(caught.tb) if f.filename.startswith(INSIDE)]) > 3
