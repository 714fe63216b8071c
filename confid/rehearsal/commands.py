"""A call of a rehearsal as a command of the MicrosoftTeams module, or why it can't be one."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final

import attrs

from confid.engine.binder import registry
from confid.errors import ConfidError, listed
from confid.rehearsal.calls import is_about_settings, literal, names_people, texts
from confid.store.base import TENANT
from confid.tenant.documents import AUDIO_POLICY, BRIDGE, SERVICE_NUMBER, SETTINGS_KEY
from confid.tenant.policies import TAG
from confid.tenant.properties import PERSON
from confid.tenant.records import ServiceNumber
from confid.tenant.text import fold

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from confid.engine.binder import CommandInfo
    from confid.rehearsal.calls import RehearsedCall
    from confid.rehearsal.outcome import Outcome
    from confid.tenant.properties import Subject

ERAS: Final = ("2019", "2026")
_ENABLE: Final = "enable-csonlinedialinconferencinguser"

_NO_CMDLET: Final = {
    "Enable-CsOnlineDialInConferencingUser": "a licence for audio conferencing enables a user. "
    "Assign one to each of these.",
    "Disable-CsOnlineDialInConferencingUser": "a user is disabled by taking the licence for audio "
    "conferencing away. Take it from each of these.",
    "Set-CsOnlineDialInConferencingUserDefaultNumber": "give the number to each user with "
    "Set-CsOnlineDialInConferencingUser -ServiceNumber.",
}
_NO_PARAMETER: Final = {
    "ResetConferenceId": "today's service gives each meeting an ID of its own and resets none. A "
    "meeting that is scheduled anew gets another one. An organizer needs a licence for it.",
}
_NO_WORD: Final = {
    "confid.import_users": "Make the people in Microsoft Entra, and assign their licences.",
    "confid.import_tenant": "Make the people in Microsoft Entra, and assign their licences.",
    "confid.remove_users": "Delete the people in Microsoft Entra.",
    "confid.add_bridge": "The service makes its bridges itself.",
    "confid.meetings.schedule": "The organizer schedules it in Outlook or Teams.",
    "confid.meetings.reschedule": "The organizer reschedules it in Outlook or Teams.",
    "confid.meetings.run_migrations": "The service runs the migrations itself.",
}
_NUMBER: Final = re.compile(r"(?<!\d)[1-9]\d{6}(?!\d)|\b[1-9]\d\d \d{3} \d(?=#)")
_OWN_MAILS: Final = "The service sends its mails itself."

_NOT_SET: Final = ("Identity", "TenantId", "Number", "ServiceNumbers")
"""What a script leaves as it is in an instance."""

OF_A_USER: Final = (
    *("AllowPstnOnlyMeetings", "AllowTollFreeDialIn", "BridgeName", "ServiceNumber"),
    "TollFreeServiceNumber",
)
"""The properties of a conferencing user that a guard can look at: no ID and no PIN."""


@attrs.frozen(kw_only=True)
class Look:
    """How a script looks at an object before it changes it, and what the rehearsal saw there.

    `of` is the same for the same object, whatever name a call gave it.
    """

    of: tuple[str, str]
    cmdlet: str
    by: str = "Identity"
    seen: Mapping[str, object] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Target:
    """What a command is called for, by the name that the call gave it."""

    name: str
    look: Look | None = None


@attrs.frozen(kw_only=True)
class Command:
    """A command that a script runs for each of its targets.

    `arguments` are in PowerShell's text. Where they are for many, `Identity` is not among them.
    `before` are lines that make the instance which the command takes. `failures` is what failed of
    the call, `remarks` what of it the script can't say.
    """

    call: RehearsedCall
    targets: tuple[Target, ...]
    many: bool
    arguments: tuple[str, ...]
    before: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()

    @property
    def look(self) -> Look | None:
        """How its targets are looked at; None where there is nothing to look at."""
        return next((target.look for target in self.targets if target.look), None)


@attrs.frozen(kw_only=True)
class Remark:
    """A call that a script can't make: why, and what to do instead."""

    call: RehearsedCall
    why: str
    names: tuple[str, ...] = ()


def as_command(call: RehearsedCall, outcome: Outcome, era: str) -> Command | Remark | None:
    """A call in a script of that era; None for one that changes nothing."""
    if not call.writes or call.parameters.get("InMemory"):
        return None
    if call.undone:
        return Remark(call=call, why="It was rolled back in the rehearsal.")
    if call.failed or (call.errors and not call.touched):
        return Remark(call=call, why=f"It failed in the rehearsal: {_said(call.error)}")
    info = call.info
    if info is None:
        own = _OWN_MAILS if ".mail." in call.name else _NO_WORD.get(call.name, "")
        return Remark(call=call, why=f"No cmdlet does that. {own}".rstrip())
    names = _names(call)
    if era not in info.eras:
        why = _NO_CMDLET.get(call.name, "make the change by hand, in the admin center.")
        return Remark(call=call, why=f"The module of {era} has no {call.name}: {why}", names=names)
    return _command(call, info, outcome, era)


