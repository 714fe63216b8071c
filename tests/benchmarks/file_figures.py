"""Figures of views and files: what a record costs, and how far from the bare library that is."""

from __future__ import annotations

import csv
import io
import json
from functools import partial
from typing import TYPE_CHECKING, Any

from confid.powershell import (
    format_list,
    format_table,
    from_clixml,
    to_clixml,
    to_csv,
    to_json,
)
from confid.roster import import_users
from confid.store import MemoryStore
from confid.store.batches import batched
from confid.tenant.directory import USERS
from confid.tenant.documents import USER

from .measure import Figure, in_turns, plain, ratio
from .tenants import opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .scale import Scale

Record = dict[str, Any]


def figures(scale: Scale, folder: Path) -> Iterator[Figure]:
    """CSV and JSON against the bare writers, each view and format a record, and reading."""
    records = _records(scale.few_users)
    texts = [{name: str(value) for name, value in record.items()} for record in records]
    ours, theirs = in_turns(scale.rounds, partial(to_csv, records), partial(_bare_csv, texts))
    yield ratio("CSV of records", ours, theirs, target=6, per=len(records))
    ours, theirs = in_turns(
        scale.rounds, partial(to_json, records), partial(json.dumps, texts, indent=2)
    )
    yield ratio("JSON of records", ours, theirs, target=4, per=len(records))
    clixml = to_clixml(records)
    for name, target, call in (
        ("a record in a table", 12, partial(format_table, records)),
        ("a record in a list", 15, partial(format_list, records)),
        ("a record as CSV", 4, partial(to_csv, records)),
        ("a record as JSON", 10, partial(to_json, records)),
        ("a record as CLIXML", 13, partial(to_clixml, records)),
        ("a record from CLIXML", None, partial(from_clixml, clixml)),
    ):
        (seconds,) = in_turns(scale.rounds, call)
        yield plain(name, seconds, target=target, per=len(records))
    yield _reading(scale, folder)


def _records(count: int) -> list[Record]:
    return [
        {
            "Identity": f"user{n}@contoso.com",
            "ConferenceId": 1_000_000 + n,
            "DisplayName": "Ken Myer",
            "Enabled": True,
            "BridgeName": "Conference Bridge",
        }
        for n in range(count)
    ]


def _bare_csv(texts: list[Record]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(texts[0])
    writer.writerows(text.values() for text in texts)
    return out.getvalue()


def _reading(scale: Scale, folder: Path) -> Figure:
    path = folder / "roster.csv"
    rows = [
        {
            "UserPrincipalName": f"user{n}@contoso.com",
            "DisplayName": "Ken Myer",
            "Licenses": "MCOEV",
        }
        for n in range(scale.users)
    ]
    path.write_text("\n".join(to_csv(rows)), encoding="utf-8")

    with opened(MemoryStore()) as session:
        documents = [(u.owner, USERS.body(u)) for u in import_users(path, session=session)]

    def bare() -> None:
        with path.open(encoding="utf-8", newline="") as file:
            list(csv.DictReader(file))
        with opened(MemoryStore()) as session, session.unit(write=True) as tenant:
            for some in batched(documents):
                tenant.transaction.put(USER.name, dict(some))

    def ours() -> None:
        with opened(MemoryStore()) as session:
            import_users(path, session=session)

    taken, floor = in_turns(scale.rounds, ours, bare)
    return ratio("importing a roster", taken, floor, target=3, per=scale.users)
