"""Everybody who may knock at the studio's door, each as a client that knocks.

A new kind of principal is one more function here, and one more entry in PRINCIPALS.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from fastapi.testclient import TestClient

from app.accounts import service as accounts
from app.accounts.models import BrowserSession, Membership, Team, User
from app.accounts.principal import COOKIE
from app.accounts.secrets import hash_of, new_secret
from app.core.database import utc_now
from app.services import Services

Access = Literal["unknown", "foreign", "viewer"]  # what a principal may do to the objects of the first team


@dataclass(frozen=True)
class Studio:
    """What a principal is made in: the application, and an administrator of its first team."""

    anonymous: TestClient
    administrator: TestClient
    services: Services

    def client(self, token: str | None = None, cookie: str | None = None) -> TestClient:
        """A client of the same application."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        cookies = {} if cookie is None else {COOKIE: cookie}
        return TestClient(
            self.anonymous.app,
            base_url="http://localhost:8000",
            headers=headers,
            cookies=cookies,
            raise_server_exceptions=False,
        )

    def person(self, name: str, role: str, team: str | None = None) -> tuple[str, str, str]:
        """A new person: user id, team id and a bearer token. Without `team` in the first team."""
        with self.services.database.transaction() as session:
            _, place = accounts.first_administrator(session)
            if team is not None:
                place = Team(name=team)
            user = User(name=name)
            session.add_all([place, user])
            session.flush()
            session.add(Membership(team_id=place.id, user_id=user.id, role=role))
            session.flush()
            return user.id, place.id, accounts.create_token(session, user.id, place.id, "test")[1]


def nobody(studio: Studio) -> TestClient:
    """Sends no credentials."""
    return studio.client()


def garbage(studio: Studio) -> TestClient:
    """Sends a token that was never made."""
    return studio.client(token="owt_" + "A" * 43)


def revoked(studio: Studio) -> TestClient:
    """Sends a token that its owner has revoked."""
    client = studio.client(studio.person("revoked", "admin")[2])
    token_id = client.get("/api/tokens").json()["items"][0]["id"]
    assert client.delete(f"/api/tokens/{token_id}").status_code == 204
    return client


def expired_session(studio: Studio) -> TestClient:
    """Sends the cookie of a session that has expired."""
    user_id, team_id, _ = studio.person("expired", "admin")
    secret, moment = new_secret("ows"), utc_now() - timedelta(seconds=1)
    with studio.services.database.transaction() as session:
        session.add(BrowserSession(hash=hash_of(secret), user_id=user_id, team_id=team_id, expires_at=moment))
    return studio.client(cookie=secret)


def removed(studio: Studio) -> TestClient:
    """Was a member, and an administrator has removed them."""
    user_id, _, token = studio.person("removed", "member")
    client = studio.client(token)
    assert client.get("/api/me").status_code == 200
    assert studio.administrator.delete(f"/api/members/{user_id}").status_code == 204
    return client


def viewer(studio: Studio) -> TestClient:
    """May look at the first team's objects, and change none."""
    return studio.client(studio.person("viewer", "viewer")[2])


def other_team(studio: Studio) -> TestClient:
    """Administers another team."""
    return studio.client(studio.person("stranger", "admin", team="Others")[2])


PRINCIPALS: dict[str, tuple[Callable[[Studio], TestClient], Access]] = {
    "nobody": (nobody, "unknown"),
    "garbage": (garbage, "unknown"),
    "revoked": (revoked, "unknown"),
    "expired session": (expired_session, "unknown"),
    "removed member": (removed, "unknown"),
    "viewer": (viewer, "viewer"),
    "member of another team": (other_team, "foreign"),
}
