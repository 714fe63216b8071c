"""The schema of a PostgreSQL tenant: tables, the triggers that guard the ledger, indexes."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from confid.errors import DuplicateKeyError, StoreError
from confid.store.base import FIRST_ID, LAST_ID, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import psycopg

    from confid.store.postgres.place import Place

OLDEST_SERVER = 130000
"""PostgreSQL 13."""

SCHEMA_VERSION = 2

LONGEST_NAME = 63
"""Bytes of a name that PostgreSQL doesn't cut off."""

TABLES = """
CREATE TABLE {schema}.confid (version integer NOT NULL);

CREATE TABLE {schema}.documents (
    kind text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    body json NOT NULL,
    PRIMARY KEY (kind, key)
);

CREATE TABLE {schema}.ledger (
    conference_id integer NOT NULL,
    owner text COLLATE "C" NOT NULL,
    serial integer NOT NULL,
    origin text NOT NULL,
    issued_at timestamptz NOT NULL,
    issued_by text,
    retired_at timestamptz,
    retired_by text,
    CONSTRAINT ledger_pkey PRIMARY KEY (conference_id),
    CONSTRAINT ledger_serial UNIQUE (owner, serial)
);
CREATE UNIQUE INDEX ledger_living ON {schema}.ledger (owner) INCLUDE (conference_id)
    WHERE retired_at IS NULL;
"""
"""A body is `json`, which keeps a text as it is; `jsonb` would give 1e300 back as an integer."""

GUARDS = f"""
ALTER TABLE {{schema}}.ledger
    ADD CONSTRAINT ledger_range CHECK (conference_id BETWEEN {FIRST_ID} AND {LAST_ID}),
    ADD CONSTRAINT ledger_serial_check CHECK (serial > 0),
    ADD CONSTRAINT ledger_origin_check CHECK (origin IN ('issued', 'imported'));

CREATE FUNCTION {{schema}}.refuse() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation'; END$$;

CREATE TRIGGER ledger_keeps_rows BEFORE DELETE ON {{schema}}.ledger
FOR EACH ROW EXECUTE FUNCTION {{schema}}.refuse('the ledger never forgets');

CREATE TRIGGER ledger_stays BEFORE TRUNCATE ON {{schema}}.ledger
FOR EACH STATEMENT EXECUTE FUNCTION {{schema}}.refuse('the ledger never forgets');

CREATE TRIGGER ledger_keeps_facts BEFORE UPDATE ON {{schema}}.ledger
FOR EACH ROW WHEN (
    (OLD.conference_id, OLD.owner, OLD.serial, OLD.origin, OLD.issued_at, OLD.issued_by)
    IS DISTINCT FROM
    (NEW.conference_id, NEW.owner, NEW.serial, NEW.origin, NEW.issued_at, NEW.issued_by)
) EXECUTE FUNCTION {{schema}}.refuse('an entry of the ledger never changes');

CREATE TRIGGER ledger_retires_once BEFORE UPDATE ON {{schema}}.ledger
FOR EACH ROW WHEN (
    OLD.retired_at IS NOT NULL
    AND (OLD.retired_at, OLD.retired_by) IS DISTINCT FROM (NEW.retired_at, NEW.retired_by)
) EXECUTE FUNCTION {{schema}}.refuse('an ID is retired once');

ALTER TABLE {{schema}}.ledger
    ENABLE ALWAYS TRIGGER ledger_keeps_rows, ENABLE ALWAYS TRIGGER ledger_stays,
    ENABLE ALWAYS TRIGGER ledger_keeps_facts, ENABLE ALWAYS TRIGGER ledger_retires_once;
"""
"""They hold against a stranger's SQL, a replica's apply and a superuser's session too."""

DROP_STRANGERS = """
DO $$
DECLARE made_with_foreign_code regclass;
BEGIN
    FOR made_with_foreign_code IN
        SELECT DISTINCT objid FROM pg_depend JOIN pg_index ON objid = indexrelid
        WHERE classid = 'pg_class'::regclass AND indrelid = '{schema}.documents'::regclass
        AND refclassid IN ('pg_operator'::regclass, 'pg_proc'::regclass)
    LOOP
        EXECUTE format('DROP INDEX %s', made_with_foreign_code);
    END LOOP;
END$$;
"""
"""What depends on code of PostgreSQL's own has no entry in pg_depend."""

DROP_GUARDS = """
ALTER TABLE {schema}.ledger DROP CONSTRAINT ledger_range,
    DROP CONSTRAINT ledger_serial_check, DROP CONSTRAINT ledger_origin_check;
DROP FUNCTION {schema}.refuse() CASCADE;
"""

UPGRADES = {1: DROP_GUARDS + GUARDS + DROP_STRANGERS}
"""What turns a schema of that version into one of the next.

From 1: a role that may create in a schema of the search path could have had its
own operators put into indexes, constraints and triggers, so these are made anew.
"""


