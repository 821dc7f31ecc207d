"""Addresses of pictures that open without signing in: who they speak for, how they end, and what they do not open."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete

from app.accounts.models import BrowserSession, Token
from app.accounts.principal import by_credential_id
from app.accounts.secrets import hash_of
from app.services import Services
from app.teams import service as teams
from tests.support import principals
from tests.support.http import refused
from tests.support.principals import bearer, client_of
from tests.support.stand_in_worker import draw


@pytest.fixture
def image(member: TestClient, services: Services) -> dict[str, Any]:
    """A picture that was drawn."""
    made = member.post("/api/generations", json={"prompt": "x", "count": 1}).json()
    draw(services)
    generation = member.get(f"/api/generations/{made['generation']['id']}").json()
    return {**generation["images"][0], "generation_id": generation["id"]}


def link(client: TestClient, image: dict[str, Any], **body: Any) -> str:
    """A signed address, without the studio's own in front of it."""
    made = client.post(f"/api/images/{image['id']}/link", json=body)
    assert made.status_code == 200, made.text
    parts = urlsplit(made.json()["url"])
    assert f"{parts.scheme}://{parts.netloc}" == "http://127.0.0.1:8000"
    return f"{parts.path}?{parts.query}"


def changed(address: str, **values: str) -> str:
    path, _, query = address.partition("?")
    return f"{path}?{urlencode(dict(parse_qsl(query)) | values)}"


def test_a_signed_address_shows_the_picture_to_anybody_also_on_another_site(
    member: TestClient, anonymous: TestClient, stranger: TestClient, image: dict[str, Any]
) -> None:
    address = link(member, image)
    content = member.get(image["url"]).content
    for client in (anonymous, stranger):  # who is signed in elsewhere opens it as well
        shown = client.get(address, headers={"Sec-Fetch-Site": "cross-site"})
        assert (shown.status_code, shown.content) == (200, content)
        assert shown.headers["cross-origin-resource-policy"] == "cross-origin"
        assert shown.headers["content-security-policy"] == "default-src 'none'; sandbox"
        private, _, age = shown.headers["cache-control"].partition(", max-age=")
        assert (private, 3500 < int(age) <= 3600) == ("private", True)
    assert anonymous.head(address).status_code == 200
    assert anonymous.get(f"{address}&format=jpeg&download=1").headers["content-type"] == "image/jpeg"
    assert anonymous.get(image["url"]).status_code == 401


def test_a_parameter_that_is_added_to_a_signed_address_changes_nothing_that_was_signed(
    member: TestClient, anonymous: TestClient, image: dict[str, Any]
) -> None:
    address = link(member, image)
    for more in ("&expires=", "&expires=99999999999", f"&x={'x' * 500}&expires=1"):
        refused(anonymous.get(address + more), None, "link", status=403, code="link")


def test_what_was_changed_is_refused(
    member: TestClient, anonymous: TestClient, services: Services, image: dict[str, Any]
) -> None:
    address = link(member, image)
    other = principals.administrator(services)
    with services.database.reading() as session:
        by = session.query(Token.id).where(Token.hash == hash_of(bearer(other))).scalar()
    path, _, query = address.partition("?")
    another_picture = path[:-1] + ("0" if path[-1] != "0" else "1")
    for attempt in (
        changed(address, expires="9999999999"),
        changed(address, by=by),
        changed(address, signature="A" * 43),
        changed(address, signature=""),
        changed(address, signature="é"),
        changed(address, expires="٣"),
        changed(address, expires="9" * 400),
        f"{another_picture}?{query}",
        f"{path}?signature=x",
    ):
        refused(anonymous.get(attempt), None, "Ask that person for a new one", status=403, code="link")


def test_an_address_opens_one_picture_for_reading_and_nothing_else(
    member: TestClient, anonymous: TestClient, image: dict[str, Any]
) -> None:
    query = link(member, image).partition("?")[2]
    for path in ("/recipe", "/order"):
        assert anonymous.get(f"{image['url']}{path}?{query}").status_code == 401
    for path in ("/api/me", "/api/concepts", f"/api/generations/{image['generation_id']}"):
        assert anonymous.get(f"{path}?{query}").status_code == 401
    assert anonymous.put(f"{image['url']}/kept?{query}").status_code == 401
    assert anonymous.post(f"{image['url']}/link?{query}", json={}).status_code == 401


def test_an_address_ends_with_its_time_and_with_the_picture(
    member: TestClient, anonymous: TestClient, services: Services, image: dict[str, Any]
) -> None:
    with services.database.reading() as session:
        by = session.query(Token.id).where(Token.hash == hash_of(bearer(member.headers))).scalar()
    maker = by_credential_id(services.database, by)
    assert maker is not None
    over = services.signed_addresses.sign(image["url"], maker, timedelta(seconds=-1))
    refused(anonymous.get(over), None, "expired", status=403, code="link")
    address = link(member, image, valid_for=60)
    member.delete(f"/api/generations/{image['generation_id']}")
    assert anonymous.get(address).status_code == 404
    refused(member.post(f"/api/images/{image['id']}/link", json={"valid_for": 8 * 86_400}), "valid_for", status=422)


def revoke(services: Services, user_id: str, team_id: str) -> None:
    with services.database.transaction() as session:
        session.execute(delete(Token).where(Token.user_id == user_id))


def sign_out(services: Services, user_id: str, team_id: str) -> None:
    with services.database.transaction() as session:
        session.execute(delete(BrowserSession).where(BrowserSession.user_id == user_id))


def leave(services: Services, user_id: str, team_id: str) -> None:
    with services.database.transaction() as session:
        teams.remove(session, team_id, user_id)


@pytest.mark.parametrize(
    ("enter", "end"), [(principals.token, revoke), (principals.browser, sign_out), (principals.token, leave)]
)
def test_an_address_ends_with_the_token_the_session_or_the_membership_of_its_maker(
    anonymous: TestClient,
    services: Services,
    image: dict[str, Any],
    enter: Callable[..., dict[str, str]],
    end: Callable[[Services, str, str], None],
) -> None:
    user_id, team_id = principals.person(services, "viewer")
    address = link(client_of(anonymous, enter(services, user_id, team_id)), image)
    assert anonymous.get(address).status_code == 200
    end(services, user_id, team_id)
    refused(anonymous.get(address), None, "ended with the token or session", status=403, code="link")


def test_another_team_makes_no_address_of_a_picture(stranger: TestClient, image: dict[str, Any]) -> None:
    assert stranger.post(f"/api/images/{image['id']}/link", json={}).status_code == 404


def test_answers_have_signed_addresses_where_they_are_asked_for(
    member: TestClient, anonymous: TestClient, image: dict[str, Any]
) -> None:
    plain = member.get(f"/api/generations/{image['generation_id']}").json()["images"][0]["url"]
    assert plain == image["url"]
    signed = member.get(f"/api/generations/{image['generation_id']}?signed=1").json()["images"][0]["url"]
    parts = urlsplit(signed)
    assert anonymous.get(f"{parts.path}?{parts.query}").status_code == 200


def test_only_addresses_of_pictures_are_signed(member: TestClient, services: Services) -> None:
    maker = by_credential_id(services.database, "0" * 26)
    assert maker is None
    with pytest.raises(ValueError, match="only addresses of pictures"):
        services.signed_addresses.sign("/api/members", None)  # type: ignore[arg-type]
