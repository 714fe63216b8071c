"""The statements of one transaction: sent when an answer is needed, all at once.

What only writes waits for the next question, or for COMMIT; so does BEGIN. An
error of it comes then, and ends the transaction, as PostgreSQL has it anyway.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psycopg

from confid.store.logger import INFO, log
from confid.store.postgres.connections import commit, is_busy, is_piped, roll_back
from confid.store.postgres.errors import explain, gone, is_standby

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    from confid.store.postgres.connections import Connection
    from confid.store.postgres.place import Place
    from confid.store.postgres.pool import Pool
    from confid.store.sql import Statement

    Cursors = list[psycopg.Cursor[Any]]

COMMIT = ("COMMIT", ())


class Pipeline:
    """A transaction on a connection that is in one."""

    def __init__(
        self, connection: Connection, place: Place, indexes: Mapping[str, tuple[str, str]]
    ) -> None:
        self.connection = connection
        self._place = place
        self._indexes = indexes
        self._unsent: list[Statement] = []
        self._turns = 0
        self._foreseen: list[tuple[str, Statement]] = []
        self._known: list[tuple[str, Statement, list[Any]]] = []

    def tell(self, *statements: Statement) -> None:
        """Run these before the next question; their answers are nobody's business."""
        self._unsent += statements

    def foresee(self, kind: str, statement: Statement) -> None:
        """Ask this about documents of a kind along with the next question."""
        self._foreseen.append((kind, statement))

    def forget(self, kind: str | None = None) -> None:
        """Forget what was foreseen about documents of a kind, which have changed, or all of it."""
        if kind is None:
            self._foreseen, self._known = [], []
        else:
            self._foreseen = [seen for seen in self._foreseen if seen[0] != kind]
            self._known = [known for known in self._known if known[0] != kind]

    def ask(self, *statements: Statement) -> list[list[Any]]:
        """The rows of these statements: there and back once, or known already."""
        known = [self._answer_to(statement) for statement in statements]
        asked = [s for s, rows in zip(statements, known, strict=True) if rows is None]
        if asked or not statements:
            answers = iter(self._ask(asked))
            known = [next(answers) if rows is None else rows for rows in known]
        return [rows or [] for rows in known]

    def _answer_to(self, statement: Statement) -> list[Any] | None:
        """The rows that are known of a statement; they are given once."""
        for known in self._known:
            if known[1] == statement:
                self._known.remove(known)
                return known[2]
        return None

    def _ask(self, statements: list[Statement]) -> list[list[Any]]:
        # First of all: with a savepoint that an interrupt loses here, so is what was told before.
        self._turns += 1
        unsent, self._unsent = self._unsent, []
        ahead = [seen for seen in self._foreseen if seen[1] not in statements]
        self._foreseen = []
        asked = [*statements, *(statement for _, statement in ahead)]
        try:
            cursors = self._send([*unsent, *asked])
        except psycopg.Error as error:
            self.forget()
            raise explain(error, self._place, self._indexes) from error
        answers = [
            cursor.fetchall() if cursor.description else []
            for cursor in cursors[len(cursors) - len(asked) :]
        ]
        found = answers[len(statements) :]
        self._known += [(*seen, rows) for seen, rows in zip(ahead, found, strict=True)]
        return answers[: len(statements)]

    def _send(self, statements: list[Statement]) -> Cursors:
        return self._run(statements)

    def _run(self, statements: list[Statement]) -> Cursors:
        try:
            if len(statements) == 1:
                return [self._execute(*statements[0])]
            return self._run_piped(statements)
        except psycopg.Error:
            raise
        except BaseException:
            # Answers that nobody has read may be under way: the next question would wait for ever.
            if is_busy(self.connection):
                self.drop()
            raise

    def _run_piped(self, statements: list[Statement]) -> Cursors:
        pipeline = self.connection.pipeline()
        pipeline.__enter__()
        try:
            cursors = [self._execute(*statement) for statement in statements]
        except psycopg.Error:
            with suppress(psycopg.Error):
                _end(pipeline)
            raise
        except BaseException:
            self._interrupted()
            with suppress(psycopg.Error):
                _end(pipeline)
            raise
        _end(pipeline)
        return cursors

    def _interrupted(self) -> None:
        """Called before the end of a pipeline, which waits for all answers."""

    def _execute(self, statement: str, values: Sequence[object]) -> psycopg.Cursor[Any]:
        prepare = None if values else False
        return self.connection.execute(
            statement.encode(), values or None, prepare=prepare, binary=True
        )

    def drop(self) -> None:
        """Close the connection, whatever it was doing."""
        self.connection.close()

    # Savepoints.

    def begin_savepoint(self, name: str) -> tuple[int, int]:
        """Begin one; where it stands."""
        place = self._turns, len(self._unsent)
        self.tell((f"SAVEPOINT {name}", ()))
        return place

    def undo_savepoint(self, name: str, begun: tuple[int, int]) -> None:
        """Undo what was done since."""
        turns, unsent = begun
        self.forget()
        if turns == self._turns:
            del self._unsent[unsent:]
            return
        self._unsent.clear()
        # One by one: psycopg forgets what it has prepared at a ROLLBACK, and inside a pipeline
        # tells the server too late.
        self.ask((f"ROLLBACK TO {name}", ()))
        self.ask((f"RELEASE {name}", ()))

    def end_savepoint(self, name: str, begun: tuple[int, int]) -> None:
        """End one: what it told is done, or raises now."""
        turns, unsent = begun
        if turns == self._turns and len(self._unsent) == unsent + 1:
            self._unsent.pop()
        else:
            self.ask((f"RELEASE {name}", ()))