def _command(
    call: RehearsedCall, info: CommandInfo, outcome: Outcome, era: str
) -> Command | Remark:
    eras = {p.name: p.eras for p in info.parameters}
    types = {p.name: p.type for p in info.parameters}
    remarks = [
        f"-{name} is not in the module of {era}: " + _NO_PARAMETER.get(name, "it is left out here.")
        for name in call.parameters
        if era not in eras[name]
    ]
    if call.beside.get("notify") is not None:
        remarks.append(
            f"notify={call.beside['notify']}: no parameter says that. The service sends mails as "
            "the tenant's settings say."
        )
    if drawn := [t for t in texts([*call.parameters.values()]) if t in outcome.drawn]:
        remarks.append(f"Drawn in the rehearsal, and another one in reality: {listed(drawn)}")
    given = {name: value for name, value in call.parameters.items() if era in eras[name]}
    many = isinstance(given.get("Identity"), list) and names_people(info)
    names = _names(call)
    if unwritable := [name for name in names if not _is_writable(name)]:
        names = tuple(name for name in names if _is_writable(name))
        remarks.append(f"Left out, as they can't be written here: {listed(unwritable)}")
    if not given.keys() - {"Identity"} and call.parameters.keys() - {"Identity"}:
        return Remark(call=call, why=" ".join(remarks), names=names)
    failed = "; ".join(map(_said, call.errors[:3]))
    failures = [f"{len(call.errors)} failed in the rehearsal: {failed}"] if failed else []
    before: tuple[str, ...] = ()
    arguments = []
    for name, value in given.items():
        if name == "Identity" and many:
            continue
        try:
            if name == "Instance":
                before = _instance(call, info, outcome)
                arguments.append("-Instance $instance")
            else:
                arguments.append(argument(name, types[name], value))
        except (ConfidError, UnicodeError) as error:
            return Remark(call=call, why=f"-{name} can't be written here: {error}", names=names)
    return Command(
        call=call,
        targets=tuple(Target(name=n, look=_look(call, info, n, outcome, era)) for n in names),
        many=many,
        arguments=tuple(arguments),
        before=before,
        remarks=tuple(remarks),
        failures=tuple(failures),
    )


def argument(name: str, kind: str, value: object) -> str:
    """A parameter with its value. Raises `ConfidError` or `UnicodeError` where it has no form."""
    if kind == "SwitchParameter":
        return f"-{name}" if value else f"-{name}:$false"
    return f"-{name} {literal(value)}"


def _is_writable(name: str) -> bool:
    try:
        return bool(literal(name))
    except (ConfidError, UnicodeError):
        return False


def _said(error: ConfidError | None) -> str:
    """What an error says, without the conference IDs that it may name."""
    return _NUMBER.sub("(a conference ID)", str(error))


def _names(call: RehearsedCall) -> tuple[str, ...]:
    """What a call is for: people, or a thing."""
    parameters = call.parameters
    given = parameters.get("Identity")
    if given is None:
        instance = parameters.get("Instance")
        named = [parameters.get(name) for name in ("Name", "Group", "BridgeName", "BridgeId")]
        identity = getattr(instance, "number", None) or getattr(instance, "identity", None)
        given = identity or next((n for n in named if n is not None), "Global")
    return tuple(map(str, given)) if isinstance(given, list) else (str(given),)


def _instance(call: RehearsedCall, info: CommandInfo, outcome: Outcome) -> tuple[str, ...]:
    """Lines that get an object and give it the properties of a record.

    They are those that differ from what the rehearsal saw; where an earlier call is for the same
    object, all.
    """
    value: Any = call.parameters["Instance"]
    noun = info.name.partition("-")[2]
    identity = value.number if isinstance(value, ServiceNumber) else str(value.identity)
    subject = _subject(info, identity, outcome)
    seen = _seen(subject, outcome)
    may_differ = _is_changed_before(call, subject, outcome)
    lines = [f"$instance = Get-{noun} -Identity {literal(identity)} -ErrorAction Stop"]
    if not seen and info.name.startswith("Set-CsTeams"):
        name = literal(identity.removeprefix(TAG))
        lines = [f"$instance = New-{noun} -Identity {name} -InMemory -ErrorAction Stop"]
    for name, now in value.__powershell__().items():
        was = seen.get(name)
        if isinstance(now, ServiceNumber):
            if now.number != was or may_differ:
                getter = "Get-CsOnlineDialInConferencingServiceNumber"
                lines.append(f"$instance.{name} = {getter} -Identity {literal(now.number)}")
        elif name not in _NOT_SET and (
            now != was or (may_differ and (name.lower() in info.by_name or name == "IsDefault"))
        ):
            lines.append(f"$instance.{name} = {literal(now)}")
    return tuple(lines)


