"""A ledger as text, and back: kept beside a backup, it knows what a restored one has forgotten.

One line of JSON says whose ledger it is, one is for each entry, the last one
is a digest of all before under a key that only the tenant has.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from confid.errors import InvalidArgumentError, NotFoundError
from confid.session import current_session
from confid.store.entering import as_row, from_row

if TYPE_CHECKING:
    from confid.session import Session
    from confid.setup import TenantFacts
    from confid.store.base import LedgerEntry

FORMAT = 1


class TextFile(Protocol):
    """An open text file."""

    def read(self) -> str:
        """All that is left of it."""


def export(*, session: Session | None = None) -> str:
    """The whole ledger as text, for `merge` to bring a restored one up to date.

    It holds IDs, owners' keys and who issued and retired what, no names of
    users. Write it to a file, in UTF-8, and keep it where the backups are.
    """
    with current_session(session).unit(write=False) as tenant:
        facts = tenant.facts
        head = {
            "confid_ledger": FORMAT,
            "tenant_id": str(facts.tenant_id),
            "exported_at": tenant.now.isoformat(),
        }
        lines = [_json(head)]
        lines += (_json(as_row(entry)) for entry in tenant.transaction.entries())
    lines.append(_json({"digest": _digest(lines, facts)}))
    return "".join(f"{line}\n" for line in lines)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))


def _digest(lines: list[str], facts: TenantFacts) -> str:
    # The key of the PINs serves, under another name: nothing signed here is a PIN's digest.
    digest = hashlib.blake2b(key=facts.pin_key, person=b"confid ledger", digest_size=32)
    for line in lines:
        digest.update(line.encode("ascii", "backslashreplace") + b"\n")
    return digest.hexdigest()


def read_export(source: str | os.PathLike[str] | TextFile, facts: TenantFacts) -> list[LedgerEntry]:
    """The entries of an export of this tenant, from its text, a path or an open file.

    Raises `InvalidArgumentError` for what is none, for another tenant's, and
    for one that is not as it was exported.
    """
    lines = _text(source).splitlines()
    try:
        head, last = json.loads(lines[0]), json.loads(lines[-1])
        version, tenant_id, digest = head["confid_ledger"], head["tenant_id"], last["digest"]
    except (IndexError, KeyError, TypeError, ValueError):
        raise _refused("is no whole export of a ledger. confid.ledger.export() makes one") from None
    if tenant_id != str(facts.tenant_id):
        raise _refused("is of another tenant, whose IDs are no affair of this one")
    if version != FORMAT:
        raise _refused("was made by a newer confid. Upgrade confid to merge it")
    if not hmac.compare_digest(str(digest).encode(), _digest(lines[:-1], facts).encode()):
        raise _refused("has been changed since it was made. Take the file as it was exported")
    return [from_row(json.loads(line)) for line in lines[1:-1]]


def _refused(why: str) -> InvalidArgumentError:
    return InvalidArgumentError(f"The export {why}. Nothing was merged.", category="InvalidData")


def _text(source: str | os.PathLike[str] | TextFile) -> str:
    if isinstance(source, str) and ("\n" in source or source.lstrip().startswith("{")):
        return source
    if not isinstance(source, (str, os.PathLike)):
        return source.read()
    try:
        return Path(source).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise NotFoundError(f"There is no file {source}. Nothing was merged.") from None
    except (OSError, ValueError) as error:
        raise _refused(f"in {source} can't be read: {error}") from error
