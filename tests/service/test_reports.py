"""Reports over REST: what a version can do, and checkpoints that become versions of their own."""

import pytest
from fastapi.testclient import TestClient
from safetensors.numpy import load
from sqlalchemy import event, update

from app.concepts.models import Version
from app.services import Services
from tests.support.embeddings import native
from tests.support.reports import REPORT, SCORES
from worker.context import WorkerContext
from worker.maintenance.orphaned_blobs import remove_orphans


@pytest.fixture
def reported(services: Services, learned: str) -> str:
    """Address of the concept's first version, which has a report of two checkpoints."""
    for vectors, name in ((1, "jobs/x/50"), (2, "jobs/x/100")):
        services.storage.put(name, native(vectors))
    for name in ("jobs/x/a.webp", "jobs/x/b.webp", "jobs/x/c.webp"):
        services.storage.put(name, name.encode())
    with services.database.transaction() as session:
        session.execute(update(Version).where(Version.concept_id == learned).values(report=REPORT))
    return f"/api/concepts/{learned}/versions/1"


def test_a_report_names_the_word_and_shows_who_drew_what(member: TestClient, reported: str) -> None:
    report = member.get(f"{reported}/report").json()
    assert report["prompts"] == ["a photo of a <my-mug>", "a <my-mug> at night"]
    assert report["initializer"]["scores"] == report["pictures"] == SCORES
    assert [(each["step"], each["chosen"]) for each in report["checkpoints"]] == [(50, False), (100, True)]
    (drawing,) = report["checkpoints"][1]["drawings"]
    assert (drawing["prompt"], drawing["seed"]) == (1, 0)
    served = member.get(drawing["url"])
    assert served.content == b"jobs/x/b.webp"
    assert served.headers["content-type"] == "image/webp"
    assert "sandbox" in served.headers["content-security-policy"]


def test_a_version_says_where_its_report_is(member: TestClient, reported: str, learned: str) -> None:
    (version,) = member.get(f"/api/concepts/{learned}/versions").json()["items"]
    assert version["report"] == f"{reported}/report"


def test_a_version_without_a_report_says_so(member: TestClient, learned: str) -> None:
    answer = member.get(f"/api/concepts/{learned}/versions/1/report")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/no-report")
    (version,) = member.get(f"/api/concepts/{learned}/versions").json()["items"]
    assert version["report"] is None


def test_a_checkpoint_becomes_a_version_of_its_own_and_the_current_one(
    member: TestClient, reported: str, learned: str
) -> None:
    made = member.post(f"{reported}/checkpoints/50")
    assert made.status_code == 201, made.text
    current = made.json()["current_version"]
    assert (current["number"], current["steps"], current["state"]) == (2, 50, "ready")
    assert (current["origin"]["version"], current["origin"]["step"]) == (1, 50)
    assert len(current["pictures"]) == 4
    assert member.get(current["sample"]).content == b"jobs/x/a.webp"
    vectors = [
        len(load(member.get(f"/api/concepts/{learned}/embedding{version}").content)["text_encoder"])
        for version in ("", "?version=1")
    ]
    assert vectors == [1, 3]
    report = member.get(current["report"]).json()
    assert [each["chosen"] for each in report["checkpoints"]] == [True, False]


def test_a_checkpoint_that_is_a_version_already_is_made_current_and_not_made_again(
    member: TestClient, reported: str, learned: str
) -> None:
    second = f"/api/concepts/{learned}/versions/2"
    numbers = [
        member.post(address).json()["current_version"]["number"]
        for address in (
            f"{reported}/checkpoints/50",
            f"{reported}/checkpoints/100",
            f"{reported}/checkpoints/50",
            f"{second}/checkpoints/100",
        )
    ]
    assert numbers == [2, 1, 2, 1]
    assert len(member.get(f"/api/concepts/{learned}/versions").json()["items"]) == 2


def test_a_checkpoint_that_was_not_kept_is_a_sentence(member: TestClient, reported: str) -> None:
    answer = member.post(f"{reported}/checkpoints/70")
    assert answer.status_code == 404
    assert "It has those of the steps 50, 100" in answer.json()["detail"]


def test_a_drawing_that_is_not_there_is_a_sentence(member: TestClient, reported: str) -> None:
    assert "3 drawings" in member.get(f"{reported}/report/drawings/3").json()["detail"]


def test_viewers_look_and_do_not_choose(viewer: TestClient, reported: str) -> None:
    assert viewer.get(f"{reported}/report").status_code == 200
    assert viewer.post(f"{reported}/checkpoints/50").status_code == 403


@pytest.mark.parametrize("path", ["report", "report/drawings/0", "checkpoints/50"])
def test_another_team_finds_nothing(stranger: TestClient, reported: str, path: str) -> None:
    method = "POST" if path.startswith("check") else "GET"
    assert stranger.request(method, f"{reported}/{path}").status_code == 404


def test_the_page_of_the_library_reads_no_report(member: TestClient, services: Services, reported: str) -> None:
    statements: list[str] = []
    event.listen(services.database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    assert member.get("/api/concepts").json()["items"][0]["current_version"]["report"]
    assert not any("versions.report," in statement.replace("\n", " ") for statement in statements)


def test_blobs_of_a_report_are_not_orphans(services: Services, reported: str) -> None:
    settings = services.settings.model_copy(update={"orphan_seconds": 0.0})
    services.storage.put("jobs/x/stray", b"")
    remove_orphans(WorkerContext(settings, services.database, services.storage))
    kept = {blob.key for blob in services.storage.list("jobs")}
    assert {"jobs/x/50", "jobs/x/100", "jobs/x/a.webp", "jobs/x/b.webp", "jobs/x/c.webp"} <= kept
    assert "jobs/x/stray" not in kept
