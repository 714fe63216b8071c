"""A role that may create in `public` can't have confid run its code, whatever the search path."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import sql as words

import confid
from confid.store import FIRST_ID, PostgresStore
from confid.store.postgres.pool import Pool
from confid.store.postgres.schema import GUARDS, SCHEMA_VERSION
from confid.testing.contract.common import KINDS, change, contents, fill, thing
from tests.servers import CuttingProxy, running, sql, with_schema
from tests.tenants import get, outbox, set_user, tenant, upn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# ruff: noqa: S608 - every name in a statement is one of the tests

OLD = Path(__file__).parents[1] / "data" / "stores" / "postgres-schema-1.sql"

TRAP = "LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RAISE division_by_zero; END$$"

FUNCTIONS = """
SELECT format('CREATE FUNCTION public.%I(%s) RETURNS %s', proname, arguments, result)
FROM pg_proc, pg_get_function_arguments(oid) AS arguments, pg_get_function_result(oid) AS result
WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind IN ('f', 'a')
AND proname IN ('unnest', 'max', 'count', 'current_setting', 'format', 'now',
    'pg_advisory_xact_lock', 'pg_advisory_xact_lock_shared')
AND arguments !~ '"any"'
UNION ALL
SELECT format('CREATE FUNCTION public.unnest(%s) RETURNS SETOF text', type)
FROM (VALUES ('text[]'), ('int4[]'), ('int8[]')) AS better (type)
"""

OPERATORS = """
SELECT oprname, oprleft::regtype::text, oprright::regtype::text, oprresult::regtype::text
FROM pg_operator WHERE oprname IN ('=', '<>', '<', '<=', '>', '>=', '#>>', '||')
AND oprleft IN ('text'::regtype, 'int4'::regtype, 'int8'::regtype, 'json'::regtype,
    'timestamptz'::regtype, 'name'::regtype, '"char"'::regtype, 'oid'::regtype, 'bool'::regtype)
AND oprright <> 'anynonarray'::regtype
UNION ALL
SELECT '#>>', 'json', 'text', 'text'
"""
"""PostgreSQL hasn't the last one: for a literal path it is the better match."""


def set_traps(dsn: str) -> None:
    """Make functions and operators in `public` like PostgreSQL's own, and better matches."""
    with psycopg.connect(dsn) as connection:
        for (function,) in connection.execute(FUNCTIONS).fetchall():
            connection.execute(f"{function} {TRAP}".encode())
        for n, (name, left, right, result) in enumerate(connection.execute(OPERATORS).fetchall()):
            connection.execute(
                f"CREATE FUNCTION public.trap_{n}({left}, {right}) RETURNS {result} {TRAP}; "
                f"CREATE OPERATOR public.{name} "
                f"(LEFTARG = {left}, RIGHTARG = {right}, FUNCTION = public.trap_{n})".encode()
            )


@pytest.fixture(scope="module")
def trapped() -> Iterator[str]:
    """The URL of a server on which another role has set its traps."""
    with running() as server:
        sql(server.dsn, "CREATE ROLE mallory LOGIN", "GRANT CREATE ON SCHEMA public TO mallory")
        set_traps(server.dsn.replace("//postgres@", "//mallory@"))
        yield server.dsn


PATHS = {"as it is": "", "public first": "-c%20search_path%3Dpublic,pg_catalog"}
"""The search path of a session: PostgreSQL's default, and the worst that can be said."""


@pytest.fixture(params=PATHS.values(), ids=list(PATHS))
def url(request: pytest.FixtureRequest, trapped: str) -> str:
    """Where a tenant may be made."""
    name = f"t{abs(hash(request.node.name)) % 10**9}_{os.getpid()}"
    return with_schema(trapped, name) + (f"&options={request.param}" if request.param else "")


def dsn(url: str) -> str:
    """What libpq takes of confid's URL."""
    return url.replace(f"schema={PostgresStore(url).schema}&", "").partition("?schema=")[0]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT unnest(ARRAY[1::int8])",
        "SELECT '{}'::json #>> '{index,name}'",
    ],
)
def test_the_traps_are_sound(trapped: str, statement: str) -> None:
    """A statement that relies on the search path runs into them."""
    with psycopg.connect(trapped) as connection, pytest.raises(psycopg.errors.DivisionByZero):
        connection.execute(statement.encode())


def use(store: PostgresStore) -> None:
    """Send every statement that a store has."""
    store.open(KINDS)
    with store.transaction(write=True) as tx:
        fill(tx)
    with store.exclusive() as tx:
        tx.put("thing", {f"n{i}": thing(f"name {i}") for i in range(3)})
        tx.put("thing", {"n0": thing("name 1"), "n1": thing("name 0")})
        tx.get("thing", ["n0", "n1", "absent"], lock="shared")
        change(tx)
        inside = contents(tx)
    with store.transaction(write=False) as tx, tx.savepoint():
        assert contents(tx) == inside
    beside = [("plain", "1"), ("thing", "absent")]
    assert store.holder(FIRST_ID + 9, owned=["plain"], beside=beside)


