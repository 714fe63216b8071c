"""PostgresStore keeps the contract; its schema, its roles, its plans, and what it never shows."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
import textwrap
import time
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import psycopg
import pytest

import confid
from confid.engine.opening import open_session
from confid.errors import ConfidError, DuplicateKeyError, StoreError
from confid.store import FIRST_ID, Claim, Kind, PostgresStore, from_url
from confid.store.postgres import schema
from confid.store.postgres.pipeline import Pipeline
from confid.testing import StoreContract
from confid.testing.contract.common import KINDS as CONTRACT_KINDS
from confid.testing.contract.common import Undo
from tests.servers import sql, with_schema
from tests.thorough import examples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from confid.store import Store, Transaction

AT = datetime(2026, 1, 2, tzinfo=UTC)
PLAIN = Kind("plain")
THING = Kind("thing", indexes=("colour",), unique=("name",))
KINDS = (PLAIN, THING)

# ruff: noqa: PT012 - what happens in a transaction before it fails is the point of some


class TestPostgresStore(StoreContract):
    """The contract."""

    stories = examples(20)

    @pytest.fixture(autouse=True)
    def _places(self, new_schema: Callable[[], str]) -> None:
        self.new_schema = new_schema

    @pytest.fixture(scope="class")
    @classmethod
    def shared(cls, postgres: str) -> Iterator[Store]:
        """A store for all that goes on in one transaction: making a schema takes its time."""
        with PostgresStore(with_schema(postgres, f"test_{os.getpid()}_shared")) as store:
            store.open(CONTRACT_KINDS)
            yield store

    @pytest.fixture
    def tx(self, shared: Store) -> Iterator[Transaction]:
        """A write transaction, undone afterwards."""
        with suppress(Undo), shared.transaction(write=True) as transaction:
            yield transaction
            raise Undo

    def make_store(self, tmp_path: Path) -> PostgresStore:  # noqa: ARG002 - it lives elsewhere
        """A new store."""
        self.url = self.new_schema()
        return PostgresStore(self.url)

    def make_again(self, store: Store) -> PostgresStore:  # noqa: ARG002 - the last one made
        """Another store on the same schema."""
        return PostgresStore(self.url)


@pytest.fixture
def url(new_schema: Callable[[], str]) -> str:
    """Where a tenant may be made."""
    return new_schema()


@pytest.fixture
def store(url: str) -> Iterator[PostgresStore]:
    """An opened store with a document, a living ID and a retired one."""
    with PostgresStore(url, timeout=5) as store:
        store.open(KINDS)
        with store.transaction(write=True) as tx:
            tx.put("plain", {"1": {"x": 1}})
            tx.put("thing", {"1": {"index": {"name": "a", "colour": "red"}}})
            tx.claim([(FIRST_ID, "ann"), (FIRST_ID + 1, "bob")], Claim(at=AT, by="admin"))
            tx.retire(["bob"], at=AT)
        yield store


def schema_of(url: str) -> str:
    """The schema that a URL names."""
    return PostgresStore(url).schema


def opening(url: str, *, create: bool = True) -> StoreError:
    """The error with which opening fails."""
    with PostgresStore(url) as store, pytest.raises(StoreError) as raised:
        store.open(KINDS, create=create)
    return raised.value


def schemas(dsn: str) -> set[str]:
    """The schemas of a database."""
    with psycopg.connect(dsn) as connection:
        return {name for (name,) in connection.execute("SELECT nspname FROM pg_namespace")}


def run(script: str, *arguments: str) -> subprocess.Popen[str]:
    """Another process."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(confid.__file__).parents[1],
    )


# Where tenants live.


def test_making_a_store_imports_no_driver() -> None:
    """Nor does a URL: psycopg comes with the first `open`."""
    script = """
        import sys
        from confid.store import PostgresStore, from_url
        from_url("postgresql://u:p@host/db?schema=contoso")
        PostgresStore("host=h dbname=d", schema="contoso")
        print(any(name.startswith("psycopg") for name in sys.modules))
    """
    assert run(script).communicate(timeout=60)[0] == "False\n"


