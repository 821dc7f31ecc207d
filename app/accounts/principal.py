"""The person behind a request, their team, and their role in it.

This module looks a person up by a bearer token or a browser's cookie. `app.web.sign_in` takes these from the request.
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
ROLES: Final[tuple[str, ...]] = get_args(Role)  # in order: each role includes those before it
TOUCH_INTERVAL: Final = timedelta(minutes=5)  # so that a busy script does not cause a write with each request


@dataclass(frozen=True)
class Principal:
    """A signed-in person in one team."""

    user_id: str
    user_name: str
    team_id: str
    team_name: str
    role: str
    token_name: str | None = None  # of the bearer token that the request came with; None: the page's cookie

    @property
    def credential(self) -> Literal["browser", "token"]:
        """What the request was made with, for the audit."""
        return "browser" if self.token_name is None else "token"

    def may_change(self, owner_id: str) -> bool:
        """Whether this person may change something of that owner: the owner may, and administrators."""
        return self.role == "admin" or (self.role == "member" and self.user_id == owner_id)

    def require_role(self, role: Role) -> None:
        """Raise Forbidden unless the person's role is `role` or higher."""
        if ROLES.index(self.role) < ROLES.index(role):
            raise Forbidden(
                f"This needs the role {role}, and your role in {self.team_name} is {self.role}. Ask an administrator."
            )


def by_token(database: Database, token: str) -> Principal | None:
    """The person with this bearer token, or None. Stores the time of use at most every five minutes."""
    hash_, moment = hash_of(token), utc_now()
    with database.reading() as session:
        match = queries.by_token(session, hash_)
    if match is None:
        return None
    row, last_used_at, name = match
    if last_used_at is None or moment - last_used_at > TOUCH_INTERVAL:
        try:
            with database.transaction() as session:
                queries.touch_token(session, hash_, moment)
        except DBAPIError as error:  # sign-in still works while the database accepts no writes
            log.warning("could not store the last use of a token", error=str(error.orig))
    return Principal(*row, token_name=name)


def by_cookie(database: Database, cookie: str) -> Principal | None:
    """The person whose browser session this cookie refers to, or None."""
    with database.reading() as session:
        row = queries.by_session(session, hash_of(cookie), utc_now())
    return None if row is None else Principal(*row)
