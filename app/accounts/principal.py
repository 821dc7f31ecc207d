"""Who is asking, in which team, and what they may do there.

Authorises in a short session of its own, so that a stream that follows holds no database connection.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final

import structlog
from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, HTTPBearer
from sqlalchemy.exc import DBAPIError

from app.accounts import queries
from app.accounts.secrets import hash_of
from app.core.database import utc_now
from app.core.errors import Forbidden, NotSignedIn
from app.web.dependencies import Services, ServicesOf

log = structlog.get_logger(__name__)

COOKIE: Final = "oneword_session"
ROLES: Final = ("viewer", "member", "admin")
TOUCHED_EVERY: Final = timedelta(minutes=5)  # so that a busy script does not write at each request

_bearer = HTTPBearer(auto_error=False, description="A token from the settings page or `oneword token NAME`.")
_cookie = APIKeyCookie(name=COOKIE, auto_error=False, description="What signing in on the page sets.")


@dataclass(frozen=True)
class Principal:
    """A signed-in person in one team."""

    user_id: str
    user_name: str
    team_id: str
    team_name: str
    role: str

    def must_be(self, role: str) -> None:
        """Raise Forbidden unless the person's role is `role` or higher."""
        if ROLES.index(self.role) < ROLES.index(role):
            raise Forbidden(
                f"This needs the role {role}, and yours in {self.team_name} is {self.role}. Ask an administrator."
            )


def _authenticate(
    request: Request,
    services: ServicesOf,
    _b: Annotated[object, Depends(_bearer)] = None,
    _c: Annotated[object, Depends(_cookie)] = None,
) -> Principal:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    cookie = request.cookies.get(COOKIE)
    if scheme.lower() == "bearer" and token:
        row = _by_token(services, hash_of(token.strip()))
    elif cookie:
        with services.database.reading() as session:
            row = queries.by_session(session, hash_of(cookie), utc_now())
    else:
        row = None
    if row is None:
        raise NotSignedIn(
            "Nobody is signed in. Open the link that `oneword sign-in` prints, or send `Authorization: Bearer` with a "
            "token from `oneword token NAME`."
        )
    return Principal(*row)


def _by_token(services: Services, hash_: str) -> queries.Row | None:
    moment = utc_now()
    with services.database.reading() as session:
        found = queries.by_token(session, hash_)
    if found is None:
        return None
    row, last_used_at = found
    if last_used_at is None or moment - last_used_at > TOUCHED_EVERY:
        try:
            with services.database.transaction() as session:
                queries.touch_token(session, hash_, moment)
        except DBAPIError as error:  # a database that takes no writes now can still be read
            log.warning("could not write when a token was used", error=str(error.orig))
    return row


def _viewer(principal: Annotated[Principal, Depends(_authenticate)]) -> Principal:
    return principal


def _member(principal: Annotated[Principal, Depends(_authenticate)]) -> Principal:
    principal.must_be("member")
    return principal


def _admin(principal: Annotated[Principal, Depends(_authenticate)]) -> Principal:
    principal.must_be("admin")
    return principal


Viewer = Annotated[Principal, Depends(_viewer)]  # may look
Member = Annotated[Principal, Depends(_member)]  # may teach and draw
Admin = Annotated[Principal, Depends(_admin)]  # may manage the team
