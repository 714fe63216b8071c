"""A call of a cmdlet: binds the arguments, asks, and runs in a transaction of its own."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import attrs

from confid.engine.binder import (
    SWITCHES,
    bind_arguments,
    bound_unchanged,
    refuse_chosen_ids,
    refuse_placed_ids,
)
from confid.engine.common_parameters import WarningStopError, ask, call_options
from confid.engine.invocation import Invocation
from confid.engine.parameters import COMMON
from confid.engine.recording import RecordedCall, Recorder
from confid.engine.session import current_session
from confid.errors import ConfidError, InvalidOperationError, ParameterBindingError, listed
from confid.host import LastingWarning
from confid.tenant import directory
from confid.tenant.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from confid.engine.binder import CommandInfo
    from confid.engine.common_parameters import CallOptions
    from confid.engine.session import Session
    from confid.host import Host
    from confid.tenant.unit_of_work import UnitOfWork

NEARLY_FULL = LastingWarning(
    "More than 90 % of the conference IDs have been issued; "
    "confid.ledger.remaining() counts those left."
)


def run(
    info: CommandInfo,
    body: Callable[..., Any],
    args: tuple[Any, ...],
    given: Mapping[str, Any],
) -> Any:
    """Call a cmdlet: bind the arguments, and run `body` in a transaction of its own.

    Raises `ConfidError`s, each with the cmdlet's name.
    """
    try:
        values = (*args, *given.values())
        names = bound_unchanged(info, len(args), tuple(given), tuple(map(type, values)))
        if not names or "" in values:
            return _bind_and_run(info, body, args, given)
        bound = dict(zip(names, values, strict=True))
        session = current_session(bound.pop("session", None))
        options = call_options(session.preferences, {}, writes=info.writes)
        return _confirm_and_run(_Call(info, body, session, bound, options))
    except ConfidError as error:
        error.cmdlet = error.cmdlet or info.name
        _record_refusal(info, args, given, error)
        raise


@attrs.define
class _Call:
    """A call whose arguments are bound.

    `answers` are those of a call that is made again. `recorded` is its record in a rehearsal.
    """

    info: CommandInfo
    body: Callable[..., Any]
    session: Session
    bound: dict[str, Any]
    options: CallOptions
    answers: Mapping[str, bool] | None = None
    recorded: RecordedCall | None = None


def _bind_and_run(
    info: CommandInfo,
    body: Callable[..., Any],
    args: tuple[Any, ...],
    given: Mapping[str, Any],
) -> Any:
    arguments = _with_place(info, args, given) if args else dict(given)
    common = {name: arguments.pop(name) for name in COMMON.intersection(arguments)}
    own = {name: arguments.pop(name) for name in info.own if name in arguments}
    session = current_session(common.pop("session", None))
    refuse_chosen_ids(arguments)
    _, bound = bind_arguments(info, arguments, default_set=info.call_set)
    what_if, confirm, as_job = (bound.pop(name, None) for name in SWITCHES)
    options = call_options(
        session.preferences, common, writes=info.writes, what_if=what_if, confirm=confirm
    )
    call = _Call(info, body, session, bound | own, options)
    if not as_job:
        return _read_and_run(call)
    from confid.engine.job import Job  # noqa: PLC0415 - few calls are jobs

    return Job(session, functools.partial(_read_and_run, call))


def _with_place(
    info: CommandInfo, args: tuple[Any, ...], given: Mapping[str, Any]
) -> dict[str, Any]:
    """The arguments by name, those too that are given by their places."""
    places = info.places
    if len(args) > len(places):
        refuse_placed_ids(args[len(places) :])
        only = " and ".join(places) or "nothing"
        raise ParameterBindingError(
            f"{info.name} takes {only} without a name; give the others by name.",
            error_id="PositionalParameterNotFound",
        )
    placed = dict(zip(places, args, strict=False))
    instance = info.declared.get("instance")
    # Two sets can have a place each; PowerShell binds by type, so a record is the instance.
    if instance and instance.position is not None and isinstance(args[0], Record):
        placed = {"instance": args[0]}
    for name in placed.keys() & given.keys():
        raise ParameterBindingError(
            f"{info.name}: {name} was given twice, by its place and by its name.",
            error_id="ParameterAlreadyBound",
            parameter=name,
        )
    return {**placed, **given}


def _read_and_run(call: _Call) -> Any:
    """Read iterables once, before a transaction is open, for one can be slow; and run the call."""
    bound = call.bound
    try:
        for name, value in bound.items():
            if isinstance(value, Iterator) or (name == "identity" and not directory.is_one(value)):
                bound[name] = directory.read_all(value) if name == "identity" else list(value)
    except ConfidError as error:
        error.cmdlet = error.cmdlet or call.info.name
        call.options.collect_errors(error.errors)
        raise
    return _confirm_and_run(call)


def _confirm_and_run(call: _Call) -> Any:
    """Ask about each change where that is wanted, run the body, tell what it has to tell."""
    session, options = call.session, call.options
    if session.recorder is not None and call.recorded is None:
        return _record_and_run(call, session.recorder)
    if options.what_if and call.info.writes:
        return _say_what_if(call)
    try:
        if call.answers is None:
            # The answers come before the change: nobody is asked while others wait for the store.
            asks = options.asks
            call.answers = ask(session.host, call.info.name, _targets(call)) if asks else {}
        command, warnings, result = session.call(
            functools.partial(_run_in_unit, call),
            write=options.writes,
            about=call.bound.get("identity"),
        )
    except ConfidError as error:
        error.cmdlet = error.cmdlet or call.info.name
        options.collect_errors(error.errors)
        raise
    if warnings or command.errors or options.collects:
        options.tell(session.host, call.info.name, warnings, command.errors, known=session.warned)
    if call.recorded is not None:
        call.recorded.warnings, call.recorded.errors = list(warnings), list(command.errors)
    tell_what_is_left(session.host, command.tenant)
    return result


def _say_what_if(call: _Call) -> Any:
    """Run the body twice on trial: as it answers under WhatIf, then as it would go ahead."""
    from confid.engine.trial import trial  # noqa: PLC0415 - few calls are tried
    from confid.engine.what_if import say, tried  # noqa: PLC0415 - few calls are tried

    session, options, targets = call.session, call.options, list[str]()
    effects: list[Any] = []
    goes = attrs.evolve(
        options, writes=True, what_if=False, verbose=False, warning_action="Ignore", progress=None
    )

    def go_ahead() -> None:
        with session.unit(write=True) as unit:
            call.body(Invocation(call.info, session, unit, goes, {}), **call.bound)

    try:
        with trial(session) as on_trial:
            made = functools.partial(_Collecting, targets)
            with session.unit(write=False) as unit:
                command, warnings, result = _run_in_unit(call, unit, made)
            effects = tried(on_trial, targets, go_ahead)
    except ConfidError as error:
        error.cmdlet = error.cmdlet or call.info.name
        options.collect_errors(error.errors)
        raise
    finally:
        say(session, call.info.name, targets, effects)
    if warnings or command.errors or options.collects:
        options.tell(session.host, call.info.name, warnings, command.errors, known=session.warned)
    return result


def _record_and_run(call: _Call, recorder: Recorder) -> Any:
    """Run a call of a rehearsal. Its record is of what it was given once iterables are read."""
    quiet = attrs.evolve(call.options, progress=None, error_variable=None, warning_variable=None)

    def again(session: Session, bound: Mapping[str, Any]) -> Any:
        # A session with a recorder is a rehearsal too, and records the call itself.
        new = None if session.recorder else attrs.evolve(first, targets=[], warnings=[], errors=[])
        result = _confirm_and_run(
            attrs.evolve(call, session=session, bound=dict(bound), options=quiet, recorded=new)
        )
        if new is not None and len(set(new.targets)) > len(set(first.targets)):
            more = [target for target in dict.fromkeys(new.targets) if target not in first.targets]
            raise InvalidOperationError(
                f"{call.info.name} would touch more than in the rehearsal: {listed(more)}. "
                "Nothing was changed; rehearse again.",
                error_id="TenantChanged",
            )
        return result

    kept = {k: list(v) if isinstance(v, list) else v for k, v in call.bound.items()}
    first = call.recorded = RecordedCall(
        name=call.info.name,
        arguments=kept,
        again=again,
        writes=call.options.writes,
        actor=call.session.actor,
    )
    return recorder.run(call.recorded, functools.partial(_confirm_and_run, call))


def _record_refusal(
    info: CommandInfo, args: tuple[Any, ...], given: Mapping[str, Any], error: ConfidError
) -> None:
    """Have a rehearsal know of a call that could not be bound."""
    try:
        recorder = current_session(given.get("session")).recorder
    except ConfidError:
        return
    if recorder is not None:
        arguments = {**dict(zip(info.places, args, strict=False)), **given}
        arguments.pop("session", None)
        refused = RecordedCall(name=info.name, arguments=arguments, again=None, writes=False)
        recorder.refuse(refused, error)


def _run_in_unit(
    call: _Call, unit: UnitOfWork, made: Callable[..., Invocation] = Invocation
) -> tuple[Invocation, list[str], Any]:
    """What the body returns, and the warnings; a warning under Stop ends it."""
    info, bound, options = call.info, call.bound, call.options
    if call.recorded is not None and made is Invocation:
        made = functools.partial(_Recorded, call.recorded)
    command = made(info, call.session, unit, options, call.answers or {})
    result = call.body(command, **bound)
    warnings = unit.warnings
    if not info.accepted.isdisjoint(bound):
        warnings = [_without_effect(info, bound), *warnings]
    if unit.ledger.is_nearly_full:
        warnings = [*warnings, NEARLY_FULL]
    if warnings and options.warning_action == "Stop":
        options.collect_warnings(warnings)
        raise WarningStopError(warnings[0])
    return command, warnings, result


class _Recorded(Invocation):
    """An invocation that records the targets it goes ahead with."""

    def __init__(self, recorded: RecordedCall, *args: Any) -> None:
        super().__init__(*args)
        self._targets = recorded.targets
        self._targets.clear()  # of an attempt that failed

    def should_process(self, target: str) -> bool:
        goes = super().should_process(target)
        if goes:
            self._targets.append(target)
        return goes


def _targets(call: _Call) -> list[str]:
    """What the call would change: the body runs, and each ShouldProcess answers no."""
    targets: list[str] = []
    with call.session.unit(write=False) as unit:
        call.body(
            _Collecting(targets, call.info, call.session, unit, call.options, {}), **call.bound
        )
    return targets


class _Collecting(Invocation):
    """An invocation that goes ahead with nothing, and collects what it was to go ahead with."""

    def __init__(self, targets: list[str], *args: Any) -> None:
        super().__init__(*args)
        self._targets = targets

    def should_process(self, target: str) -> bool:
        self._targets.append(target)
        return False


def _without_effect(info: CommandInfo, bound: Mapping[str, object]) -> str:
    """The warning about the parameters given that are only accepted."""
    taken = [info.declared[name].name for name in bound if name in info.accepted]
    verb = "has" if len(taken) == 1 else "have"
    return LastingWarning(f"{info.name}: {', '.join(taken)} {verb} no effect here.")


def tell_what_is_left(host: Host, tenant: UnitOfWork) -> None:
    """Tell a host that reminds what is left to do by hand after a call."""
    pins, mails = tenant.changes.pins_drawn, tenant.outbox.queued
    if not (pins or mails):
        return
    write = getattr(host, "write_information", None)
    if write is None or not getattr(host, "reminds", True):
        return
    if pins:
        write(
            f"{pins} new PIN{'s' if pins > 1 else ''}: read leader_pin of what came back "
            "now, it is shown nowhere else."
        )
    if mails:
        write(
            f"{mails} mail{'s are' if mails > 1 else ' is'} pending: "
            "confid.mail.deliver(transport) sends what the outbox holds."
        )
