"""The way back in: new links for the same person, open invitations, roles, and the last administrator, who stays."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text, update

from app.accounts import queries as accounts_queries
from app.accounts import service as accounts
from app.accounts.models import Membership, SignInCode, User
from app.core.database import Database, utc_now
from app.core.errors import Conflict
from app.core.settings import Settings
from app.services import Services
from app.teams import queries, service
from tests.support import principals
from tests.support.http import refused
from tests.support.principals import client_of
from tests.support.waiting import until


@pytest.fixture
def settings(tmp_path: Any) -> Settings:
    return Settings(data_dir=tmp_path / "data", members_max=5)


def code_in(link: str) -> str:
    return link.partition("#")[2]


# --- A new link for the same person -----------------------------------------------------------------------------------


def test_an_administrator_lets_a_person_in_again_and_nobody_is_added(
    administrator: TestClient, anonymous: TestClient, services: Services
) -> None:
    user_id, _ = principals.person(services, "member", name="Ada")
    before = administrator.get("/api/members").json()
    made = administrator.post(f"/api/members/{user_id}/sign-in-link")
    assert made.status_code == 201
    browser = client_of(anonymous, {})
    assert browser.post("/api/session", json={"code": code_in(made.json()["sign_in_url"])}).status_code == 204
    me = browser.get("/api/me").json()
    assert (me["user"]["id"], me["role"]) == (user_id, "member")
    assert administrator.get("/api/members").json() == before


def test_a_link_for_somebody_who_is_not_in_the_team_is_not_made(
    administrator: TestClient, stranger: TestClient, services: Services
) -> None:
    user_id, _ = principals.person(services, "member")
    assert administrator.post("/api/members/nothing/sign-in-link").status_code == 404
    assert stranger.post(f"/api/members/{user_id}/sign-in-link").status_code == 404


# --- Open invitations -------------------------------------------------------------------------------------------------


def test_open_invitations_say_for_whom_by_whom_and_until_when(administrator: TestClient, services: Services) -> None:
    me = administrator.get("/api/me").json()["user"]
    ada, team_id = principals.person(services, "viewer", name="Ada")
    principals.code(services, ada, team_id)
    invited = administrator.post("/api/members", json={"name": "Grace"}).json()
    listed = administrator.get("/api/invitations").json()["items"]
    assert [(each["user"]["name"], each["role"], each["created_by"]) for each in listed] == [
        ("Grace", "member", me),
        ("Ada", "viewer", None),
    ]
    assert timedelta(days=6.9) < datetime.fromisoformat(listed[0]["expires_at"]) - utc_now() <= timedelta(days=7)
    assert invited["id"] == listed[0]["user"]["id"]
    assert "owc_" not in str(listed)


def test_used_expired_and_foreign_invitations_are_not_listed(
    administrator: TestClient, stranger: TestClient, anonymous: TestClient, services: Services
) -> None:
    used, late, open_ = (
        administrator.post("/api/members", json={"name": name}).json() for name in ("used", "late", "open")
    )
    client_of(anonymous, {}).post("/api/session", json={"code": code_in(used["sign_in_url"])})
    with services.database.transaction() as session:
        session.execute(update(SignInCode).where(SignInCode.user_id == late["id"]).values(expires_at=utc_now()))
    listed = administrator.get("/api/invitations").json()["items"]
    assert [each["user"]["id"] for each in listed] == [open_["id"]]
    assert stranger.get("/api/invitations").json()["items"] == []
    assert stranger.delete(f"/api/invitations/{listed[0]['id']}").status_code == 404


def test_a_revoked_invitation_signs_nobody_in(administrator: TestClient, anonymous: TestClient) -> None:
    invited = administrator.post("/api/members", json={"name": "Grace"}).json()
    (listed,) = administrator.get("/api/invitations").json()["items"]
    assert administrator.delete(f"/api/invitations/{listed['id']}").status_code == 204
    answer = client_of(anonymous, {}).post("/api/session", json={"code": code_in(invited["sign_in_url"])})
    assert answer.status_code == 401
    assert administrator.delete(f"/api/invitations/{listed['id']}").status_code == 404
    assert invited["id"] in {each["id"] for each in administrator.get("/api/members").json()["items"]}


def test_a_person_has_only_so_many_open_links(administrator: TestClient, services: Services) -> None:
    user_id, _ = principals.person(services, "member")
    path = f"/api/members/{user_id}/sign-in-link"
    assert {administrator.post(path).status_code for _ in range(accounts.LINKS_MAX)} == {201}
    refused(administrator.post(path), None, "5 open sign-in links", "revoke", status=409, code="too-many-links")
    listed = administrator.get("/api/invitations").json()["items"]
    administrator.delete(f"/api/invitations/{listed[0]['id']}")
    assert administrator.post(path).status_code == 201


def test_the_command_line_always_has_a_link_and_the_oldest_make_room(services: Services) -> None:
    user_id, team_id = principals.person(services, "admin")
    for _ in range(accounts.LINKS_MAX + 3):
        principals.code(services, user_id, team_id)
    with services.database.reading() as session:
        assert len(accounts_queries.open_codes(session, team_id, utc_now(), user_id)) == accounts.LINKS_MAX


def test_a_team_has_only_so_many_members(administrator: TestClient) -> None:
    for name in ("b", "c", "d"):  # beside the first administrator and this one
        assert administrator.post("/api/members", json={"name": name}).status_code == 201
    answer = administrator.post("/api/members", json={"name": "e"})
    refused(answer, None, "5 members", "Remove somebody", status=409, code="team-full")


# --- Roles ------------------------------------------------------------------------------------------------------------


def test_a_changed_role_holds_from_the_next_request_on(
    administrator: TestClient, anonymous: TestClient, services: Services
) -> None:
    user_id, team_id = principals.person(services, "viewer")
    client = client_of(anonymous, principals.browser(services, user_id, team_id))
    assert client.post("/api/generations", json={"prompt": "x"}).status_code == 403
    changed = administrator.patch(f"/api/members/{user_id}", json={"role": "member"})
    assert (changed.status_code, changed.json()["role"]) == (200, "member")
    assert client.post("/api/generations", json={"prompt": "x"}).status_code == 202
    assert administrator.patch(f"/api/members/{user_id}", json={"role": "owner"}).json()["field"] == "role"


def test_a_change_without_a_role_changes_nothing(administrator: TestClient, services: Services) -> None:
    user_id, _ = principals.person(services, "viewer")
    assert administrator.patch(f"/api/members/{user_id}", json={}).json()["role"] == "viewer"


def test_the_last_administrator_is_neither_removed_nor_given_another_role(stranger: TestClient) -> None:
    me = stranger.get("/api/me").json()["user"]["id"]
    for answer in (
        stranger.delete(f"/api/members/{me}"),
        stranger.patch(f"/api/members/{me}", json={"role": "member"}),
    ):
        refused(answer, None, "last administrator", "Make another", status=409, code="last-administrator")
    assert stranger.patch(f"/api/members/{me}", json={"role": "admin"}).status_code == 200
    other = stranger.post("/api/members", json={"name": "other", "role": "admin"}).json()["id"]
    assert stranger.patch(f"/api/members/{me}", json={"role": "member"}).status_code == 200
    assert stranger.get("/api/members").json()["items"][1]["id"] == other


Change = Callable[[Any, str, str], Any]
CHANGES: dict[str, Change] = {
    "demoted": lambda session, team_id, user_id: service.change_role(session, team_id, user_id, "member"),
    "removed": service.remove,
}


def waits(database: Database, begun: threading.Event) -> bool:
    """Whether the second change has begun and waits for the first."""
    if database.engine.dialect.name == "sqlite":
        return begun.is_set()  # it begins as a writer, and there is one at a time
    with database.reading() as session:
        return session.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one() > 0


@pytest.mark.parametrize("first", CHANGES)
@pytest.mark.parametrize("second", CHANGES)
def test_of_two_administrators_who_are_demoted_or_removed_at_once_one_stays(
    database: Database, first: str, second: str
) -> None:
    with database.transaction() as session:
        one, team = accounts.first_administrator(session)
        two = User(name="two")
        session.add(two)
        session.flush()
        session.add(Membership(team_id=team.id, user_id=two.id, role="admin"))
    begun = threading.Event()

    def change_the_other() -> None:
        begun.set()
        with database.transaction() as session:
            CHANGES[second](session, team.id, two.id)

    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as session:
            CHANGES[first](session, team.id, one.id)
            session.flush()
            other = pool.submit(change_the_other)
            until(lambda: other.done() or waits(database, begun), "the second change to wait or to be over")
        with pytest.raises(Conflict, match="last administrator"):
            other.result()
    with database.reading() as session:
        assert queries.administrators(session, team.id) == 1
