"""What confid raises: one tree, each error built from facts.

An error carries PowerShell's identity of an error record (`category`,
`fully_qualified_error_id`, `target`) and is also the builtin that a Python
caller would expect. A sentence is built from the facts in one place, the
class; nothing secret is ever among them: a `Secret` shows nothing of itself.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence


class ConfidError(Exception):
    """The root of everything that confid raises on purpose.

    `category` is PowerShell's ErrorCategory, `error_id` the part of the
    FullyQualifiedErrorId before the comma, `cmdlet` the part behind it (set
    where the error leaves a cmdlet), `target` what the error is about.
    `also` holds the errors of the other items when several items of one call
    failed and nothing was done.
    """

    category: str = "NotSpecified"
    error_id: str = "ConfidError"
    ends_the_call: ClassVar[bool] = False
    """True where no `error_action` can carry on with the next item."""

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
    def fully_qualified_error_id(self) -> str:
        """`ErrorId,Cmdlet-Name`, or the id alone outside a cmdlet."""
        return f"{self.error_id},{self.cmdlet}" if self.cmdlet else self.error_id

    def __str__(self) -> str:
        if not self.also:
            return self.message
        lines = [e.message for e in (self, *self.also)]
        return f"{len(lines)} items failed and nothing was changed:\n" + "\n".join(
            f"  - {line}" for line in lines
        )

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.__dict__)


def _rebuild(cls: type[ConfidError], facts: dict[str, object]) -> ConfidError:
    error = cls.__new__(cls)
    error.__dict__.update(facts)
    error.args = (error.message,)
    return error


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

    PIECE = 6
    """The fewest characters in a row that `mask` takes for a part of the secret."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return "***"

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def mask(self, text: str) -> str:
        """Another text with `***` for each part of this one, in any casing."""
        size = min(self.PIECE, len(self._text))
        pieces = set(_runs(self._text, size))
        found = [at for at, run in enumerate(_runs(text, size)) if run in pieces]
        hidden = {at + step for at in found for step in range(size)}
        return "".join(
            "***" if secret else "".join(text[at] for at in run)
            for secret, run in groupby(range(len(text)), key=hidden.__contains__)
        )


def _runs(text: str, size: int) -> list[tuple[str, ...]]:
    folded = [character.casefold() for character in text]
    return [tuple(folded[at : at + size]) for at in range(len(folded) - size + 1)]


class UserNotFoundError(ConfidError, LookupError):
    """No directory user has that identity."""

    category = "ObjectNotFound"
    error_id = "UserNotFound"

    def __init__(self, identity: str) -> None:
        super().__init__(
            f"No user has the identity {identity!r}. Give a user principal name, a SIP "
            "address, an object ID, domain\\logon, a distinguished name or an exact display "
            "name; get_cs_online_dial_in_conferencing_user() lists who is enabled.",
            target=identity,
        )
        self.identity = identity


class AmbiguousIdentityError(ConfidError, LookupError):
    """Several directory users have that identity; `candidates` are their UPNs."""

    category = "InvalidArgument"
    error_id = "AmbiguousIdentity"

    def __init__(self, identity: str, candidates: Sequence[str]) -> None:
        super().__init__(
            f"{identity!r} is the identity of {len(candidates)} users: {listed(candidates)}. "
            "Name the one you mean by its user principal name.",
            target=identity,
        )
        self.identity = identity
        self.candidates = tuple(candidates)


class NotFoundError(ConfidError, LookupError):
    """A bridge, number, policy or meeting that isn't there."""

    category = "ObjectNotFound"
    error_id = "ObjectNotFound"


class AlreadyExistsError(ConfidError, ValueError):
    """Something of that name is there already."""

    category = "ResourceExists"
    error_id = "AlreadyExists"


class InvalidOperationError(ConfidError, ValueError):
    """It can't be done as things stand, as removing a policy that is in use."""

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
    """A value that is of the right type and still can't be taken."""

    category = "InvalidArgument"
    error_id = "InvalidArgument"


class RosterError(ConfidError, ValueError):
    """A file of people that can't be taken over; nothing of it was.

    `problems` holds a sentence for each row and column at fault.
    """

    category = "InvalidData"
    error_id = "RosterInvalid"

    def __init__(self, source: str, problems: Sequence[str]) -> None:
        shown = "\n".join(f"  - {problem}" for problem in problems[:100])
        more = f"\n  - and {len(problems) - 100} more" if len(problems) > 100 else ""  # noqa: PLR2004 - as above
        super().__init__(
            f"{source} was not imported, nothing was changed:\n{shown}{more}", target=source
        )
        self.problems = tuple(problems)


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
    """A line that can't be read, or holds more than one command with literal arguments.

    `position` is where in `line`, counted from 0.
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


class StoreError(ConfidError, RuntimeError):
    """The store can't do its work; what was not committed is not there."""

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
    """Another transaction was in the way; nothing of this one was kept, and it can be tried again.

    A call of its own is tried again by confid, a bounded number of times;
    inside `session.transaction()` that is the caller's to do, with the whole block.
    """

    category = "ResourceBusy"
    error_id = "TransactionConflict"


class CommitOutcomeUnknownError(StoreError):
    """The connection was lost while COMMIT was under way; it may or may not have happened."""

    error_id = "CommitOutcomeUnknown"
