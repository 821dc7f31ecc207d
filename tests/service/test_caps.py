"""A team has so many webhooks and words and no more, also when requests for the last one arrive together."""

import threading
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.core.settings import Settings
from app.services import Services
from app.webhooks import service as webhooks
from tests.support.http import refused
from tests.support.library import MUG
from tests.support.pictures import photos

HOOK = {"url": "https://hooks.example.org/x", "events": ["job.failed"]}
TOGETHER = 6


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(data_dir=tmp_path / "data", database_url=database_url, webhooks=True, concepts_max=2)


@pytest.fixture(autouse=True)
def _every_name_is_public(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.webhooks.service.resolved", lambda url, to_private: None)


def teach(member: TestClient, placeholder: str) -> int:
    answer = member.post("/api/concepts", data=MUG | {"placeholder": placeholder}, files=photos())
    return answer.status_code


def together(*calls: object) -> None:
    threads = [threading.Thread(target=call) for call in calls]  # type: ignore[arg-type]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_full_library_says_what_has_room_and_the_bin_counts(member: TestClient) -> None:
    assert (teach(member, "<my-one>"), teach(member, "<my-two>")) == (202, 202)
    says = "2 words and 0 in the bin, and there is room for 2"
    answer = member.post("/api/concepts", data=MUG, files=photos())
    refused(answer, None, says, status=409, code="library-full")
    file = {"file": ("mug.pt", b"x", "application/octet-stream")}
    refused(member.post("/api/concepts/import", data=MUG, files=file), None, says, status=409, code="library-full")
    (first, _) = member.get("/api/concepts").json()["items"]
    assert member.delete(f"/api/concepts/{first['id']}").status_code == 204
    refused(member.post("/api/concepts", data=MUG, files=photos()), None, "1 words and 1 in the bin", status=409)
    assert member.delete(f"/api/bin/{first['id']}").status_code == 204
    assert teach(member, "<my-three>") == 202


def test_words_that_are_taught_at_the_same_moment_do_not_exceed_the_limit_together(member: TestClient) -> None:
    statuses: list[int] = []
    together(*(lambda n=n: statuses.append(teach(member, f"<at-once-{n}>")) for n in range(TOGETHER)))
    assert sorted(statuses) == [202, 202, 409, 409, 409, 409]
    assert len(member.get("/api/concepts").json()["items"]) == 2


def test_webhooks_that_are_made_at_the_same_moment_do_not_exceed_the_limit_together(
    administrator: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "WEBHOOKS_MAX", 2)
    statuses: list[int] = []
    together(
        *(lambda: statuses.append(administrator.post("/api/webhooks", json=HOOK).status_code) for _ in range(TOGETHER))
    )
    assert sorted(statuses) == [201, 201, 409, 409, 409, 409]
    refused(
        administrator.post("/api/webhooks", json=HOOK), None, "at most 2 webhooks", status=409, code="webhooks-full"
    )


def test_another_team_has_room_of_its_own(member: TestClient, stranger: TestClient, services: Services) -> None:
    assert (teach(member, "<my-one>"), teach(member, "<my-two>"), teach(stranger, "<my-one>")) == (202, 202, 202)