def test_a_missing_driver_says_what_to_install() -> None:
    """With pip's own words for it."""
    script = """
        import sys
        sys.modules["psycopg"] = None
        from confid.errors import StoreError
        from confid.store import PostgresStore
        try:
            PostgresStore("postgresql://host/db").open([])
        except StoreError as error:
            print(error)
    """
    assert "pip install 'confid[postgres]'" in run(script).communicate(timeout=60)[0]


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "PostgreSQL"])
def test_a_url_names_the_schema(scheme: str) -> None:
    """`?schema=`, with `confid` where there is none; a password is no part of the name."""
    store = from_url(f"{scheme}://user:hunter2@host:5432,other/db?schema=contoso&sslmode=require")
    assert isinstance(store, PostgresStore)
    assert store.schema == "contoso"
    assert repr(store) == "PostgresStore(schema='contoso')"
    assert PostgresStore(f"{scheme}://host/db").schema == "confid"


def test_tenants_in_two_schemas_know_nothing_of_each_other(new_schema: Callable[[], str]) -> None:
    """The same keys and IDs, each in its own."""
    with PostgresStore(new_schema()) as one, PostgresStore(new_schema()) as other:
        for store in (one, other):
            store.open(KINDS)
            with store.transaction(write=True) as tx:
                tx.put("thing", {"1": {"index": {"name": "a"}}})
                assert tx.claim([(FIRST_ID, "ann")], Claim(at=AT)) == {FIRST_ID}


def test_create_false_makes_no_schema(postgres: str, url: str) -> None:
    """A mistyped schema is an error, not a new tenant."""
    assert opening(url, create=False).category == "ObjectNotFound"
    assert schema_of(url) not in schemas(postgres)


def test_a_foreign_schema_is_refused(postgres: str, url: str) -> None:
    """Nothing is created in it; an empty one is taken, as an administrator prepares it."""
    name = schema_of(url)
    sql(postgres, f'CREATE SCHEMA "{name}"', f'CREATE TABLE "{name}".documents (key text)')
    assert "no confid tenant" in str(opening(url))
    sql(postgres, f'DROP TABLE "{name}".documents')
    with PostgresStore(url) as store:
        store.open(KINDS)


def test_a_newer_schema_is_refused(postgres: str, url: str, store: PostgresStore) -> None:
    """And left as it is: the error says to upgrade confid."""
    store.close()
    newer = schema.SCHEMA_VERSION + 1
    sql(postgres, f'UPDATE "{store.schema}".confid SET version = {newer}')  # noqa: S608 - a name of our own
    assert "upgrade confid" in str(opening(url))


@pytest.mark.parametrize("sound", [True, False])
def test_an_older_schema_is_upgraded_in_one_transaction(
    postgres: str, url: str, store: PostgresStore, monkeypatch: pytest.MonkeyPatch, sound: bool
) -> None:
    """All of it, or nothing when it fails."""
    store.close()
    now = schema.SCHEMA_VERSION
    monkeypatch.setattr(schema, "SCHEMA_VERSION", now + 2)
    steps = {now: "CREATE TABLE {schema}.one ()", now + 1: "CREATE TABLE {schema}.two ()"}
    if not sound:
        steps[now + 1] = "CREATE TABLE {schema}.one ()"
    monkeypatch.setattr(schema, "UPGRADES", steps)
    if sound:
        store.open(KINDS)
    else:
        opening(url)
    with psycopg.connect(postgres) as connection:
        names = {
            name
            for (name,) in connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = %s", [store.schema]
            )
        }
        version = connection.execute(f'SELECT version FROM "{store.schema}".confid').fetchone()  # noqa: S608 - a name of our own
    assert names >= {"one", "two"} if sound else not names & {"one", "two"}
    assert version == ((now + 2,) if sound else (now,))


def test_processes_that_create_at_once_share_one_tenant(url: str) -> None:
    """Every one of them opens it, none sees it half made, and it is the same tenant for all."""
    script = """
        import sys, time, confid
        url, n = sys.argv[1:]
        from confid.cmdlets import get_cs_online_dial_in_conferencing_bridge as bridges
        confid.connect("memory:").close()
        import psycopg
        print("ready", flush=True)
        start = float(sys.stdin.readline())
        for k in range(8):
            time.sleep(max(0, start + k * 0.15 - time.time()))
            with confid.connect(f"{url}_{k}") as session:
                (bridge,) = bridges(session=session)
                print(k, bridge.tenant_id, bridge.identity)
    """
    others = [run(script, url, str(n)) for n in range(3)]
    for other in others:
        assert other.stdout
        assert other.stdout.readline() == "ready\n"
    start = f"{time.time() + 0.1}\n"
    printed = set()
    for other in others:
        assert other.stdin
        other.stdin.write(start)
        other.stdin.flush()
    for other in others:
        printed.add(other.communicate(timeout=60)[0])
        assert other.returncode == 0
    assert len(printed) == 1
    assert len(printed.pop().splitlines()) == 8