def check_server(connection: psycopg.Connection[Any], place: Place) -> str:
    """Refuse a server that can't keep a tenant; what `synchronous_commit` is to be there."""
    if connection.info.server_version < OLDEST_SERVER:
        raise StoreError(
            f"{place} is on PostgreSQL {connection.info.server_version // 10000}; confid needs "
            f"{OLDEST_SERVER // 10000} or newer."
        )
    ((encoding, durable),) = connection.execute(
        "SELECT current_setting('server_encoding'), current_setting('synchronous_commit')"
    ).fetchall()
    if encoding != "UTF8":
        raise StoreError(
            f"{place}: the database's encoding is {encoding}, which can't keep every name. Make "
            "one for confid: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0.",
            category="InvalidArgument",
        )
    # Never less than the disks of the server and its synchronous standbys.
    return "remote_apply" if durable == "remote_apply" else "on"


def read_version(connection: psycopg.Connection[Any], place: Place) -> int:
    """The schema's version, 0 where there is none; raises for one that is no tenant or newer."""
    tables = {
        name
        for (name,) in connection.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = %s AND c.relkind IN ('r', 'p', 'v', 'm', 'f')",
            [place.schema],
        )
    }
    if not tables:
        return 0
    if not tables >= {"confid", "documents", "ledger"}:
        raise StoreError(
            f"{place} holds other tables, so it is no confid tenant; name another schema.",
            category="InvalidData",
        )
    rows = connection.execute(f"SELECT version FROM {place.quoted}.confid").fetchall()  # noqa: S608 - a name that Place has checked
    version = int(rows[0][0]) if len(rows) == 1 else 0
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"{place} was made by a newer confid (schema {version}, this one knows "
            f"{SCHEMA_VERSION}); upgrade confid.",
            category="InvalidData",
        )
    if version < 1:
        raise StoreError(f"{place} is no sound confid tenant.", category="InvalidData")
    return version


def create_schema(connection: psycopg.Connection[Any], place: Place, version: int) -> None:
    """Make the tables and triggers, or bring older ones up to date, in the caller's transaction."""
    run = _runner(connection, place)
    if not version:
        there = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [place.schema])
        # An administrator may have made it for a role that can't make one.
        if there.fetchone() is None:
            run("CREATE SCHEMA {schema}")
        run(TABLES + GUARDS)
        run(f"INSERT INTO {{schema}}.confid VALUES ({SCHEMA_VERSION})")  # noqa: S608 - a number of our own
    for older in range(version or SCHEMA_VERSION, SCHEMA_VERSION):
        run(UPGRADES[older])
        run(f"UPDATE {{schema}}.confid SET version = {older + 1}")  # noqa: S608 - a number of our own


def _runner(connection: psycopg.Connection[Any], place: Place) -> Any:
    def run(statements: str) -> None:
        connection.execute(statements.replace("{schema}", place.quoted).encode(), prepare=False)

    return run


def index_names(kinds: Iterable[Kind]) -> Iterator[tuple[str, Kind, str]]:
    """The name of the index of every field of these kinds."""
    for kind in kinds:
        for field in kind.fields:
            # A dot, which no name holds: kind a_b with field c is not kind a with field b_c.
            name = f"documents.{kind.name}.{field}"
            if len(name) > LONGEST_NAME:
                name = f"documents.{blake2b(name.encode(), digest_size=16).hexdigest()}"
            yield name, kind, field


def missing_indexes(
    connection: psycopg.Connection[Any], place: Place, kinds: Sequence[Kind]
) -> list[tuple[str, Kind, str]]:
    """The indexes that fields of these kinds still need."""
    found = connection.execute(
        "SELECT indexname FROM pg_indexes WHERE schemaname = %s", [place.schema]
    )
    there = {name for (name,) in found}
    return [wanted for wanted in index_names(kinds) if wanted[0] not in there]


def create_indexes(
    connection: psycopg.Connection[Any], place: Place, kinds: Sequence[Kind]
) -> None:
    """Make the indexes that are missing; raises `DuplicateKeyError` for what is there twice."""
    run = _runner(connection, place)
    for name, kind, field in missing_indexes(connection, place, kinds):
        unique = "UNIQUE" if field in kind.unique else ""
        indexed = expression(kind.name, field)
        try:
            run(
                f'CREATE {unique} INDEX "{name}" ON {{schema}}.documents (({indexed})) '
                f"WHERE ({indexed}) IS NOT NULL"
            )
        except Exception as error:
            if getattr(error, "sqlstate", "") == "23505":
                raise DuplicateKeyError(kind.name, field) from error
            raise


def expression(kind: str, field: str) -> str:
    """What an index on the field is made of; a query finds it by the very same expression.

    The kind is inside it and stands in no condition beside it, so that a
    planner without statistics takes this index and no other.
    """
    return f"(CASE WHEN kind = '{kind}' THEN body #>> '{{index,{field}}}' END) COLLATE \"C\""
