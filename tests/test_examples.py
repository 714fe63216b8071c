"""The web app of docs/examples: eight clients at once, on PostgreSQL."""

from __future__ import annotations

import json
import runpy
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import attrs
import pytest
import uvicorn

import confid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

APP = Path(__file__).parent.parent / "docs" / "examples" / "web_app" / "app.py"
CLIENTS, RESETS = 8, 4


@attrs.frozen
class Desk:
    """The running app, as its clients see it."""

    place: str
    url: str

    def ask(self, path: str, method: str = "GET", **headers: str) -> tuple[int, Any]:
        """The status and what was said."""
        request = Request(self.url + path, method=method, headers=headers)
        try:
            with urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except HTTPError as error:
            with error:
                return error.code, json.load(error)


@pytest.fixture
def desk(new_schema: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """The app behind a server, on a tenant with a user for each client."""
    place = new_schema()
    with confid.connect(place) as session:
        rows = [
            {"UserPrincipalName": f"user{n}@contoso.com", "Licenses": "MCOMEETADV"}
            for n in range(CLIENTS)
        ]
        users = confid.import_users(rows)
        session.cmdlets.enable_cs_online_dial_in_conferencing_user(users, notify=False)
    monkeypatch.setenv("TENANT", place)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(runpy.run_path(str(APP))["app"], log_level="warning", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        yield Desk(place, f"http://127.0.0.1:{listening.getsockname()[1]}")
        server.should_exit = True
        thread.join(30)


def test_eight_clients_reset_at_once(desk: Desk) -> None:
    """Some the same user: every answer is an ID of its own, and the tenant is sound."""

    def work(number: int) -> list[int]:
        name = f"user{number // 2}@contoso.com"
        answers = [
            desk.ask(f"/users/{name}/reset", "POST", operator=f"operator{number}")
            for _ in range(RESETS)
        ]
        assert {status for status, _ in answers} == {200}
        return [said["ConferenceId"] for _, said in answers]

    with ThreadPoolExecutor(CLIENTS) as pool:
        ids = [each for found in pool.map(work, range(CLIENTS)) for each in found]
    assert len(set(ids)) == CLIENTS * RESETS
    with confid.connect(desk.place):
        assert not confid.check().problems
        authors = {entry.issued_by for entry in confid.ledger.entries()}
    assert authors >= {f"operator{number}" for number in range(CLIENTS)}


def test_it_answers_who_has_what(desk: Desk) -> None:
    """By user and by ID; what is refused has its status and its sentence."""
    status, user = desk.ask("/users/user1@contoso.com")
    assert status == 200
    status, found = desk.ask(f"/ids/{user['ConferenceId']}")
    assert (status, found["user"], found["current"]) == (200, "user1@contoso.com", True)
    status, said = desk.ask("/users/nobody@contoso.com")
    assert status == 404
    assert "nobody@contoso.com" in said["error"]
    assert desk.ask("/ids/0000001")[0] == 422
