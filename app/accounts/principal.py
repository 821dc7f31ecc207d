"""Who asks, in which team, and what that person may do there.

This module looks a person up by a bearer token or a browser's cookie. How a request carries them is in
`app.web.sign_in`.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, get_args

import structlog
from sqlalchemy.exc import DBAPIError

from app.accounts import queries
from app.accounts.secrets import hash_of
from app.core.database import Database, utc_now
from app.core.errors import Forbidden

log = structlog.get_logger(__name__)

COOKIE: Final = "oneword_session"
Role = Literal["viewer", "member", "admin"]
ROLES: Final[tuple[str, ...]] = get_args(Role)  # each may do what the ones before it may
TOUCHED_EVERY: Final = timedelta(minutes=5)  # so that a busy script does not cause a write at each request


@dataclass(frozen=True)
class Principal:
    """A signed-in person in one team."""

    user_id: str
    user_name: str
    team_id: str
    team_name: str
    role: str

    def must_be(self, role: Role) -> None:
        """Raise Forbidden unless the person's role is `role` or higher."""
        if ROLES.index(self.role) < ROLES.index(role):
            raise Forbidden(
                f"This needs the role {role}, and yours in {self.team_name} is {self.role}. Ask an administrator."
            )


def by_token(database: Database, token: str) -> Principal | None:
    """The person whose bearer token this is, or None. Writes at most every five minutes that the token was used."""
    hash_, moment = hash_of(token), utc_now()
    with database.reading() as session:
        found = queries.by_token(session, hash_)
    if found is None:
        return None
    row, last_used_at = found
    if last_used_at is None or moment - last_used_at > TOUCHED_EVERY:
        try:
            with database.transaction() as session:
                queries.touch_token(session, hash_, moment)
        except DBAPIError as error:  # a database that accepts no writes now can still be read
            log.warning("could not write when a token was used", error=str(error.orig))
    return Principal(*row)


def by_cookie(database: Database, cookie: str) -> Principal | None:
    """The person whose browser session this cookie stands for, or None."""
    with database.reading() as session:
        row = queries.by_session(session, hash_of(cookie), utc_now())
    return None if row is None else Principal(*row)
