"""`oneword mcp`: the studio for agents that start a program and speak to it over stdin and stdout."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from app.accounts import service as accounts
from app.accounts.scopes import USUAL_SCOPES
from app.audit import service as audit
from app.compat.mcp.bridge import bridge, check
from app.core.database import utc_now
from app.core.errors import NotReady
from app.core.settings import Settings
from app.ops.studio_database import NoStudio, opened
from app.ops.supervisor import local_address

URL: Final = "ONEWORD_URL"
TOKEN: Final = "ONEWORD_TOKEN"  # noqa: S105 (the name of a variable)
LIFETIME: Final = timedelta(days=1)  # of a token whose program was killed before it could revoke it


def serve(settings: Settings) -> None:
    """Bridge to the studio of ONEWORD_URL and ONEWORD_TOKEN, or to that of this machine, until stdin ends."""
    token = os.environ.get(TOKEN, "").strip()
    url = os.environ.get(URL, "").strip().rstrip("/") or local_address(settings)
    if token:
        _run(url, token)
        return
    if os.environ.get(URL, "").strip():
        raise NotReady(f"{URL} is set and {TOKEN} is not. Set it to a bearer token of the studio at {url}.")
    with _local_token(settings) as made:
        _run(url, made)


def _run(url: str, token: str) -> None:
    check(url, token)
    asyncio.run(bridge(url, token))


@contextmanager
def _local_token(settings: Settings) -> Iterator[str]:
    """A token of this machine's studio, for as long as the program runs. Makes no studio where there is none."""
    try:
        database = opened(settings)
    except NoStudio as error:
        raise NotReady(f"{error.detail} For a studio elsewhere set {URL} and {TOKEN}.") from None
    with database.transaction() as session:
        user, team = accounts.first_administrator(session)
        row, secret = accounts.create_token(
            session, user.id, team.id, "oneword mcp", USUAL_SCOPES, utc_now() + LIFETIME
        )
        audit.record(session, audit.command_line(team.id), "token.created", row.id, row.name, person=user.name)
        token_id, user_id, team_id = row.id, user.id, team.id
    try:
        yield secret
    finally:
        with database.transaction() as session:
            gone = accounts.delete_token(session, team_id, user_id, token_id)
            audit.record(session, audit.command_line(team_id), "token.revoked", gone.id, gone.name)
        database.dispose()
