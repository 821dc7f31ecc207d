"""What a token may do: scopes, expiry, and what it may make of itself."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from app.accounts import service as accounts
from app.accounts.models import Membership, Token
from app.accounts.scopes import SCOPES, Scope
from app.core.database import utc_now
from app.services import Services
from tests.support import principals
from tests.support.http import refused
from tests.support.pictures import photos
from tests.support.principals import client_of

MUG = {"placeholder": "<my-mug>", "initializer": "mug"}


@pytest.fixture
def with_scopes(anonymous: TestClient, services: Services) -> Any:
    """Makes a client with a new administrator's token of these scopes."""

    def make(*scopes: Scope) -> TestClient:
        return client_of(anonymous, principals.token(services, *principals.person(services, "admin"), scopes))

    return make


# A call that each scope allows and no other: method, path, status with the scope.
CALLS: dict[Scope, list[tuple[str, str, int]]] = {
    "read": [
        ("GET", "/api/concepts", 200),
        ("GET", "/api/jobs/nothing/events", 404),
        ("GET", "/api/usage", 200),
        ("GET", "/api/members", 200),
        ("GET", "/api/tokens", 200),
        ("GET", "/api/sessions", 200),
        ("POST", "/api/tokenize", 422),
        ("GET", "/v1/models", 200),
    ],
    "draw": [
        ("POST", "/api/generations", 422),
        ("DELETE", "/api/generations/nothing", 404),
        ("PUT", "/api/images/nothing/kept", 404),
        ("DELETE", "/api/boards/nothing", 404),
        ("POST", "/v1/images/generations", 400),
    ],
    "teach": [
        ("POST", "/api/concepts", 422),
        ("POST", "/api/concepts/import", 422),
        ("PATCH", "/api/concepts/nothing", 404),
        ("DELETE", "/api/concepts/nothing", 404),
        ("DELETE", "/api/concepts/nothing/pictures", 404),
        ("POST", "/api/pictures/check", 200),
    ],
    "admin": [
        ("PATCH", "/api/members/nothing", 404),
        ("DELETE", "/api/members/nothing", 404),
        ("GET", "/api/invitations", 200),
        ("GET", "/api/webhooks", 200),
        ("POST", "/api/tokens", 422),
        ("DELETE", "/api/tokens/nothing", 404),
        ("DELETE", "/api/sessions/nothing", 404),
    ],
}


@pytest.mark.parametrize("scope", SCOPES)
def test_a_token_may_do_what_its_scope_allows_and_nothing_else(with_scopes: Any, scope: Scope) -> None:
    client = with_scopes(scope)
    for needed, calls in CALLS.items():
        for method, path, status in calls:
            answer = client.request(method, path, json={} if method in ("POST", "PATCH") else None)
            if needed == scope:
                assert answer.status_code == status, (method, path, answer.text)
            else:
                refused(answer, None, f"the scope {needed}", f"has {scope}", status=403, code="scope")


def test_a_job_is_cancelled_with_the_scope_that_makes_one(
    member: TestClient, services: Services, with_scopes: Any
) -> None:
    training = member.post("/api/concepts", data=MUG, files=photos()).json()["job"]["id"]
    drawing = member.post("/api/generations", json={"prompt": "a cat", "count": 1}).json()["job"]["id"]
    refused(with_scopes("read").post(f"/api/jobs/{drawing}/cancel"), None, "draw or teach", status=403)
    refused(with_scopes("draw").post(f"/api/jobs/{training}/cancel"), None, "the scope teach", status=403)
    refused(with_scopes("teach").post(f"/api/jobs/{drawing}/cancel"), None, "the scope draw", status=403)
    assert with_scopes("draw").post(f"/api/jobs/{drawing}/cancel").status_code == 200
    assert with_scopes("teach").post(f"/api/jobs/{training}/cancel").status_code == 200


def test_a_new_token_reads_draws_and_teaches_and_an_administrators_only_manages_when_asked_to(
    administrator: TestClient, anonymous: TestClient
) -> None:
    usual = administrator.post("/api/tokens", json={"name": "usual"}).json()
    assert (usual["scopes"], usual["expires_at"]) == (["read", "draw", "teach"], None)
    asked = {"name": "all", "scopes": ["admin", "read"], "expires_in_days": 30}
    asked_for = administrator.post("/api/tokens", json=asked).json()
    assert asked_for["scopes"] == ["read", "admin"]
    me = client_of(anonymous, {"Authorization": f"Bearer {asked_for['token']}"}).get("/api/me").json()
    assert (me["credential"], me["scopes"], me["expires_at"]) == ("token", ["read", "admin"], asked_for["expires_at"])


def test_a_member_makes_no_token_that_manages(member: TestClient) -> None:
    answer = member.post("/api/tokens", json={"name": "x", "scopes": ["read", "admin"]})
    refused(answer, "scopes", "scope admin", "yours in Studio is member", status=403, code="scope")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["write"]}, "scopes.0"),
        ({"expires_in_days": 0}, "expires_in_days"),
        ({"expires_in_days": 10**400}, "expires_in_days"),
    ],
)
def test_scopes_and_days_that_do_not_exist_are_refused_by_name(
    member: TestClient, body: dict[str, Any], field: str
) -> None:
    answer = member.post("/api/tokens", json={"name": "x"} | body)
    assert (answer.status_code, answer.json().get("field")) == (422, field), answer.text


