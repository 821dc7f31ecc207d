"""Quotas, rates and streams: what is too much is a sentence with the time to come back, and seen before it bites."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.concepts.models import Version
from app.core.database import count_up, utc_now
from app.core.settings import Settings
from app.jobs.models import Job
from app.main import create_app
from app.services import Services
from app.usage import service as usage
from app.usage.models import DayOfUse
from app.web.rate_limits import UNCOUNTED
from tests.support.http import filled
from tests.support.pictures import photos

MUG = {"placeholder": "<my-mug>", "initializer": "mug", "base_model": "demo"}


@pytest.fixture
def settings(tmp_path: Any) -> Settings:
    return Settings(
        data_dir=tmp_path / "data",
        queued_jobs_max=5,
        team_gpu_seconds_max=3600,
        team_storage_bytes_max=250_000,
        changes_per_minute=12,
        streams_max=2,
    )


@pytest.fixture(autouse=True)
def _always_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage, "MEASURED_EVERY_SECONDS", -1.0)


def draw(member: TestClient) -> Any:
    return member.post("/api/generations", json={"prompt": "x", "count": 1})


def used(services: Services, seconds: float, days_ago: int) -> None:
    with services.database.transaction() as session:
        team_id = session.scalars(select(Job.team_id).limit(1)).one()
        day = f"{utc_now() - timedelta(days=days_ago):%Y-%m-%d}"
        count_up(session, DayOfUse, {"team_id": team_id, "day": day}, {"gpu_seconds": seconds})


def test_a_full_queue_is_seen_before_it_bites_and_says_when_to_come_back(member: TestClient) -> None:
    for _ in range(4):
        assert draw(member).status_code == 202
    assert member.get("/api/usage").json()["queued_jobs"] == {"used": 4, "limit": 5, "near": True}
    assert draw(member).status_code == 202
    refused = draw(member)
    assert (refused.status_code, refused.json()["type"]) == (429, "/problems/queue-full")
    assert refused.headers["retry-after"] == "60"


def test_gpu_seconds_of_thirty_days_count_and_the_answer_says_when_there_is_room_again(
    member: TestClient, services: Services
) -> None:
    assert draw(member).status_code == 202
    used(services, 3000, days_ago=29)
    used(services, 9000, days_ago=31)
    assert member.get("/api/usage").json()["gpu_seconds"] == {"used": 3000, "limit": 3600, "near": True}
    used(services, 700, days_ago=1)
    refused = draw(member)
    assert (refused.status_code, refused.json()["type"]) == (429, "/problems/gpu-quota")
    assert 86_400 <= int(refused.headers["retry-after"]) <= 2 * 86_400


def test_a_team_whose_pictures_take_too_much_room_can_delete_some_and_go_on(member: TestClient) -> None:
    made = member.post("/api/concepts", data=MUG, files=photos())
    assert made.status_code == 202
    stored = member.get("/api/usage").json()["storage_bytes"]
    assert stored["near"]
    refused = member.post("/api/concepts", data=MUG | {"placeholder": "<other>"}, files=photos())
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/storage-quota")
    concept_id = made.json()["concept"]["id"]
    assert member.delete(f"/api/concepts/{concept_id}").status_code == 204
    usage = member.get("/api/usage").json()  # the bin takes room too
    assert usage["bin_bytes"] == usage["storage_bytes"]["used"] == stored["used"]
    assert member.post("/api/concepts", data=MUG, files=photos()).status_code == 403
    assert member.delete(f"/api/bin/{concept_id}").status_code == 204
    assert member.get("/api/usage").json()["bin_bytes"] == 0
    assert member.post("/api/concepts", data=MUG, files=photos()).status_code == 202


def test_the_pictures_of_reports_take_room_too(member: TestClient, services: Services) -> None:
    member.post("/api/concepts", data=MUG, files=photos())
    before = member.get("/api/usage").json()["storage_bytes"]["used"]
    with services.database.transaction() as session:
        session.scalars(select(Version)).one().report_bytes = 1000
    assert member.get("/api/usage").json()["storage_bytes"]["used"] == before + 1000


def change(client: TestClient, **headers: str) -> Any:
    """A request that would change something, if there were such a token."""
    return client.delete("/api/tokens/nothing", headers=headers)


def test_changes_that_come_too_fast_are_told_when_to_come_back_and_reading_goes_on(member: TestClient) -> None:
    answers = [change(member) for _ in range(13)]
    assert {answer.status_code for answer in answers[:12]} == {404}
    assert (answers[12].status_code, answers[12].json()["type"]) == (429, "/problems/too-fast")
    assert 1 <= int(answers[12].headers["retry-after"]) <= 60
    assert member.get("/api/jobs").status_code == 200


def test_every_answer_that_counts_says_how_much_is_left(member: TestClient) -> None:
    first, *_, last = [change(member) for _ in range(13)]
    assert first.headers["ratelimit-policy"] == '"changes";q=12;w=60'
    assert re.fullmatch(r'"changes";r=11;t=(60|59)', first.headers["ratelimit"])
    assert last.headers["ratelimit"] == f'"changes";r=0;t={last.headers["retry-after"]}'
    assert "ratelimit" not in member.get("/api/jobs").headers


def test_a_token_that_is_spelled_differently_has_the_same_limit(member: TestClient) -> None:
    bearer, token = member.headers["authorization"].split()
    spellings = (f"{bearer} {token}", f"bearer {token}", f"BEARER {token}", f"Bearer   {token}", f"bEaReR \t{token}")
    for round_ in range(13):
        answer = change(member, Authorization=spellings[round_ % len(spellings)])
    assert answer.status_code == 429


def test_two_tokens_of_a_person_have_one_limit(member: TestClient) -> None:
    second = member.post("/api/tokens", json={"name": "second"}).json()["token"]
    for _ in range(11):
        change(member)
    assert change(member, Authorization=f"Bearer {second}").status_code == 429


def test_reading_and_cancelling_are_never_refused_for_changing_too_much(member: TestClient, services: Services) -> None:
    job_id = draw(member).json()["job"]["id"]
    while change(member).status_code != 429:
        pass
    assert member.post("/api/tokenize", json={"text": "mug"}).status_code == 200
    assert member.post("/api/pictures/check", files=photos()).status_code == 200
    assert member.post("/api/generations/read", files={"image": b"no picture"}).status_code == 422
    assert member.post(f"/api/jobs/{job_id}/cancel").json()["state"] == "cancelled"


def test_every_uncounted_address_is_one_of_a_post(anonymous: TestClient) -> None:
    paths = anonymous.get("/openapi.json").json()["paths"]
    uncounted = {filled(path) for path, methods in paths.items() if "post" in methods and UNCOUNTED.fullmatch(path)}
    assert uncounted == {
        "/api/tokenize",
        "/api/pictures/check",
        "/api/pictures/mask",
        "/api/generations/read",
        "/api/jobs/nothing/cancel",
        "/sdapi/v1/png-info",
        "/sdapi/v1/interrupt",
        "/sdapi/v1/skip",
    }


def test_the_openai_interface_says_too_fast_in_its_own_form(member: TestClient) -> None:
    while change(member).status_code != 429:
        pass
    refused = member.post("/v1/images/generations", json={"prompt": "x"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "too-fast")


def test_one_persons_haste_is_not_anothers(member: TestClient, stranger: TestClient) -> None:
    for _ in range(13):
        change(member)
    assert change(stranger).status_code == 404


def test_a_person_has_only_so_many_streams_open(member: TestClient, services: Services) -> None:
    job = draw(member).json()["job"]
    with services.viewers.watching(job["created_by"]["id"]), services.viewers.watching(job["created_by"]["id"]):
        refused = member.get(f"/api/jobs/{job['id']}/events")
        assert (refused.status_code, refused.json()["type"]) == (429, "/problems/too-many-streams")
    services.viewers.must_have_room(job["created_by"]["id"])


def test_a_repeated_token_request_makes_one_token_with_a_secret_that_works(member: TestClient) -> None:
    key = {"Idempotency-Key": "token-1"}
    first, second = (member.post("/api/tokens", json={"name": "script"}, headers=key) for _ in range(2))
    assert first.json()["id"] == second.json()["id"]
    assert len([token for token in member.get("/api/tokens").json()["items"] if token["name"] == "script"]) == 1
    bearer = {"Authorization": f"Bearer {second.json()['token']}"}
    assert member.get("/api/me", headers=bearer).status_code == 200
    other = member.post("/api/tokens", json={"name": "another"}, headers=key)
    assert (other.status_code, other.json()["type"]) == (409, "/problems/idempotency-key-reused")


def test_a_repeated_invitation_invites_one_person_by_one_link(stranger: TestClient) -> None:
    key = {"Idempotency-Key": "ada"}
    first, second = (stranger.post("/api/members", json={"name": "Ada"}, headers=key).json() for _ in range(2))
    assert first["id"] == second["id"]
    assert len(stranger.get("/api/members").json()["items"]) == 2
    codes = [answer["sign_in_url"].rpartition("#")[2] for answer in (first, second)]
    assert [stranger.post("/api/session", json={"code": code}).status_code for code in codes] == [401, 204]


@pytest.mark.parametrize("path", ["/api/concepts", "/api/jobs", "/api/base-models"])
def test_a_client_that_has_the_newest_answer_is_told_so(member: TestClient, path: str) -> None:
    first = member.get(path)
    again = member.get(path, headers={"If-None-Match": f'"other", W/{first.headers["etag"]}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])


def test_a_changed_answer_is_sent_whole_and_a_picture_has_a_tag_too(member: TestClient) -> None:
    before = member.get("/api/concepts").headers["etag"]
    concept = member.post("/api/concepts", data=MUG, files=photos()).json()["concept"]
    assert member.get("/api/concepts", headers={"If-None-Match": before}).status_code == 200
    url = concept["pictures"][0]["url"]
    tag = member.get(url).headers["etag"]
    assert member.get(url, headers={"If-None-Match": tag}).status_code == 304
    assert member.get(url, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_request_is_named_and_its_job_remembers_the_name(member: TestClient, services: Services) -> None:
    made = member.post("/api/generations", json={"prompt": "x", "count": 1}, headers={"X-Request-ID": "from-proxy-7"})
    assert made.headers["x-request-id"] == "from-proxy-7"
    with services.database.reading() as session:
        assert session.get_one(Job, made.json()["job"]["id"]).request_id == "from-proxy-7"
    assert len(member.get("/api/jobs", headers={"X-Request-ID": "a b\tc"}).headers["x-request-id"]) == 26


def test_a_stream_is_counted_until_it_is_closed(services: Services) -> None:
    async def watched() -> int:
        with services.viewers.watching("ada"):
            await asyncio.sleep(0)
            return services.viewers._open["ada"]

    assert asyncio.run(watched()) == 1
    assert "ada" not in services.viewers._open


@pytest.fixture
def unlimited(settings: Settings) -> TestClient:
    app = create_app(settings.model_copy(update={"changes_per_minute": 0}))
    return TestClient(app, base_url="http://localhost:8000")


def test_a_rate_of_zero_is_no_limit(unlimited: TestClient) -> None:
    answers = {unlimited.post("/api/session", json={}).status_code for _ in range(15)}
    assert answers == {422}