def test_an_encoding_that_cant_keep_every_name_is_refused(postgres: str) -> None:
    """With the words that make a database that can."""
    sql(postgres, "DROP DATABASE IF EXISTS latin", LATIN)
    try:
        error = opening(_database(postgres, "latin"))
        assert "ENCODING 'UTF8'" in str(error)
        assert "LATIN1" in str(error)
    finally:
        sql(postgres, "DROP DATABASE latin")


LATIN = "CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"


def _database(dsn: str, name: str) -> str:
    return dsn.rpartition("/")[0] + f"/{name}"


# Roles.


@pytest.fixture
def role(postgres: str) -> Iterator[str]:
    """The URL of a role that may do nothing, but connect."""
    name = f"clerk_{os.getpid()}"
    sql(postgres, f"CREATE ROLE {name} LOGIN PASSWORD 'hunter2'")
    yield postgres.replace("//postgres@", f"//{name}:hunter2@")
    sql(postgres, f"DROP OWNED BY {name}", f"DROP ROLE {name}")


def _name(role: str) -> str:
    return role.partition("//")[2].partition(":")[0]


def test_a_role_that_may_not_make_a_tenant_says_so(postgres: str, role: str, url: str) -> None:
    """It may in a schema that an administrator has made for it."""
    own = with_schema(role, schema_of(url))
    sql(postgres, f"REVOKE CREATE ON DATABASE postgres FROM {_name(role)}, PUBLIC")
    error = opening(own)
    assert error.category == "PermissionDenied"
    assert "CREATE on the database" in str(error)
    sql(postgres, f'CREATE SCHEMA "{schema_of(url)}" AUTHORIZATION {_name(role)}')
    with confid.connect(own, create=True) as session:
        assert not confid.check(session).problems
    sql(postgres, f'DROP SCHEMA "{schema_of(url)}" CASCADE')


def test_a_role_that_lacks_a_privilege_says_so(
    postgres: str, role: str, url: str, store: PostgresStore
) -> None:
    """USAGE and the four on the tables are enough to work; with SELECT alone, to look."""
    own = with_schema(role, store.schema)
    name = _name(role)
    assert opening(own).category == "PermissionDenied"
    sql(
        postgres,
        f'GRANT USAGE ON SCHEMA "{store.schema}" TO {name}',
        f'GRANT SELECT ON ALL TABLES IN SCHEMA "{store.schema}" TO {name}',
    )
    with PostgresStore(own) as clerk:
        clerk.open(KINDS)
        with clerk.transaction(write=False) as tx:
            assert tx.count() == 2
        with pytest.raises(StoreError) as raised, clerk.transaction(write=True) as tx:
            tx.put("plain", {"2": {}})
        assert raised.value.category == "PermissionDenied"
        assert "GRANT" not in str(raised.value)
        sql(
            postgres,
            f'GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "{store.schema}" TO {name}',
        )
        with clerk.transaction(write=True) as tx:
            tx.put("plain", {"2": {}})
            tx.retire(["ann"], at=AT)
            tx.claim([(FIRST_ID + 5, "ann")], Claim(at=AT))
            tx.delete("plain", ["1"])
    with store.transaction(write=False) as tx:
        assert tx.get("plain", ["1", "2"]) == {"2": {}}
    assert url


# What the server's defaults can't change.

ODD_DEFAULTS = [
    "default_transaction_isolation=serializable",
    "default_transaction_isolation=read\\ uncommitted",
    "default_transaction_read_only=on",
    "default_transaction_deferrable=on",
    "synchronous_commit=off",
    "synchronous_commit=local",
    "client_min_messages=error",
    "TimeZone=Asia/Kathmandu",
    "DateStyle=German",
    "IntervalStyle=sql_standard",
    "bytea_output=escape",
    "search_path=nowhere",
    "standard_conforming_strings=on",
    "lock_timeout=1",
    "enable_indexscan=off",
]