class PooledPipeline(Pipeline):
    """A transaction on a connection of the pool, from `begin` on."""

    def __init__(
        self,
        pool: Pool,
        begin: Sequence[Statement],
        indexes: Mapping[str, tuple[str, str]],
    ) -> None:
        super().__init__(pool.take(), pool.place, indexes)
        self._pool = pool
        self._begin = begin

    def _send(self, statements: list[Statement]) -> Cursors:
        if not self._begin:
            return self._run(statements)
        # Each connection that lay idle may have died since, as after a restart of the server.
        for _ in range(self._place.pool_size + 1):
            try:
                cursors = self._run([*self._begin, *statements])
            except psycopg.Error as error:
                died = self.connection.closed
                if died or is_standby(error):
                    # The name or the proxy that led here may lead to the primary by now.
                    self._pool.drop(self.connection)
                if not died:
                    self._begin = ()
                    raise
            else:
                self._begin = ()
                return cursors
            log(
                INFO,
                "A connection to schema %s was lost; another one is taken.",
                self._place.schema,
            )
            self.connection: Connection = self._pool.take()
        raise gone(self._place)

    def _interrupted(self) -> None:
        # A lock may be waited for. A closed connection gives no answers.
        self.drop()

    def commit(self) -> None:
        """Commit. Raises `CommitOutcomeUnknownError` where nobody can say what became of it."""
        if self._begin and not self._unsent:
            return
        if self._begin:
            # Alone: it may have to be said again, and a COMMIT never is.
            self.ask()
        commit(self.connection, self._place, lambda: self._run([*self._unsent, COMMIT])[-1])

    def roll_back(self) -> None:
        """Roll back what is open, and forget what is unsent."""
        self._unsent.clear()
        if not is_piped(self.connection):
            roll_back(self.connection)

    def give_back(self) -> None:
        """Let the pool have the connection again.

        It counts as taken while anybody refers to it, and somebody may keep an ended transaction.
        """
        connection = self.connection
        del self.connection
        self._pool.give_back(connection)

    def drop(self) -> None:
        """Close the connection, whatever it was doing."""
        self._pool.drop(self.connection)


def _end(pipeline: AbstractContextManager[psycopg.Pipeline]) -> None:
    """Wait for all answers; raises the first error among them."""
    try:
        pipeline.__exit__(None, None, None)
    except psycopg.Error as error:
        # psycopg says that the pipeline is busy, and not that an interrupt came.
        interrupt = error.__context__
        if interrupt is None or isinstance(interrupt, Exception):
            raise
        raise interrupt from None
