"""The person behind a request, their team, their role in it, and what the credential that they sent may do.

This module looks a person up by a bearer token or a browser's cookie. `app.web.sign_in` takes these from the request.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.accounts import queries
from app.accounts.scopes import ROLES, Role, Scope, scopes_of, spoken
from app.accounts.secrets import hash_of
from app.core.database import Database, utc_now
from app.core.errors import Forbidden

log = structlog.get_logger(__name__)

COOKIE: Final = "oneword_session"
TOUCH_INTERVAL: Final = timedelta(minutes=5)  # so that a busy script does not cause a write with each request
RENEWAL_INTERVAL: Final = timedelta(hours=1)  # the same for a busy browser
SESSION_DAYS_LONGEST: Final = 365  # after which a browser signs in again, however often it was used


@dataclass(frozen=True)
class Principal:
    """A signed-in person in one team, and the token or the session that says so."""

    user_id: str
    user_name: str
    team_id: str
    team_name: str
    role: str
    credential: Literal["token", "session"]
    credential_id: str
    scopes: tuple[Scope, ...]  # what the role and the credential both allow
    restricted: bool  # whether it is a token that was made for some scopes
    expires_at: datetime | None
    token_name: str | None = None
    renewed: bool = False  # whether this request moved the session's expiry on

    def may_change(self, owner_id: str) -> bool:
        """Whether this person may change something of that owner: the owner may, and administrators."""
        return self.role == "admin" or (self.role == "member" and self.user_id == owner_id)

    def require_role(self, role: Role) -> None:
        """Raise Forbidden unless the person's role is `role` or higher."""
        if ROLES.index(self.role) < ROLES.index(role):
            raise Forbidden(
                f"This needs the role {role}, and your role in {self.team_name} is {self.role}. Ask an administrator."
            )

    def require_scope(self, *any_of: Scope) -> None:
        """Raise Forbidden unless the credential has one of these scopes."""
        if not any(scope in self.scopes for scope in any_of):
            raise Forbidden(
                f"This needs the scope {' or '.join(any_of)}, and this token has {spoken(self.scopes)}. Send a token "
                "with that scope; the settings page makes one.",
                code="scope",
            )

    def require_control_of_credentials(self) -> None:
        """Raise Forbidden for a token that was made for other scopes than `admin`.

        Such a token makes no tokens and ends no sessions: a person who found one could otherwise keep access after the
        token is revoked.
        """
        if self.restricted:
            self.require_scope("admin")

    def require_right_to_links(self) -> None:
        """Raise Forbidden for a token that was made for some scopes.

        A sign-in link becomes a session that stays when the token is revoked, with all that its person may do.
        """
        if self.restricted:
            raise Forbidden("A token cannot make sign-in links. Do this on the settings page.", code="scope")


def by_token(database: Database, token: str) -> Principal | None:
    """The person with this bearer token, or None. Stores the time of use at most every five minutes."""
    hash_, moment = hash_of(token), utc_now()
    with database.reading() as session:
        found = queries.by_token(session, hash_, moment)
    if found is None:
        return None
    if found.last_used_at is None or moment - found.last_used_at > TOUCH_INTERVAL:
        _write(database, lambda session: queries.touch_token(session, hash_, moment))
    return _principal("token", found)


def by_credential_id(database: Database, credential_id: str) -> Principal | None:
    """The person with this token or session, or None. The id proves nothing: the caller has checked a signature, or
    does it next."""
    with database.reading() as session:
        found = queries.by_credential_id(session, credential_id, utc_now())
    return None if found is None else _principal("token" if found[0] else "session", found[1])


def by_cookie(database: Database, cookie: str, session_days: float) -> Principal | None:
    """The person whose browser session this cookie refers to, or None.

    A session lasts `session_days` from its last use, and a year at most. The new expiry is stored at most once an hour.
    """
    hash_, moment = hash_of(cookie), utc_now()
    with database.reading() as session:
        found = queries.by_session(session, hash_, moment)
    if found is None:
        return None
    lifetime = session_lifetime(session_days)
    if found.last_used_at is None or moment - found.last_used_at <= min(RENEWAL_INTERVAL, lifetime / 2):
        return _principal("session", found)
    expires_at = min(moment + lifetime, found.created_at + timedelta(days=SESSION_DAYS_LONGEST))
    renewed = _write(database, lambda session: queries.renew_session(session, hash_, moment, expires_at))
    return _principal("session", found._replace(expires_at=expires_at), renewed=renewed)


def session_lifetime(session_days: float) -> timedelta:
    """How long a browser stays signed in without being used."""
    return timedelta(days=min(session_days, SESSION_DAYS_LONGEST))


def scopes_now(database: Database, credential_ids: Collection[str]) -> dict[str, tuple[Scope, ...]]:
    """What those of these tokens and sessions that exist and have not expired may do now. One query for all."""
    with database.reading() as session:
        rights = queries.rights(session, credential_ids, utc_now())
    return {id_: scopes_of(role, scopes) for id_, role, scopes in rights}


def _principal(kind: Literal["token", "session"], found: queries.Found, *, renewed: bool = False) -> Principal:
    return Principal(
        user_id=found.user_id,
        user_name=found.user_name,
        team_id=found.team_id,
        team_name=found.team_name,
        role=found.role,
        credential=kind,
        credential_id=found.credential_id,
        scopes=scopes_of(found.role, found.scopes),
        restricted=found.scopes is not None,
        expires_at=found.expires_at,
        token_name=found.token_name,
        renewed=renewed,
    )


def _write(database: Database, change: Callable[[Session], None]) -> bool:
    """Store a use, if the database accepts a write at once; sign-in works while it does not, and the next use tries
    again. Returns whether it is stored."""
    try:
        with database.brief_transaction() as session:
            change(session)
    except SQLAlchemyError as error:
        log.warning("could not store the last use of a credential", error=str(error))
        return False
    return True