@pytest.mark.parametrize("setting", ODD_DEFAULTS)
def test_the_defaults_of_server_and_role_change_nothing(url: str, setting: str) -> None:
    """Isolation, durability and reading or writing are said for each transaction."""
    with PostgresStore(f"{url}&options={quote(f'-c {setting}', safe='')}") as store:
        store.open(KINDS)
        with store.transaction(write=True) as tx:
            tx.put("thing", {"1": {"index": {"name": "a"}}})
            assert tx.claim([(FIRST_ID, "ann")], Claim(at=AT)) == {FIRST_ID}
            assert _shown(tx, "transaction_isolation") == "read committed"
            assert _shown(tx, "synchronous_commit") == "on"
            assert _shown(tx, "client_min_messages") == "warning"
            with pytest.raises(DuplicateKeyError):
                tx.put("thing", {"2": {"index": {"name": "a"}}})
        with store.transaction(write=False) as tx:
            assert _shown(tx, "transaction_isolation") == "repeatable read"
            assert _shown(tx, "transaction_read_only") == "on"
            (entry,) = tx.history("ann")
            assert (entry.issued_at, entry.issued_at.utcoffset()) == (AT, AT.utcoffset())


def test_a_stronger_durability_is_left_as_it_is(url: str) -> None:
    """`remote_apply` waits for more than `on` does."""
    with PostgresStore(f"{url}&options=-c%20synchronous_commit%3Dremote_apply") as store:
        store.open(KINDS)
        with store.transaction(write=True) as tx:
            assert _shown(tx, "synchronous_commit") == "remote_apply"


def _shown(tx: object, setting: str) -> str:
    (((shown,),),) = vars(tx)["pipeline"].ask((f"SHOW {setting}", ()))
    return str(shown)


# A stranger with psql.

FORBIDDEN = {
    "delete": "DELETE FROM ledger",
    "delete a retired one": "DELETE FROM ledger WHERE retired_at IS NOT NULL",
    "truncate": "TRUNCATE ledger",
    "another ID": "UPDATE ledger SET conference_id = 2000000 WHERE owner = 'ann'",
    "another owner": "UPDATE ledger SET owner = 'eve' WHERE owner = 'bob'",
    "another serial": "UPDATE ledger SET serial = 9",
    "another origin": "UPDATE ledger SET origin = 'imported'",
    "another time": "UPDATE ledger SET issued_at = now()",
    "another author": "UPDATE ledger SET issued_by = 'eve'",
    "no author": "UPDATE ledger SET issued_by = NULL",
    "back to life": "UPDATE ledger SET retired_at = NULL WHERE owner = 'bob'",
    "retired later": "UPDATE ledger SET retired_at = now() WHERE owner = 'bob'",
    "retired by another": "UPDATE ledger SET retired_by = 'eve' WHERE owner = 'bob'",
    "below the range": "INSERT INTO ledger VALUES (999999, 'e', 1, 'issued', now())",
    "above the range": "INSERT INTO ledger VALUES (10000000, 'e', 1, 'issued', now())",
    "no owner": "INSERT INTO ledger VALUES (2000000, NULL, 1, 'issued', now())",
    "a serial of 0": "INSERT INTO ledger VALUES (2000000, 'e', 0, 'issued', now())",
    "a serial again": "INSERT INTO ledger VALUES (2000000, 'bob', 1, 'issued', now())",
    "another kind of origin": "INSERT INTO ledger VALUES (2000000, 'e', 1, 'x', now())",
    "a second living ID": "INSERT INTO ledger VALUES (2000000, 'ann', 2, 'issued', now())",
    "an ID again": "INSERT INTO ledger VALUES (1000000, 'eve', 1, 'issued', now())",
    "upsert": "INSERT INTO ledger VALUES (1000000, 'eve', 1, 'issued', now()) "
    "ON CONFLICT (conference_id) DO UPDATE SET owner = excluded.owner",
    "a body that is no JSON": "INSERT INTO documents VALUES ('plain', '2', '{')",
}