def _is_changed_before(call: RehearsedCall, subject: Subject | None, outcome: Outcome) -> bool:
    """Whether a call before this one is for the same object."""
    earlier = takewhile(lambda other: other is not call, outcome.calls)
    return any(
        subject in {_subject(other.info, name, outcome) for name in _names(other)}
        for other in earlier
        if other.writes and other.info
    )


_LOOKED_AT: Final = {
    BRIDGE.name: ("Name", "IsDefault", "DefaultServiceNumber"),
    SERVICE_NUMBER.name: ("BridgeId", "PrimaryLanguage", "SecondaryLanguages"),
    AUDIO_POLICY.name: ("AllowTollFreeDialin", "MeetingInvitePhoneNumbers"),
}


def _look(
    call: RehearsedCall, info: CommandInfo, name: str, outcome: Outcome, era: str
) -> Look | None:
    """How to look at a target; None for one that there is nothing to look at of."""
    if info.name.startswith("New-") or {"Group", "Global"} & call.parameters.keys():
        return None
    if (subject := _subject(info, name, outcome)) is None:
        return None
    if subject[0] == PERSON:
        return _look_at_person(info, subject, outcome, era)
    noun, by = info.name.partition("-")[2], "Identity"
    seen = _seen(subject, outcome)
    names: Sequence[str] = _LOOKED_AT.get(subject[0], ())
    if subject[0] == BRIDGE.name:
        noun = "CsOnlineDialInConferencingBridge"
        by = "Name" if {"Name", "BridgeName"} & call.parameters.keys() else by
    elif subject[0] == TENANT.name:
        by = ""
        calls = [c for c in outcome.calls if is_about_settings(c.name) and c.writes]
        given = set(outcome.changed.get(subject, ())).union(*(c.parameters for c in calls))
        names = [n for n in seen if n in given - {"Identity"}]
    return Look(of=subject, cmdlet=f"Get-{noun}", by=by, seen={n: seen.get(n) for n in names})


def _look_at_person(info: CommandInfo, subject: Subject, outcome: Outcome, era: str) -> Look | None:
    seen = _seen(subject, outcome)
    if info.name.startswith("Grant-"):
        policy = "TeamsAudioConferencingPolicy" if "Audio" in info.name else "OnlineDialOutPolicy"
        of = (policy, subject[1])
        return Look(of=of, cmdlet="Get-CsOnlineUser", seen={policy: seen.get(policy)})
    is_enabled_first = "BridgeName" in outcome.promised[subject].properties.keys() - seen.keys()
    if is_enabled_first and era not in registry[_ENABLE].eras:
        return None  # The licence that enables them sets all of it.
    changed, given = outcome.changed.get(subject, {}), outcome.given.get(subject[1], set())
    looked = [name for name in OF_A_USER if name in changed or fold(name) in given]
    return Look(
        of=subject,
        cmdlet="Get-CsOnlineDialInConferencingUser",
        seen={name: seen.get(name) for name in looked or ("BridgeName", "ServiceNumber")},
    )


def _subject(info: CommandInfo, name: str, outcome: Outcome) -> Subject | None:
    """What a name means in a call of that cmdlet."""
    if names_people(info) and "DefaultNumber" not in info.name:
        user = outcome.people.get(name)
        return (PERSON, user.owner) if user else None
    if is_about_settings(info.name):
        return (TENANT.name, SETTINGS_KEY)
    if info.name.endswith("ServiceNumber"):
        return (SERVICE_NUMBER.name, "".join(filter(str.isdigit, name)))
    if "Policy" in info.name:
        return (AUDIO_POLICY.name, fold(name.strip()).removeprefix(fold(TAG)))
    for subject, shown in outcome.seen.items():
        if subject[0] == BRIDGE.name and fold(name) in (subject[1], fold(shown.name)):
            return subject
    return None


def _seen(subject: Subject | None, outcome: Outcome) -> dict[str, Any]:
    return outcome.seen[subject].properties if subject in outcome.seen else {}
