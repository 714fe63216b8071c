"""What confid raises: one tree, each error built from facts.

    ConfidError
    ├── SeveralErrors
    ├── UserNotFoundError              also a LookupError
    ├── AmbiguousIdentityError         also a LookupError
    ├── NotFoundError                  also a LookupError
    ├── AlreadyExistsError             also a ValueError
    ├── InvalidOperationError          also a ValueError
    ├── LicenseError                   also a ValueError
    ├── NotEnabledError                also a ValueError
    ├── StaticConferenceIdError        also a ValueError
    ├── InvalidArgumentError           also a ValueError
    ├── RosterError                    also a ValueError
    ├── LineError                      also a ValueError
    ├── ConversionError                also a ValueError
    ├── ParameterBindingError          also a TypeError
    ├── NotConnectedError              also a RuntimeError
    ├── ConferenceIdsExhaustedError    also a RuntimeError
    ├── WitnessError                   also a RuntimeError
    ├── PinKeyError                    also a RuntimeError
    └── StoreError                     also a RuntimeError
        ├── SealedError
        ├── DuplicateKeyError
        ├── TransactionConflictError
        └── CommitOutcomeUnknownError

An error has the identity of a PowerShell error record (`category`,
`fully_qualified_error_id`, `target`) and is also the builtin error that a
Python caller expects. Its class builds the sentence from the facts. Nothing
secret is among them: a `Secret` shows nothing of itself. Errors that only one
module raises stand there: the host's, the transports', the attendant's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import UnionType

__all__ = [
    "AlreadyExistsError",
    "AmbiguousIdentityError",
    "CommitOutcomeUnknownError",
    "ConferenceIdsExhaustedError",
    "ConfidError",
    "ConversionError",
    "DuplicateKeyError",
    "InvalidArgumentError",
    "InvalidOperationError",
    "LicenseError",
    "LineError",
    "NotConnectedError",
    "NotEnabledError",
    "NotFoundError",
    "ParameterBindingError",
    "PinKeyError",
    "RosterError",
    "SealedError",
    "SeveralErrors",
    "StaticConferenceIdError",
    "StoreError",
    "TransactionConflictError",
    "UserNotFoundError",
    "WitnessError",
]


class ConfidError(Exception):
    """The root of everything that confid raises on purpose.

    `category` is PowerShell's ErrorCategory. `error_id` is the part of the
    FullyQualifiedErrorId before the comma, `cmdlet` the part behind it (set
    when the error leaves a cmdlet). `target` is what the error is about. When
    several items of one call failed, `also` holds the errors of the others.
    """

    category: str = "NotSpecified"
    error_id: str = "ConfidError"
    ends_the_call: ClassVar[bool] = False
    """Whether the call ends, whatever its `error_action`."""

    def __init__(
        self,
        message: str = "",
        *,
        target: object = None,
        error_id: str | None = None,
        category: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.target = target
        if error_id is not None:
            self.error_id = error_id
        if category is not None:
            self.category = category
        self.cmdlet: str | None = None
        self.also: tuple[ConfidError, ...] = ()

    @property
    def errors(self) -> tuple[ConfidError, ...]:
        """The errors of all items of the call that failed; this one is the first."""
        return (self, *self.also)

    @property
    def fully_qualified_error_id(self) -> str:
        """`ErrorId,Cmdlet-Name`, or the id alone outside a cmdlet."""
        return f"{self.error_id},{self.cmdlet}" if self.cmdlet else self.error_id

    def __str__(self) -> str:
        if not self.also:
            return self.message
        messages = [error.message for error in self.errors]
        return f"{len(messages)} items failed and nothing was changed:\n{_bullets(messages)}"

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.__dict__)


def _rebuild(cls: type[ConfidError], facts: dict[str, object]) -> ConfidError:
    error = cls.__new__(cls)
    error.__dict__.update(facts)
    error.args = (error.message,)
    return error


MOST_LINES = 100
"""How many lines of a list a message shows."""


def _bullets(lines: Sequence[str]) -> str:
    shown = "\n".join(f"  - {line}" for line in lines[:MOST_LINES])
    more = len(lines) - MOST_LINES
    return f"{shown}\n  - and {more} more" if more > 0 else shown


def shown(value: object, limit: int = 80) -> str:
    """A value as a message shows it: its repr, cut; Python refuses the repr of a huge integer."""
    try:
        return f"{value!r:.{limit}}"
    except ValueError:
        return f"a {type(value).__name__} of too many digits"


def demand(name: str, value: object, kind: type | tuple[type, ...] | UnionType, what: str) -> None:
    """Raise `InvalidArgumentError` when an argument isn't of that kind; `what` says it in words."""
    if not isinstance(value, kind):
        raise InvalidArgumentError(f"{name}={shown(value, 40)}: give {what}.", target=name)