@pytest.mark.parametrize("statement", FORBIDDEN.values(), ids=FORBIDDEN)
@pytest.mark.parametrize("replication", ["origin", "replica"])
def test_a_stranger_cant_make_the_ledger_forget(
    postgres: str, store: PostgresStore, statement: str, replication: str
) -> None:
    """Plain SQL is refused, a superuser's and a replica's too; every entry stands as it stood."""
    with store.transaction(write=False) as tx:
        before = list(tx.entries())
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f'SET search_path = "{store.schema}"')
        connection.execute(f"SET session_replication_role = {replication}")
        with pytest.raises((psycopg.IntegrityError, psycopg.DataError)):
            connection.execute(statement.encode())
    with store.transaction(write=False) as tx:
        assert list(tx.entries()) == before


def test_what_the_ledger_allows_by_hand(postgres: str, store: PostgresStore) -> None:
    """The triggers are no padlock: entering a new ID and retiring a living one work."""
    sql(
        postgres,
        f"INSERT INTO \"{store.schema}\".ledger VALUES (2000000, 'e', 1, 'issued', now())",  # noqa: S608 - a name of our own
        f"UPDATE \"{store.schema}\".ledger SET retired_at = now() WHERE owner = 'ann'",  # noqa: S608 - a name of our own
    )
    with store.transaction(write=False) as tx:
        assert tx.current(["ann", "e"]) == {"e": 2_000_000}


# Query plans.


@pytest.mark.parametrize("count", [1, 100, 1000])
@pytest.mark.parametrize("analyzed", [False, True])
def test_every_call_goes_by_an_index(
    postgres: str, url: str, monkeypatch: pytest.MonkeyPatch, count: int, analyzed: bool
) -> None:
    """Nothing reads all documents or the whole ledger, also before the server has statistics."""
    plans: list[str] = []
    really_run = Pipeline._run

    def explained(self: Pipeline, statements: list[Any]) -> Any:
        for statement, values in statements:
            if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK", "COMMIT")):
                explain = f"EXPLAIN {statement}".encode()
                rows = self.connection.execute(explain, values or None).fetchall()
                plans.append("\n".join(row[0] for row in rows))
        return really_run(self, statements)

    keys = [f"{i:03}" for i in range(count)]
    with PostgresStore(url) as store:
        store.open(KINDS)
        with store.transaction(write=True) as tx:
            others = {f"o{i}": {"index": {"name": f"o{i}", "colour": f"{i}"}} for i in range(3000)}
            tx.put("thing", others)
            tx.claim([(FIRST_ID + 10_000 + i, f"o{i}") for i in range(3000)], Claim(at=AT))
        if analyzed:
            sql(postgres, f'ANALYZE "{store.schema}".documents, "{store.schema}".ledger')
        with store.transaction(write=True) as tx:
            tx.current([])
            monkeypatch.setattr(Pipeline, "_run", explained)
            documents = {key: {"index": {"name": key, "colour": key}} for key in keys}
            calls: dict[str, tuple[str, Callable[[], object]]] = {
                "put": ("", lambda: tx.put("thing", documents)),
                "get": ("documents_pkey", lambda: tx.get("thing", keys)),
                "lock": ("documents_pkey", lambda: tx.get("thing", keys, lock=True)),
                "find unique": ("documents.thing.name", lambda: tx.find("thing", "name", keys)),
                "find": ("documents.thing.colour", lambda: tx.find("thing", "colour", keys)),
                "page": ("documents_pkey", lambda: list(tx.scan("thing", after="001", limit=2))),
                "delete": ("documents_pkey", lambda: tx.delete("thing", keys)),
                "claim": (
                    "ledger_pkey",
                    lambda: tx.claim(
                        [(FIRST_ID + i, key) for i, key in enumerate(keys)], Claim(at=AT)
                    ),
                ),
                "current": ("ledger_living", lambda: tx.current(keys)),
                "lookup": ("ledger_pkey", lambda: tx.lookup(range(FIRST_ID, FIRST_ID + count))),
                "history": ("ledger_serial", lambda: tx.history("001")),
                "page of entries": ("ledger_pkey", lambda: next(tx.entries(after=FIRST_ID), None)),
                "retire": ("ledger_living", lambda: tx.retire(keys, at=AT)),
            }
            for name, (index, call) in calls.items():
                plans.clear()
                call()
                vars(tx)["pipeline"].ask()
                plan = "\n".join(plans)
                assert plan, name
                assert "Seq Scan" not in plan, (name, plan)
                assert index in plan, (name, plan)
                if count > 1 and name in ("get", "lock", "find", "delete", "current", "retire"):
                    assert re.search(r"Index Cond: .*= ANY", plan), (name, plan)
                if name == "claim":
                    # Not the living IDs of everybody.
                    assert re.search(r"ledger_living .*\n *Index Cond: .*= ANY", plan), plan