def test_a_store_runs_no_code_of_others(url: str) -> None:
    """None of its statements does."""
    with PostgresStore(url) as store:
        use(store)


def test_settings_of_the_session_are_nothing_to_rely_on(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pooler hands out connections whose settings others have reset, or made."""
    really_take = Pool.take
    hostile = iter(["RESET ALL", "SET search_path = public, pg_catalog"] * 1000)

    def take(self: Pool) -> Any:
        connection = really_take(self)
        connection.execute(next(hostile).encode(), prepare=False)
        return connection

    monkeypatch.setattr(Pool, "take", take)
    with PostgresStore(url) as store:
        use(store)
        for _ in range(4):
            assert store.holder(FIRST_ID + 9, owned=["plain"])


def test_a_tenant_runs_no_code_of_others(url: str, tmp_path: Path) -> None:
    """Cmdlets, mails, an audit, a witness, a move."""
    witness = f"{url.replace('schema=', 'schema=w')}"
    with tenant("ken", "ann", store=url, witness=witness) as session:
        set_user([upn("ken"), upn("ann")], reset_conference_id=True)
        get(upn("ken"))
        assert confid.check().problems == ()
        assert outbox(session)
    confid.move_tenant(url, tmp_path / "tenant.db")
    with confid.connect(tmp_path / "tenant.db", witness=witness) as session:
        set_user(upn("ken"), reset_conference_id=True)
        assert confid.check(session).problems == ()


def code_of(connection: psycopg.Connection[Any], schema: str) -> list[Any]:
    """Functions, triggers and indexes of a schema, as PostgreSQL has understood them."""
    connection.execute("SET search_path = pg_catalog")
    statements = (
        "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = %s::regnamespace",
        """SELECT tgenabled::text || pg_get_triggerdef(t.oid) FROM pg_trigger t
        JOIN pg_class c ON c.oid = tgrelid WHERE relnamespace = %s::regnamespace""",
        "SELECT indexdef FROM pg_indexes WHERE schemaname = %s",
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = %s::regnamespace",
    )
    return [
        sorted(text.replace(schema, "") for (text,) in connection.execute(each, [schema]))
        for each in statements
    ]


def test_a_tenant_of_old_is_as_a_new_one(url: str) -> None:
    """An upgrade makes the triggers anew, and each index that had code of others in it."""
    name = PostgresStore(url).schema
    quoted = words.Identifier(name).as_string()
    field = "(CASE WHEN kind = 'thing' THEN body #>> '{index,colour}' END)"
    bad = f'CREATE INDEX "documents.thing.colour" ON {quoted}.documents ({field})'
    sql(
        dsn(url),
        f"CREATE SCHEMA {quoted}",
        OLD.read_text(encoding="utf-8").replace("{schema}", quoted),
        f"INSERT INTO {quoted}.confid VALUES (1)",
        f"SET search_path = public; {bad}",
    )
    with PostgresStore(url) as store, PostgresStore(url.replace(name, f"new_{name}")) as new:
        use(store)
        use(new)
    with psycopg.connect(dsn(url), autocommit=True) as connection:
        assert code_of(connection, name) == code_of(connection, f"new_{name}")
        version = connection.execute(f"SELECT version FROM {quoted}.confid".encode()).fetchone()
    assert version == (SCHEMA_VERSION,)


def test_the_triggers_run_no_code_of_others(url: str) -> None:
    """Not in a stranger's session either, with whatever search path it has."""
    with PostgresStore(url) as store:
        store.open(KINDS)
        with store.transaction(write=True) as tx:
            fill(tx)
    assert "SET search_path" in GUARDS
    for path in ("public", "public, pg_catalog"):
        with psycopg.connect(dsn(url)) as connection:
            connection.execute(f"SET search_path = {path}".encode())
            with pytest.raises(psycopg.IntegrityError, match="never forgets"):
                connection.execute(f'DELETE FROM "{store.schema}".ledger'.encode())


def test_a_search_path_costs_no_round_trip(new_schema: Callable[[], str]) -> None:
    """It is said with BEGIN, which goes with the first question; COMMIT is the other trip."""
    proxy = CuttingProxy(new_schema())
    try:
        with PostgresStore(proxy.dsn) as store:
            store.open(KINDS)
            for write in (True, False):
                for _ in range(2):
                    before = proxy.round_trips
                    with store.transaction(write=write) as tx:
                        assert tx.get("plain", ["1"]) == {}
                assert proxy.round_trips - before == 2
    finally:
        proxy.close()