def listed(names: Sequence[str], *, limit: int = 10) -> str:
    """The first of many names, and how many more there are."""
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more


class Secret:
    """A text that no repr, log, message or traceback with locals shows: they show `***`.

    Keep it in this form until the very call that needs the text, and write
    `reveal()` as that call's argument. A local variable would show it.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return "***"

    def reveal(self) -> str:
        """The text itself."""
        return self._text


class SeveralErrors(ConfidError):  # noqa: N818 - it is several
    """Items of one call failed, in different ways; `errors` holds an error for each.

    It has the category, the id and the target of the first one.
    """

    def __init__(self, errors: Sequence[ConfidError]) -> None:
        first = errors[0]
        super().__init__(first.message, target=first.target, error_id=first.error_id)
        self.category: str = first.category
        self.cmdlet: str | None = first.cmdlet
        self.also: tuple[ConfidError, ...] = tuple(errors[1:])
        self.first: ConfidError = first

    @property
    def errors(self) -> tuple[ConfidError, ...]:
        """The errors of the items that failed, in their order."""
        return (self.first, *self.also)


def raise_together(errors: Sequence[ConfidError]) -> None:
    """Raise what these errors are together, if there are any.

    Of one kind it is the first, with the others in its `also`; else `SeveralErrors`.
    """
    if len({type(error) for error in errors}) > 1:
        raise SeveralErrors(errors)
    for first in errors[:1]:
        first.also = tuple(errors[1:])
        raise first


class UserNotFoundError(ConfidError, LookupError):
    """No directory user has that identity."""

    category = "ObjectNotFound"
    error_id = "UserNotFound"

    def __init__(self, identity: str) -> None:
        super().__init__(
            f"No user has the identity {shown(identity)}. Give a user principal name, a SIP "
            "address, an object ID, an alias, domain\\logon, a distinguished name or an exact "
            "display name; get_cs_online_dial_in_conferencing_user() lists the enabled users.",
            target=identity,
        )
        self.identity = identity


class AmbiguousIdentityError(ConfidError, LookupError):
    """Several directory users have that identity; `candidates` are their UPNs."""

    category = "InvalidArgument"
    error_id = "AmbiguousIdentity"

    def __init__(self, identity: str, candidates: Sequence[str]) -> None:
        super().__init__(
            f"{shown(identity)} is the identity of {len(candidates)} users: {listed(candidates)}. "
            "Name the one you mean by its user principal name.",
            target=identity,
        )
        self.identity = identity
        self.candidates: tuple[str, ...] = tuple(candidates)


class NotFoundError(ConfidError, LookupError):
    """There is no such bridge, number, policy or meeting."""

    category = "ObjectNotFound"
    error_id = "ObjectNotFound"


class AlreadyExistsError(ConfidError, ValueError):
    """Something of that name is there already."""

    category = "ResourceExists"
    error_id = "AlreadyExists"


class InvalidOperationError(ConfidError, ValueError):
    """The present state forbids it: a policy that is in use can't be removed."""

    category = "InvalidOperation"
    error_id = "InvalidOperation"


class LicenseError(ConfidError, ValueError):
    """The user may not be enabled: no licence, or another provider's."""

    category = "PermissionDenied"
    error_id = "LicenseMissing"


class NotEnabledError(ConfidError, ValueError):
    """The user is not enabled for audio conferencing, so has no conference ID."""

    category = "InvalidOperation"
    error_id = "UserNotEnabled"

    def __init__(self, user: str) -> None:
        super().__init__(
            f"{user} is not enabled for audio conferencing. "
            "Enable-CsOnlineDialInConferencingUser enables a licensed user.",
            target=user,
        )


class StaticConferenceIdError(ConfidError, ValueError):
    """Somebody tried to choose a conference ID."""

    category = "InvalidArgument"
    error_id = "StaticConferenceId"

    def __init__(self, what: str = "conference_id", *, target: object = None) -> None:
        super().__init__(
            f"{what}: a conference ID can't be chosen, conference IDs are Dynamic Only. "
            "Use reset_conference_id=True for a new one, drawn by confid.",
            target=target,
        )