# What never shows.

SECRET = "hunter2"  # noqa: S105 - everybody's


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:hunter2@127.0.0.1:1/db",
        "postgresql://hunter2:hunter2@127.0.0.1:1/hunter2@x",
        "postgresql://user:pa@hunter2:wo@rd@127.0.0.1:1/db",
        "postgresql://user:hunter2/x@127.0.0.1/db",
        "postgresql://user:hunter2@127.0.0.1:1,127.0.0.1:2/db",
        "postgresql://user:pa,hunter2@wo@127.0.0.1:1,127.0.0.1:2/db",
        "postgresql://user@no-such-host.invalid:1/db?password=hunter2",
        "postgresql://user@127.0.0.1:hunter2/db",
        "postgresql://user@127.0.0.1/db?sslmode=hunter2",
        "postgresql://user@127.0.0.1/db?hunter2=1",
        "postgresql://user@127.0.0.1/db?hunter2",
        "postgresql://user@127.0.0.1/db?timeout=hunter2",
        "postgresql://user@127.0.0.1/db?timeout=nan",
        "postgresql://user@127.0.0.1/db?pool_size=hunter2",
        "postgresql://user@127.0.0.1/db?pool_size=0",
        "postgresql://user:hunter2@127.0.0.1/db?schema=a%22b",
        "postgresql://user:hunter2@127.0.0.1/db?schema=pg_catalog",
        "postgresql://user:hunter2@127.0.0.1/db?schema=",
        "postgresql://user:%00hunter2@127.0.0.1/db",
        "postgresql:hunter2",
        "host=127.0.0.1 port=1 password=hunter2",
        "host=127.0.0.1 hunter2",
        "host='127.0.0.1 password=hunter2",
    ],
)
def test_no_error_and_no_log_line_shows_a_password(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever is wrong with the URL, or with the server."""
    caplog.set_level(logging.DEBUG)
    with pytest.raises(StoreError) as raised:
        (PostgresStore if "=" in url.split("?", maxsplit=1)[0] else from_url)(url).open(KINDS)
    shown = "".join(traceback.format_exception(raised.value))
    code = "".join(line for line in shown.splitlines(keepends=True) if "raise" not in line)
    assert SECRET not in code
    assert SECRET not in repr(vars(raised.value))
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:hunter2@127.0.0.1:1/db?timeout=0.2",
        "postgresql://user@127.0.0.1:1/db?password=hunter2&timeout=0.2",
        "postgresql://user:hunter2@127.0.0.1/db?timeout=nan",
        "postgresql://user:hunter2@127.0.0.1/db?pool_size=0",
        "postgresql://user:hunter2@127.0.0.1/db?unknown=1",
        "postgresql://user:hunter2@127.0.0.1/db?hunter2",
        "postgresql://user:%00hunter2@127.0.0.1/db",
        "postgresql:hunter2",
        "host=127.0.0.1 port=1 password=hunter2",
    ],
)
def test_no_local_variable_of_a_traceback_shows_a_password(url: str, tmp_path: Path) -> None:
    """As Sentry, rich and pytest show them: in no frame of confid or of its driver."""
    ways: list[Callable[[], object]] = [lambda: PostgresStore(url).open(KINDS)]
    ways += [
        lambda: confid.connect(url),
        lambda: confid.connect(witness=url),
        lambda: confid.move_tenant(url, tmp_path / "tenant.db"),
        lambda: confid.restore(url),
    ]
    for way in ways:
        with pytest.raises(ConfidError) as raised:
            way()
        shown: traceback.TracebackException | None
        shown = traceback.TracebackException.from_exception(raised.value, capture_locals=True)
        while shown:
            for frame in shown.stack:
                for name, value in (frame.locals or {}).items():
                    where = (frame.filename, frame.name, name)
                    assert SECRET not in value or frame.filename == __file__, where
            shown = shown.__cause__ or shown.__context__


@pytest.mark.parametrize("url", ["postgresql://h/db?timeout=0", "postgresql://h/db?schema="])
def test_a_half_made_store_has_a_repr(url: str) -> None:
    """A debugger asks for it when making one has failed."""
    store = PostgresStore.__new__(PostgresStore)
    with pytest.raises(StoreError):
        store.__init__(url)  # type: ignore[misc]  # the point
    assert repr(store) == "PostgresStore()"


def test_a_session_shows_no_password(
    postgres: str, role: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Nor does the log of the pool when the server ends its connections."""
    caplog.set_level(logging.DEBUG)
    sql(postgres, f"GRANT CREATE ON DATABASE postgres TO {_name(role)}")
    url = with_schema(role, f"own_{_name(role)}")
    with open_session(url) as session:
        assert SECRET not in repr(session) + str(session) + repr(vars(session.store))
        with pytest.raises(StoreError) as raised, session.unit(write=True) as tenant:
            connection = vars(tenant.transaction)["pipeline"].connection
            assert SECRET not in repr(connection)
            pid = connection.info.backend_pid
            sql(role, f"SELECT pg_terminate_backend({pid})")
            tenant.transaction.count()
        assert SECRET not in "".join(traceback.format_exception(raised.value))
        assert not confid.check(session).problems
    assert SECRET not in caplog.text
    assert _name(role) not in caplog.text


# Forks.


@pytest.mark.skipif(sys.platform == "win32", reason="Windows doesn't fork")
@pytest.mark.parametrize("ending", ["at once", "as Python ends"])
def test_a_store_is_refused_in_a_forked_child(url: str, ending: str) -> None:
    """With a StoreError; opened anew there it works; and the parent goes on undisturbed."""
    script = """
        import os, sys, warnings
        from datetime import UTC, datetime
        from confid.errors import StoreError
        from confid.store import Claim, Kind, PostgresStore
        warnings.simplefilter("ignore")  # Python's own, of forks beside threads
        AT = datetime(2026, 1, 2, tzinfo=UTC)
        store = PostgresStore(sys.argv[1])
        store.open([Kind("plain")])
        with store.transaction(write=True) as tx:
            tx.claim([(1_000_000, "parent")], Claim(at=AT))
        child = os.fork()
        if child == 0:
            try:
                with store.transaction(write=False):
                    os._exit(1)
            except StoreError:
                pass
            store.close()
            store.open([Kind("plain")])
            with store.transaction(write=True) as tx:
                assert tx.count() == 1
                tx.claim([(1_000_001, "child")], Claim(at=AT))
            if sys.argv[2] == "at once":
                os._exit(0)
            sys.exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        with store.transaction(write=True) as tx:
            assert tx.current(["parent", "child"]) == {"parent": 1_000_000, "child": 1_000_001}
            tx.claim([(1_000_002, "after")], Claim(at=AT))
        store.close()
        print("fine")
    """
    assert run(script, url, ending).communicate(timeout=60)[0] == "fine\n"


# Streams, and what is too long.


def test_a_long_ledger_streams_in_pages(store: PostgresStore) -> None:
    """In order and whole, however many pages it takes; a savepoint undone in its midst is fine."""
    with store.transaction(write=True) as tx:
        tx.claim([(FIRST_ID + 10 + i, f"{i}") for i in range(2_500)], Claim(at=AT))
        seen = []
        for entry in tx.entries():
            seen.append(entry.conference_id)
            if len(seen) % 500 == 0:
                with pytest.raises(KeyError), tx.savepoint():
                    tx.put("plain", {"x": {}})
                    raise KeyError
        assert seen == list(tx.issued_ids())
        assert len(seen) == 2_502
        assert [key for key, _ in tx.scan("plain")] == ["1"]


def test_what_postgresql_cant_index_is_refused(store: PostgresStore) -> None:
    """A long text that doesn't compress is no key; the error says so, and nothing is kept."""
    long = "".join(chr(0x4E00 + i * 7919 % 20_000) for i in range(5_000))
    with pytest.raises(StoreError) as raised, store.transaction(write=True) as tx:
        tx.put("plain", {"2": {}})
        tx.put("plain", {long: {}})
    assert raised.value.category == "LimitsExceeded"
    with store.transaction(write=False) as tx:
        assert [key for key, _ in tx.scan("plain")] == ["1"]
