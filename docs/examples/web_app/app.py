"""An admin tool for the help desk: look up an ID, reset one, see what was done.

    uvicorn app:app

The tenant is named by `TENANT`, for example postgresql://confid@db/confid.
"""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated

from fastapi import FastAPI, Header, HTTPException, Request
from fastapi.responses import JSONResponse

import confid

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@asynccontextmanager
async def tenant(app: FastAPI) -> AsyncIterator[None]:
    """One session for all requests, while the server runs."""
    with confid.connect(os.environ["TENANT"], create=False) as session:
        app.state.session = session
        yield


app = FastAPI(title="Dial-in desk", lifespan=tenant)

STATUS = {
    confid.UserNotFoundError: 404,
    confid.AmbiguousIdentityError: 409,
    confid.NotEnabledError: 409,
    confid.InvalidArgumentError: 422,
    confid.StoreError: 503,
}


@app.exception_handler(confid.ConfidError)
def explain(_: Request, error: Exception) -> JSONResponse:
    """What confid refuses is the client's to know, with its sentence."""
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 400)
    return JSONResponse({"error": str(error)}, status_code=status)


# Plain functions: FastAPI runs each in a thread of its pool, and confid's calls may wait.


@app.get("/users/{identity}")
def show(request: Request, identity: str) -> dict[str, object]:
    """A user with their conference ID."""
    users = request.app.state.session.cmdlets
    user = users.get_cs_online_dial_in_conferencing_user(identity)
    found: dict[str, object] = user.to_dict(plain=True)
    return found


@app.post("/users/{identity}/reset")
def reset(request: Request, identity: str, operator: Annotated[str, Header()]) -> dict[str, object]:
    """Give a user a new ID, in the name of the operator."""
    session = request.app.state.session
    with session.acting_as(operator):
        user = session.cmdlets.set_cs_online_dial_in_conferencing_user(
            identity, reset_conference_id=True
        )
    done: dict[str, object] = user.to_dict(plain=True)
    return done


@app.get("/ids/{conference_id}")
def whose(request: Request, conference_id: str) -> dict[str, object]:
    """Whose ID that is or was."""
    found = confid.whois(conference_id, session=request.app.state.session)
    if found is None:
        raise HTTPException(404, "That ID was never issued.")
    return {
        "user": found.user_principal_name,
        "current": found.is_current,
        "since": found.since.isoformat(),
    }