class InvalidArgumentError(ConfidError, ValueError):
    """A value of a wrong kind or out of its range."""

    category = "InvalidArgument"
    error_id = "InvalidArgument"


class RosterError(ConfidError, ValueError):
    """A file of people can't be imported, so none of it was.

    `problems` holds a sentence for each wrong row and column.
    """

    category = "InvalidData"
    error_id = "RosterInvalid"

    def __init__(self, source: str, problems: Sequence[str]) -> None:
        super().__init__(
            f"{source} was not imported, nothing was changed:\n{_bullets(problems)}",
            target=source,
        )
        self.problems: tuple[str, ...] = tuple(problems)


class ParameterBindingError(ConfidError, TypeError):
    """A call that PowerShell would not bind; `error_id` is PowerShell's own."""

    def __init__(
        self,
        message: str,
        *,
        error_id: str,
        parameter: str | None = None,
        category: str = "InvalidArgument",
    ) -> None:
        super().__init__(message, target=parameter, error_id=error_id, category=category)
        self.parameter = parameter


class LineError(ConfidError, ValueError):
    """A line can't be read, or holds more than one command with literal arguments.

    `position` is the place of the fault in `line`, counted from 0.
    """

    category = "ParserError"
    error_id = "NotOneCommand"

    def __init__(self, line: str, position: int, why: str, *, error_id: str | None = None) -> None:
        begin = max(0, position - 40)
        shown = "".join(c if c.isprintable() else " " for c in line[begin : position + 30])
        super().__init__(
            f"The line is wrong at position {position + 1}: {why}.\n"
            f"  {shown}\n  {' ' * (position - begin)}^",
            error_id=error_id,
        )
        self.line = line
        self.position = position


class ConversionError(ConfidError, ValueError):
    """A value that PowerShell's conversion rules refuse."""

    category = "InvalidData"
    error_id = "ParameterArgumentTransformationError"


class NotConnectedError(ConfidError, RuntimeError):
    """There is no session, a closed one, or several to choose from."""

    category = "ConnectionError"
    error_id = "NotConnected"
    ends_the_call = True


class ConferenceIdsExhaustedError(ConfidError, RuntimeError):
    """Every conference ID has been issued; none is left to draw."""

    category = "LimitsExceeded"
    error_id = "ConferenceIdsExhausted"
    ends_the_call = True

    def __init__(self, size: int) -> None:
        super().__init__(
            f"No conference ID is left: all {size:,} have been issued, and an ID is never issued "
            "twice. Another tenant, with a bridge of its own, has a space of its own."
        )


class WitnessError(ConfidError, RuntimeError):
    """The witness can't be asked, so nothing is issued."""

    category = "ResourceUnavailable"
    error_id = "WitnessUnavailable"
    ends_the_call = True


class PinKeyError(ConfidError, RuntimeError):
    """The key of the tenant's PINs that is kept outside its store is missing, or a wrong one."""

    category = "SecurityError"
    error_id = "PinKeyNeeded"
    ends_the_call = True


class StoreError(ConfidError, RuntimeError):
    """The store can't do its work; only committed changes are in it."""

    category = "ResourceUnavailable"
    error_id = "StoreUnavailable"
    ends_the_call = True


class SealedError(StoreError):
    """A sealed store: a backup, or one side of a move. It can be read, and nothing else."""

    category = "InvalidOperation"
    error_id = "StoreSealed"

    def __init__(self, why: str) -> None:
        super().__init__(f"The store is sealed, so it takes no change, call or delivery: {why}")


class DuplicateKeyError(StoreError):
    """A unique index field has that value already; the transaction is as it was before."""

    error_id = "DuplicateKey"

    def __init__(self, kind: str, field: str | None = None) -> None:
        what = f"{kind}.{field}" if field else kind
        super().__init__(f"A value of {what} is already taken.", category="ResourceExists")
        self.kind = kind
        self.field = field


class TransactionConflictError(StoreError):
    """The transaction conflicts with another one; nothing of it was kept, and it can be retried.

    confid retries a call by itself, a bounded number of times. Inside
    `session.transaction()` the caller retries the whole block.
    """

    category = "ResourceBusy"
    error_id = "TransactionConflict"


class CommitOutcomeUnknownError(StoreError):
    """The connection was lost during COMMIT: the changes may or may not be committed."""

    error_id = "CommitOutcomeUnknown"
