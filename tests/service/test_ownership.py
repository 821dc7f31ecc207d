"""Members change and delete what they made themselves, and administrators everything."""

import pytest
from fastapi.testclient import TestClient

from app.main import create_app
from app.services import Services
from tests.support.http import filled, refused
from tests.support.library import drawn, ids_of, taught
from tests.support.pictures import photos

# Every call that changes one thing that a person made. A new one belongs here, or under those for everybody.
OF_THE_OWNER = {
    ("PATCH", "/api/concepts/{concept_id}"),
    ("DELETE", "/api/concepts/{concept_id}"),
    ("DELETE", "/api/concepts/{concept_id}/pictures"),
    ("POST", "/api/concepts/{concept_id}/versions"),
    ("POST", "/api/concepts/{concept_id}/versions/{number}/report"),
    ("POST", "/api/concepts/{concept_id}/versions/{number}/checkpoints/{step}"),
    ("DELETE", "/api/generations/{generation_id}"),
    ("DELETE", "/api/images/{image_id}/kept"),
    ("POST", "/api/jobs/{job_id}/cancel"),
}
OF_EVERY_MEMBER = {("PUT", "/api/images/{image_id}/kept")}
OF_EVERYBODY = {("POST", "/api/images/{image_id}/link")}  # who may see a picture may share it
OF_THE_SENDER = {("DELETE", "/api/uploads/{upload_id}")}  # see test_pictures_in_json.py
IN_THE_BIN = {("POST", "/api/bin/{item_id}/restore"), ("DELETE", "/api/bin/{item_id}")}
THINGS = ("{concept_id}", "{generation_id}", "{image_id}", "{job_id}", "{picture_id}", "{upload_id}", "{item_id}")


@pytest.fixture
def ids(member: TestClient, services: Services) -> dict[str, str]:
    return ids_of(services, taught(member, services), drawn(member, services))


def test_every_call_that_changes_a_thing_is_on_one_of_the_lists() -> None:
    paths = create_app().openapi()["paths"]
    changing = {
        (method.upper(), path)
        for path, methods in paths.items()
        for method in methods
        if method != "get" and any(name in path for name in THINGS)
    }
    assert changing == OF_THE_OWNER | OF_EVERY_MEMBER | OF_EVERYBODY | OF_THE_SENDER | IN_THE_BIN


@pytest.mark.parametrize(("method", "path"), sorted(OF_THE_OWNER))
def test_a_colleague_is_told_who_may(
    member: TestClient, colleague: TestClient, ids: dict[str, str], method: str, path: str
) -> None:
    me = member.get("/api/me").json()
    body = {"name": "Mine now"} if method == "PATCH" else None
    answer = colleague.request(method, filled(path, **ids), json=body)
    who = f"Only {me['user']['name']} and the administrators of {me['team']['name']} may"
    refused(answer, None, who, status=403, code="not-owner")


@pytest.mark.parametrize(("method", "path"), sorted(OF_EVERY_MEMBER))
def test_everybody_who_draws_may_keep_a_picture(
    colleague: TestClient, ids: dict[str, str], method: str, path: str
) -> None:
    assert colleague.request(method, filled(path, **ids)).status_code == 204


@pytest.mark.parametrize("who", ["member", "administrator"])
def test_the_owner_and_administrators_may(request: pytest.FixtureRequest, ids: dict[str, str], who: str) -> None:
    client: TestClient = request.getfixturevalue(who)
    concept = f"/api/concepts/{ids['concept_id']}"
    assert client.patch(concept, json={"name": "Better"}).json()["name"] == "Better"
    again = client.post(f"{concept}/versions", files=photos())
    assert again.status_code == 202, again.text
    assert client.post(f"/api/jobs/{again.json()['job']['id']}/cancel").status_code == 200
    assert client.delete(f"{concept}/pictures").status_code == 204
    assert client.delete(f"/api/images/{ids['image_id']}/kept").status_code == 204
    for path in (concept, f"/api/generations/{ids['generation_id']}"):
        assert client.delete(path).status_code == 204


def test_answers_say_who_made_it_and_whether_the_caller_may_change_it(
    member: TestClient, colleague: TestClient, administrator: TestClient, viewer: TestClient, ids: dict[str, str]
) -> None:
    owner = member.get("/api/me").json()["user"]
    for client, may in ((member, True), (colleague, False), (administrator, True), (viewer, False)):
        (concept,) = client.get("/api/concepts").json()["items"]
        (generation,) = client.get("/api/generations").json()["items"]
        assert (concept["owner"], concept["may_change"]) == (owner, may)
        assert (generation["created_by"], generation["may_change"]) == (owner, may)
        assert client.get(f"/api/concepts/{ids['concept_id']}").json()["may_change"] is may
        assert client.get(f"/api/generations/{ids['generation_id']}").json()["may_change"] is may


def test_a_member_who_became_a_viewer_owns_nothing_any_more(
    member: TestClient, services: Services, ids: dict[str, str]
) -> None:
    from app.teams import queries as teams

    me = member.get("/api/me").json()
    with services.database.transaction() as session:
        membership = teams.membership(session, me["team"]["id"], me["user"]["id"])
        assert membership is not None
        membership.role = "viewer"
    assert member.get(f"/api/concepts/{ids['concept_id']}").json()["may_change"] is False
    assert member.delete(f"/api/concepts/{ids['concept_id']}").status_code == 403


def test_the_members_of_a_team_still_teach_and_draw_side_by_side(
    colleague: TestClient, services: Services, ids: dict[str, str]
) -> None:
    assert colleague.post("/api/generations", json={"prompt": "a <my-mug>", "count": 1}).status_code == 202
    assert taught(colleague, services, placeholder="<other-mug>")["may_change"] is True