def test_a_token_makes_no_token_that_may_do_more_or_lasts_longer(
    administrator: TestClient, anonymous: TestClient
) -> None:
    asked = {"name": "short", "scopes": ["read", "admin"], "expires_in_days": 2}
    made = administrator.post("/api/tokens", json=asked).json()
    short = client_of(anonymous, {"Authorization": f"Bearer {made['token']}"})
    refused(short.post("/api/tokens", json={"name": "more"}), "scopes", "no scope draw and teach", status=403)
    longer = {"name": "longer", "scopes": ["read"], "expires_in_days": 3}
    refused(short.post("/api/tokens", json=longer), "expires_in_days", "lasts longer")
    same = short.post("/api/tokens", json={"name": "same", "scopes": ["read"]}).json()
    assert same["expires_at"] == made["expires_at"]


def test_a_token_without_the_scope_admin_makes_no_token_but_revokes_itself(
    member: TestClient, anonymous: TestClient
) -> None:
    made = member.post("/api/tokens", json={"name": "mine"}).json()
    other = member.post("/api/tokens", json={"name": "other"}).json()
    client = client_of(anonymous, {"Authorization": f"Bearer {made['token']}"})
    refused(client.post("/api/tokens", json={"name": "x"}), None, "the scope admin", status=403)
    refused(client.delete(f"/api/tokens/{other['id']}"), None, "the scope admin", status=403)
    refused(client.delete("/api/sessions"), None, "the scope admin", status=403)
    assert client.delete(f"/api/tokens/{made['id']}").status_code == 204
    assert client.get("/api/me").status_code == 401


def test_a_token_of_before_there_were_scopes_keeps_the_whole_role(member: TestClient) -> None:
    me = member.get("/api/me").json()
    assert (me["scopes"], me["expires_at"]) == (["read", "draw", "teach"], None)
    assert member.post("/api/tokens", json={"name": "x"}).status_code == 201


def test_an_expired_token_signs_nobody_in(anonymous: TestClient, services: Services) -> None:
    client = client_of(anonymous, principals.expired(services))
    refused(client.get("/api/me"), None, status=401)


def test_a_token_never_outgrows_its_owner(anonymous: TestClient, services: Services) -> None:
    user_id, team_id = principals.person(services, "admin")
    client = client_of(anonymous, principals.token(services, user_id, team_id, SCOPES))
    with services.database.transaction() as session:
        session.execute(update(Membership).where(Membership.user_id == user_id).values(role="viewer"))
    assert client.get("/api/me").json()["scopes"] == ["read"]
    refused(client.post("/api/generations", json={"prompt": "x"}), None, "the role member", status=403)


def test_a_person_has_only_so_many_tokens(member: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "TOKENS_MAX", 2)
    assert member.post("/api/tokens", json={"name": "second"}).status_code == 201
    answer = member.post("/api/tokens", json={"name": "third"})
    refused(answer, None, "2 tokens", "Revoke one", status=409, code="too-many-tokens")


def test_a_repeated_request_with_other_scopes_is_another_request(member: TestClient) -> None:
    key = {"Idempotency-Key": "token-1"}
    assert member.post("/api/tokens", json={"name": "x"}, headers=key).status_code == 201
    other = member.post("/api/tokens", json={"name": "x", "scopes": ["read"]}, headers=key)
    refused(other, "Idempotency-Key", status=409, code="idempotency-key-reused")


def test_an_expiry_is_kept_to_the_second(administrator: TestClient, services: Services) -> None:
    before = utc_now()
    made = administrator.post("/api/tokens", json={"name": "x", "expires_in_days": 7}).json()
    with services.database.reading() as session:
        row = session.get_one(Token, made["id"])
    assert row.expires_at is not None
    assert before + timedelta(days=7) <= row.expires_at <= utc_now() + timedelta(days=7)


@pytest.mark.parametrize("scopes", [("admin",), SCOPES])
def test_a_token_that_was_made_for_scopes_makes_no_link_that_would_outlive_it(
    administrator: TestClient, services: Services, with_scopes: Any, scopes: tuple[Scope, ...]
) -> None:
    user_id, _ = principals.person(services, "admin")
    before = administrator.get("/api/members").json()
    for path in (f"/api/members/{user_id}/sign-in-link", "/api/members"):
        answer = with_scopes(*scopes).post(path, json={"name": "Grace"} if path.endswith("members") else None)
        refused(answer, None, "A token cannot make sign-in links", "on the settings page", status=403, code="scope")
    assert len(administrator.get("/api/members").json()["items"]) == len(before["items"]) + 2  # the tokens' owners
    assert administrator.get("/api/invitations").json()["items"] == []


def test_a_token_from_before_there_were_scopes_still_makes_links(administrator: TestClient, services: Services) -> None:
    user_id, _ = principals.person(services, "viewer")
    assert administrator.post(f"/api/members/{user_id}/sign-in-link").status_code == 201
    assert administrator.post("/api/members", json={"name": "Grace"}).status_code == 201
