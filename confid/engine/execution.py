"""A call of a cmdlet: binds what was given, asks, and runs in a transaction of its own."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from confid.engine.binder import SWITCHES, bind_arguments, binds_as_it_is, refuse_chosen_ids
from confid.engine.common_parameters import WarningStopError, ask, call_options
from confid.engine.invocation import Invocation
from confid.engine.parameters import COMMON
from confid.engine.session import current_session
from confid.errors import ConfidError, ParameterBindingError, StaticConferenceIdError
from confid.ids.conference_id import ConferenceId
from confid.tenant import directory
from confid.tenant.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from confid.engine.binder import CommandInfo
    from confid.engine.common_parameters import CallOptions
    from confid.engine.job import Job
    from confid.engine.session import Session
    from confid.host import Host
    from confid.tenant.unit_of_work import UnitOfWork

NEARLY_FULL = (
    "More than 90 % of the conference IDs have been issued; "
    "confid.ledger.remaining() counts those left."
)


def run(
    info: CommandInfo,
    body: Callable[..., Any],
    args: tuple[Any, ...],
    given: Mapping[str, Any],
) -> Any:
    """Call a cmdlet: bind what was given, and run `body` in a transaction of its own.

    Raises `ConfidError`s, each with the cmdlet's name.
    """
    try:
        values = (*args, *given.values())
        as_it_is = binds_as_it_is(info, len(args), tuple(given), tuple(map(type, values)))
        if not as_it_is or "" in values:
            return _bind_and_run(info, body, args, given)
        bound = {info.places[0]: args[0], **given} if args else dict(given)
        session = current_session(bound.pop("session", None))
        manners = call_options(session.preferences, {}, writes=info.writes)
        return _execute(info, body, session, bound, manners, plain=True)
    except ConfidError as error:
        error.cmdlet = error.cmdlet or info.name
        raise


def _bind_and_run(
    info: CommandInfo,
    body: Callable[..., Any],
    args: tuple[Any, ...],
    given: Mapping[str, Any],
) -> Any:
    arguments = _with_place(info, args, given) if args else dict(given)
    common = {name: arguments.pop(name) for name in COMMON.intersection(arguments)}
    notify = {"notify": arguments.pop("notify")} if info.notifies and "notify" in arguments else {}
    session = current_session(common.pop("session", None))
    refuse_chosen_ids(arguments)
    _, bound = bind_arguments(info, arguments, default_set=info.call_set)
    what_if, confirm, as_job = (bound.pop(name, None) for name in SWITCHES)
    manners = call_options(
        session.preferences, common, writes=info.writes, what_if=what_if, confirm=confirm
    )
    run_bound = functools.partial(_execute, info, body, session, bound | notify, manners)
    return _started(session, run_bound) if as_job else run_bound()


def _with_place(
    info: CommandInfo, args: tuple[Any, ...], given: Mapping[str, Any]
) -> dict[str, Any]:
    """The arguments, the one that was given by its place under its name."""
    places = info.places
    if not places or len(args) > 1:
        raise _misplaced(info, args)
    # Two sets can have a place each; PowerShell binds by type, so a record is the instance.
    alone = len(places) == 1 or not isinstance(args[0], Record)
    name = places[0] if alone or "instance" not in places else "instance"
    if name in given:
        raise ParameterBindingError(
            f"{info.name}: {name} was given twice, by its place and by its name.",
            error_id="ParameterAlreadyBound",
            parameter=name,
        )
    return {name: args[0], **given}


def _misplaced(info: CommandInfo, args: tuple[Any, ...]) -> ConfidError:
    places = info.places
    if any(map(_is_conference_id, args[1:] if places else args)):
        return StaticConferenceIdError("A value without its name")
    alone = f"{places[0]} alone" if places else "nothing"
    return ParameterBindingError(
        f"{info.name} takes {alone} without its name; give the others by name.",
        error_id="PositionalParameterNotFound",
    )


def _is_conference_id(value: object) -> bool:
    try:
        ConferenceId(value)
    except ValueError:
        return False
    return True


def _started(session: Session, run_bound: Callable[[], Any]) -> Job:
    from confid.engine.job import Job  # noqa: PLC0415 - few calls are jobs

    return Job(session, run_bound)


def _execute(
    info: CommandInfo,
    body: Callable[..., Any],
    session: Session,
    bound: dict[str, Any],
    manners: CallOptions,
    *,
    plain: bool = False,
) -> Any:
    answers: Mapping[str, bool] = {}

    def work(tenant: UnitOfWork) -> tuple[Invocation, list[str], Any]:
        command = Invocation(info, session, tenant, manners, answers)
        result = body(command, **bound)
        warnings = tenant.warnings
        if not info.accepted.isdisjoint(bound):
            warnings = [_without_effect(info, bound), *warnings]
        if tenant.is_nearly_full:
            warnings = [*warnings, NEARLY_FULL]
        if warnings and manners.warning_action == "Stop":
            manners.collect_warnings(warnings)
            raise WarningStopError(warnings[0])
        return command, warnings, result

    try:
        if not plain:
            _read_now(bound)
        if manners.asks:
            # Nobody is asked while others wait for the store: first the answers, then the change.
            targets = _targets(info, body, session, bound, manners)
            answers = ask(session.host, info.name, targets)
        command, warnings, result = session.call(work, write=manners.writes)
    except ConfidError as error:
        error.cmdlet = error.cmdlet or info.name
        manners.collect_errors([error, *error.also])
        raise
    if warnings or command.errors or manners.collects:
        manners.tell(session.host, info.name, warnings, command.errors)
    tell_what_is_left(session.host, command.tenant)
    return result


def _read_now(bound: dict[str, Any]) -> None:
    """Read iterables once, before a transaction is open: one can be slow."""
    for name, value in bound.items():
        if isinstance(value, Iterator) or (name == "identity" and not directory.is_one(value)):
            bound[name] = list(value)


def _targets(
    info: CommandInfo,
    body: Callable[..., Any],
    session: Session,
    bound: dict[str, Any],
    manners: CallOptions,
) -> list[str]:
    """What the call would change."""
    targets: list[str] = []

    class Collecting(Invocation):
        def should_process(self, target: str) -> bool:
            targets.append(target)
            return False

    with session.unit(write=False) as tenant:
        body(Collecting(info, session, tenant, manners, {}), **bound)
    return targets


def _without_effect(info: CommandInfo, bound: Mapping[str, object]) -> str:
    """The warning of the parameters given that are only accepted."""
    taken = [info.declared[name].name for name in bound if name in info.accepted]
    verb = "has" if len(taken) == 1 else "have"
    return f"{info.name}: {', '.join(taken)} {verb} no effect here."


def tell_what_is_left(host: Host, tenant: UnitOfWork) -> None:
    """Tell a host that wants to know what is left to do by hand after a call."""
    if not (tenant.pins_drawn or tenant.mails_queued):
        return
    write = getattr(host, "write_information", None)
    if write is None:
        return
    if tenant.pins_drawn:
        many = tenant.pins_drawn > 1
        write(
            f"{tenant.pins_drawn} new PIN{'s' if many else ''}: read leader_pin of what came back "
            "now, it is shown nowhere else."
        )
    if tenant.mails_queued:
        many = tenant.mails_queued > 1
        write(
            f"{tenant.mails_queued} mail{'s are' if many else ' is'} pending: "
            "confid.mail.deliver(transport) sends what the outbox holds."
        )
