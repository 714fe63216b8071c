"""Identities in every documented form, and the users of the directory that they name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, Any

from confid.errors import (
    AmbiguousIdentityError,
    ConfidError,
    InvalidArgumentError,
    UserNotFoundError,
    shown,
)
from confid.store.base import Find, Transaction
from confid.tenant.documents import USER, DocumentType
from confid.tenant.records import (
    ConferencingUser,
    DirectoryUser,
    LedgerRecord,
    MeetingMigrationStatus,
    Record,
    UserInfo,
    UserState,
)
from confid.tenant.text import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_OBJECT_ID = re.compile(
    r"\{?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\}?", re.IGNORECASE
)
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_DISTINGUISHED_NAME = re.compile(r"[a-z][a-z0-9-]*=")


Form = tuple[str, str]
"""One way to name a person: an index field and the value to find in it."""


def forms(identity: str) -> list[Form]:
    """The unique forms that a text can have; a display name is not unique."""
    text = fold(identity.strip())
    mailed = "@" in text
    if not mailed and (found := _OBJECT_ID.fullmatch(text)):
        return [("object_id", found[1])]
    if text.startswith("sip:"):
        return [("sip", text[4:]), ("upn", text[4:])]
    # Before the logon: a distinguished name escapes a comma with a backslash.
    named = "=" in text and _DISTINGUISHED_NAME.match(text)
    if "\\" in text and not named:
        return [("logon", text)]
    addresses = [("upn", text), ("sip", text)] if mailed else []
    if named:
        return [("dn", text), *addresses]
    # Get-CsOnlineUser takes an asterisk for a wildcard.
    return addresses or ([("alias", text)] if text and "*" not in text else [])


def can_be_upn(text: str) -> bool:
    """Whether a user with this user principal name can be found by it."""
    fields = [field for field, _ in forms(text)]
    return "upn" in fields and fields[0] != "sip"


def index_of(user: DirectoryUser) -> dict[str, str | None]:
    """The index values of a user's document, folded.

    Most SIP addresses equal the user principal name. Such an address is not
    indexed again, because each user would then be read twice.
    """
    upn, sip, logon = fold(user.user_principal_name), _sip(user), None
    if user.on_premises_sam_account_name and user.on_premises_domain_name:
        logon = fold(f"{user.on_premises_domain_name}\\{user.on_premises_sam_account_name}")
    return {
        "sip": sip if sip != upn else None,
        "logon": logon,
        "dn": fold(user.distinguished_name) if user.distinguished_name else None,
        "alias": fold(user.alias) if user.alias else None,
        "display_name": fold(user.display_name.strip()) or None,
        "object_id": fold(user.identity),
        "upn": upn,
    }


def _sip(user: DirectoryUser) -> str | None:
    return fold(user.sip_address).removeprefix("sip:") if user.sip_address else None


USERS = DocumentType(kind=USER, record=DirectoryUser, key=lambda user: user.owner, index=index_of)


def resolve(
    transaction: Transaction, identities: Sequence[str]
) -> list[DirectoryUser | ConfidError]:
    """For each identity the user that it names, or the error.

    A display name counts only when no unique form matches. Several matches
    are an `AmbiguousIdentityError` that lists them.
    """
    named_by = {text: forms(text) for text in identities}
    found = _find(transaction, chain.from_iterable(named_by.values()))
    named = {text: _merge(found, each) for text, each in named_by.items()}
    missing = {
        text: ("display_name", fold(text.strip()))
        for text, users in named.items()
        if not users and text.strip()
    }
    if missing:
        found = _find(transaction, missing.values())
        named |= {text: _merge(found, [form]) for text, form in missing.items()}
    return [_one(text, named[text]) for text in identities]


def foresee(transaction: Transaction, identity: object) -> None:
    """Say that the one of an identity will be looked for; it may be of many, or name nobody."""
    verb = getattr(type(transaction), "foresee", None)  # a wrapper may have it from what it wraps
    if verb is Transaction.foresee or not isinstance(identity, (str, Record)):
        return  # most stores do nothing with it, and to say it takes time
    with suppress(InvalidArgumentError):
        named = forms(identity_text(identity))
        transaction.foresee(*(Find(USER.name, field, [value]) for field, value in named))


def _find(transaction: Transaction, wanted: Iterable[Form]) -> dict[Form, list[DirectoryUser]]:
    by_field: dict[str, dict[str, None]] = {}
    for field, value in wanted:
        by_field.setdefault(field, {})[value] = None
    questions = [Find(USER.name, field, list(values)) for field, values in by_field.items()]
    found: dict[Form, list[DirectoryUser]] = {}
    for (_, field, _), bodies in zip(questions, transaction.read(*questions), strict=True):
        for body in bodies.values():
            found.setdefault((field, body["index"][field]), []).append(USERS.read(body))
    return found


def _merge(found: dict[Form, list[DirectoryUser]], named_by: Sequence[Form]) -> list[DirectoryUser]:
    users: list[DirectoryUser] = []
    for form in named_by:
        users += found.get(form, ())
    if named_by and named_by[0][0] == "sip":
        # A user found by their UPN must have that SIP address too.
        users = [user for user in users if _sip(user) == named_by[0][1]]
    return list({user.owner: user for user in users}.values()) if len(users) > 1 else users


def _one(identity: str, users: Sequence[DirectoryUser]) -> DirectoryUser | ConfidError:
    if len(users) == 1:
        return users[0]
    if not users:
        return UserNotFoundError(identity)
    return AmbiguousIdentityError(identity, sorted(user.user_principal_name for user in users))


def identity_text(identity: Any) -> str:
    """The text that names a person: the text itself, or a record's object ID.

    Raises `InvalidArgumentError` for everything else, with a hint for the
    likely mistakes: a mapping, a DataFrame.
    """
    if isinstance(identity, str):
        if not identity.strip():
            raise InvalidArgumentError("An identity can't be empty.", target=identity)
        if "\0" in identity:
            raise InvalidArgumentError("An identity can't hold a NUL character.", target=identity)
        if not identity.isascii() and _LONE_SURROGATE.search(identity):
            raise InvalidArgumentError(
                f"{shown(identity, 60)} can't be an identity: it holds a half character.",
                target=identity,
            )
        return identity
    if isinstance(identity, (DirectoryUser, ConferencingUser, UserInfo, UserState)):
        return identity.identity
    if isinstance(identity, MeetingMigrationStatus):
        return identity.user_id
    if isinstance(identity, LedgerRecord) and identity.identity:
        return identity.identity
    kind = type(identity).__name__
    raise InvalidArgumentError(
        f"A value of type {kind} is no identity. Give a text (user principal name, SIP address, "
        "object ID, alias, …), a record that a cmdlet returned, or an iterable of these"
        + _hint(identity)
        + ".",
        target=kind,
    )


def _hint(identity: object) -> str:
    if hasattr(identity, "columns"):
        return ': frame["UserPrincipalName"] for a DataFrame'
    if isinstance(identity, Mapping):
        return ': row["UserPrincipalName"] for a mapping'
    return ""


def read_all(identities: Any) -> list[Any]:
    """The identities of an iterable; of an open text file its lines that aren't blank."""
    if not hasattr(identities, "readline"):
        return list(identities)
    lines = [x.removeprefix("\ufeff").strip() if isinstance(x, str) else x for x in identities]
    return [line for line in lines if line]


def is_one(identity: object) -> bool:
    """Whether this is one identity, not an iterable of identities."""
    return (
        isinstance(identity, (str, bytes, Record, Mapping))
        or hasattr(identity, "columns")
        or not hasattr(identity, "__iter__")
    )
