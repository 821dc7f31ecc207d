"""Everybody who may send a request: each function makes one principal, and returns the headers that it sends."""

from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Final, Literal

from fastapi.testclient import TestClient
from sqlalchemy import select, update

from app.accounts import service as accounts
from app.accounts.models import BrowserSession, Membership, Team, Token, User
from app.accounts.principal import COOKIE
from app.accounts.scopes import Role, Scope
from app.accounts.secrets import hash_of
from app.core.database import utc_now
from app.services import Services
from app.teams import service as teams

Headers = dict[str, str]
FIRST_TEAM: Final = "Studio"


def person(services: Services, role: Role, team: str = FIRST_TEAM, name: str | None = None) -> tuple[str, str]:
    """A new person in the first team, or in the team of another name. Returns the ids of the person and the team."""
    with services.database.transaction() as session:
        _, found = accounts.first_administrator(session)
        if team != found.name:
            found = session.scalars(select(Team).where(Team.name == team)).one_or_none() or Team(name=team)
            session.add(found)
        user = User(name=name or role)
        session.add(user)
        session.flush()
        session.add(Membership(team_id=found.id, user_id=user.id, role=role))
        return user.id, found.id


def token(services: Services, user_id: str, team_id: str, scopes: Collection[Scope] | None = None) -> Headers:
    """A new token of a person."""
    with services.database.transaction() as session:
        _, secret = accounts.create_token(session, user_id, team_id, "test", scopes)
    return {"Authorization": f"Bearer {secret}"}


def bearer(headers: Headers) -> str:
    """The secret of the token that these headers send."""
    return headers["Authorization"].removeprefix("Bearer ")


def code(services: Services, user_id: str, team_id: str) -> str:
    """The code of a new sign-in link."""
    with services.database.transaction() as session:
        return accounts.sign_in_link(session, services.settings, user_id, team_id).partition("#")[2]


def browser(services: Services, user_id: str, team_id: str) -> Headers:
    """A new browser session of a person."""
    secret = code(services, user_id, team_id)
    with services.database.transaction() as session:
        return {"Cookie": f"{COOKIE}={accounts.start_session(session, services.settings, secret)}"}


def nobody(services: Services) -> Headers:
    """A request without a credential."""
    return {}


def garbage(services: Services) -> Headers:
    """A token that never existed."""
    return {"Authorization": "Bearer owt_garbage"}


def revoked(services: Services) -> Headers:
    """A member's token that was revoked."""
    headers = member(services)
    with services.database.transaction() as session:
        session.delete(session.scalars(select(Token).where(Token.hash == _hash(headers))).one())
    return headers


def expired(services: Services) -> Headers:
    """A member's token that has expired, and that no sweep has removed yet."""
    headers = member(services)
    with services.database.transaction() as session:
        past = utc_now() - timedelta(seconds=1)
        session.execute(update(Token).where(Token.hash == _hash(headers)).values(expires_at=past))
    return headers


def expired_session(services: Services) -> Headers:
    """The cookie of a member's session that has expired, and that no sweep has removed yet."""
    user_id, team_id = person(services, "member")
    headers = browser(services, user_id, team_id)
    with services.database.transaction() as session:
        past = utc_now() - timedelta(seconds=1)
        session.execute(update(BrowserSession).where(BrowserSession.user_id == user_id).values(expires_at=past))
    return headers


def viewer(services: Services) -> Headers:
    """Somebody who may look."""
    return token(services, *person(services, "viewer"))


def member(services: Services) -> Headers:
    """Somebody who may teach and draw."""
    return token(services, *person(services, "member"))


def reader(services: Services) -> Headers:
    """A member whose token has the scope `read` alone."""
    return token(services, *person(services, "member"), ["read"])


def administrator(services: Services) -> Headers:
    """Somebody who may do everything."""
    return token(services, *person(services, "admin"))


def other_team(services: Services) -> Headers:
    """An administrator of another team."""
    return token(services, *person(services, "admin", team="Others"))


def removed(services: Services) -> Headers:
    """A member who was removed from the team."""
    headers = member(services)
    remove(services, headers)
    return headers


def remove(services: Services, headers: Headers) -> None:
    """Remove the member with this token from their team, for instance while they watch a stream."""
    with services.database.transaction() as session:
        found = session.scalars(select(Token).where(Token.hash == _hash(headers))).one()
        teams.remove(session, found.team_id, found.user_id)


# What a principal may do with the objects of the first team.
Access = Literal["none", "foreign", "look"]
PRINCIPALS: Final[dict[str, tuple[Callable[[Services], Headers], Access]]] = {
    "nobody": (nobody, "none"),
    "a token that never existed": (garbage, "none"),
    "a revoked token": (revoked, "none"),
    "an expired token": (expired, "none"),
    "an expired session": (expired_session, "none"),
    "a removed member": (removed, "none"),
    "a viewer": (viewer, "look"),
    "a member's token for reading": (reader, "look"),
    "an administrator of another team": (other_team, "foreign"),
}


def client_of(anonymous: TestClient, headers: Headers) -> TestClient:
    """A client of the same application that sends these headers with each request, and keeps its own cookies.

    Its requests run in the event loop of `anonymous`, as the requests of one process do, so that streams work.
    """
    client = TestClient(anonymous.app, base_url="http://localhost:8000", headers=headers, raise_server_exceptions=False)
    client.portal = anonymous.portal
    return client


def _hash(headers: Headers) -> str:
    return hash_of(bearer(headers))
