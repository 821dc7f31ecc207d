"""A report that failed is drawn again: asked for over REST, drawn by a worker, and the word stays as it is."""

from collections.abc import Callable, Generator
from typing import Any
from unittest.mock import Mock

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, update

from app.concepts.models import Concept, Picture, Version
from app.core.database import utc_now
from app.jobs.models import Job
from app.services import Services
from app.usage import queries as usage
from tests.support.embeddings import native
from tests.support.pictures import photo
from tests.support.reports import REPORT
from tests.support.worker import runner
from worker.context import WorkerContext
from worker.engine.errors import BaseModelError
from worker.engine.evaluation import EvaluationPlan
from worker.generation_priority import no_yield
from worker.handlers.report_files import ReportWriter
from worker.maintenance.orphaned_blobs import remove_orphans
from worker.shutdown import SharedFlag

WITHOUT_SCORES = {"likeness": None, "editability": None, "copying": None}
FAILED = "There is no room left on the disk."


def kept(step: int) -> dict[str, Any]:
    file = {"key": f"jobs/x/{step}", "bytes": 9, "sha256": "0", "file_name": "my-mug.safetensors"}
    return {"step": step, "evaluation": 0.3, "oneword": file, **WITHOUT_SCORES}


@pytest.fixture
def failed(services: Services, learned: str) -> str:
    """Address of the concept's first version, whose report could not be drawn; two checkpoints were kept."""
    for step in (50, 100):
        services.storage.put(f"jobs/x/{step}", native(1))
    report = {
        "scorer": None, "chosen": 50, "prompts": [], "pictures": None, "initializer": None,
        "checkpoints": [kept(50), kept(100)], "drawings": [], "failed": FAILED,
    }  # fmt: skip
    with services.database.transaction() as session:
        session.execute(update(Version).where(Version.concept_id == learned).values(report=report))
    return f"/api/concepts/{learned}/versions/1"


@pytest.fixture
def work(services: Services) -> Callable[..., None]:
    """What `oneword.report` does."""

    def run(shutdown: bool = False, yield_to_generation: Callable[[], None] = no_yield) -> None:
        flag = SharedFlag()
        if shutdown:
            flag.set()
        context = WorkerContext(services.settings, services.database, services.storage)
        assert runner(context, shutdown=flag, yield_to_generation=yield_to_generation).run_next("report")

    return run


def redraw(_: ReportWriter, *__: Any) -> Generator[Any, None, dict[str, Any]]:
    """A report without the minutes that it takes."""
    yield from ()
    return {**REPORT, "chosen": 50, "drawings": [{**each, "bytes": 100} for each in REPORT["drawings"]]}


def job_of(client: TestClient, address: str, **headers: str) -> dict[str, Any]:
    answer = client.post(f"{address}/report", headers=headers)
    assert answer.status_code == 202, answer.text
    job: dict[str, Any] = answer.json()["job"]
    return job


def test_a_report_that_failed_says_why_and_what_was_kept(member: TestClient, failed: str) -> None:
    report = member.get(f"{failed}/report").json()
    assert (report["failed"], report["job_id"]) == (FAILED, None)
    assert [(each["step"], each["chosen"], each["drawings"]) for each in report["checkpoints"]] == [
        (50, True, []),
        (100, False, []),
    ]


def test_what_was_kept_of_a_report_that_failed_can_be_the_word(member: TestClient, failed: str) -> None:
    made = member.post(f"{failed}/checkpoints/100").json()["current_version"]
    assert (made["steps"], made["sample"]) == (100, None)


def test_drawing_a_report_again_is_a_job_that_its_page_names(
    member: TestClient, failed: str, learned: str, woken: list[str]
) -> None:
    job = job_of(member, failed)
    assert (job["kind"], job["state"], job["concept"]["id"]) == ("report", "queued", learned)
    assert woken[-1] == job["id"]
    assert member.get(f"{failed}/report").json()["job_id"] == job["id"]


def test_asking_twice_draws_once(member: TestClient, failed: str) -> None:
    first = job_of(member, failed, **{"Idempotency-Key": "a"})
    assert {job_of(member, failed, **{"Idempotency-Key": key})["id"] for key in ("a", "b")} == {first["id"]}


def test_a_key_of_one_report_is_refused_for_another(member: TestClient, failed: str) -> None:
    member.post(f"{failed}/checkpoints/100")
    job_of(member, failed, **{"Idempotency-Key": "a"})
    answer = member.post(failed.replace("versions/1", "versions/2") + "/report", headers={"Idempotency-Key": "a"})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/idempotency-key-reused")


def test_the_report_of_a_word_takes_the_place_of_the_failed_one(
    member: TestClient, failed: str, work: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EvaluationPlan, "for_model", lambda _: EvaluationPlan(steps=1, seeds=1, compare=True))
    job, gave_way = job_of(member, failed), Mock()
    work(yield_to_generation=gave_way)
    assert gave_way.call_count > 1  # drawings may pass between two of its steps
    assert member.get(f"/api/jobs/{job['id']}").json()["state"] == "succeeded"
    report = member.get(f"{failed}/report").json()
    assert (report["failed"], report["job_id"]) == (None, None)
    assert [each["chosen"] for each in report["checkpoints"]] == [True, False]
    assert all(each["scores"] and len(each["drawings"]) == 5 for each in report["checkpoints"])
    assert member.get(report["checkpoints"][1]["drawings"][0]["url"]).content[8:12] == b"WEBP"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is loaded and nothing is drawn."""
    monkeypatch.setattr(WorkerContext, "base_model", lambda *_: None)
    monkeypatch.setattr(ReportWriter, "rerender", redraw)


@pytest.mark.usefixtures("quick")
def test_a_version_of_which_nothing_was_kept_is_reported_by_its_own_rows(
    member: TestClient, services: Services, learned: str, work: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(ReportWriter, "rerender", lambda *given: asked.append(given) or redraw(*given))  # type: ignore[func-returns-value]
    job_of(member, f"/api/concepts/{learned}/versions/1")
    work()
    ((_, _, lesson, candidates, files),) = asked
    assert (len(candidates), len(lesson.pictures)) == (1, 4)
    assert [each["oneword"]["key"] for each in files.values()] == ["jobs/x/embedding"]
    assert member.get(f"/api/concepts/{learned}/versions/1/report").json()["checkpoints"]


@pytest.mark.usefixtures("quick")
def test_what_is_drawn_again_counts_as_stored_and_what_was_kept_stays(
    member: TestClient, services: Services, failed: str, work: Callable[..., None]
) -> None:
    with services.database.reading() as session:
        team = session.query(Concept).one().team_id
        before, _ = usage.stored_bytes(session, team)
    job_of(member, failed)
    work()
    with services.database.reading() as session:
        assert usage.stored_bytes(session, team)[0] == before + 300
    remove_orphans(
        WorkerContext(services.settings.model_copy(update={"orphan_seconds": 0.0}), services.database, services.storage)
    )
    assert {"jobs/x/50", "jobs/x/100"} <= {blob.key for blob in services.storage.list("jobs")}


@pytest.mark.usefixtures("quick")
def test_a_stage_that_was_made_the_word_gets_its_face_with_its_report(
    member: TestClient, services: Services, failed: str, work: Callable[..., None]
) -> None:
    services.storage.put("jobs/x/a.webp", photo(0))
    made = member.post(f"{failed}/checkpoints/100").json()["current_version"]
    second = failed.replace("versions/1", f"versions/{made['number']}")
    job_of(member, second)
    work()
    concept = member.get(failed.partition("/versions")[0]).json()
    assert concept["sample"] == f"{second}/report/drawings/0"
    assert member.get(concept["sample"]).status_code == 200


def test_a_report_that_fails_again_says_why_and_can_be_asked_for_again(
    member: TestClient, failed: str, work: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise BaseModelError("The model demo lacks the file config.json.")

    monkeypatch.setattr(WorkerContext, "base_model", broken)
    job = job_of(member, failed)
    work()
    ended = member.get(f"/api/jobs/{job['id']}").json()
    assert (ended["state"], ended["error"]["detail"]) == ("failed", "The model demo lacks the file config.json.")
    assert member.get(f"{failed}/report").json()["failed"] == FAILED
    assert member.get(failed.partition("/versions")[0]).json()["state"] == "ready"
    assert job_of(member, failed)["id"] != job["id"]


def test_a_worker_that_stops_hands_the_report_back(member: TestClient, failed: str, work: Callable[..., None]) -> None:
    job = job_of(member, failed)
    work(shutdown=True)
    assert member.get(f"/api/jobs/{job['id']}").json()["state"] == "queued"


def test_a_report_of_a_word_that_was_deleted_is_not_drawn(
    member: TestClient, services: Services, failed: str, work: Callable[..., None]
) -> None:
    job = job_of(member, failed)
    member.delete(failed.partition("/versions")[0])
    work()
    with services.database.reading() as session:
        found = session.get_one(Job, job["id"])
        assert (found.state, found.error and found.error["type"]) == ("failed", "/problems/concept-deleted")


def test_a_report_that_is_there_is_not_drawn_again(member: TestClient, services: Services, failed: str) -> None:
    with services.database.transaction() as session:
        session.execute(update(Version).values(report=REPORT))
    answer = member.post(f"{failed}/report")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/report-drawn")


def test_a_word_without_pictures_has_nothing_to_be_compared_with(
    member: TestClient, services: Services, failed: str
) -> None:
    with services.database.transaction() as session:
        session.execute(delete(Picture))
    answer = member.post(f"{failed}/report")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/no-pictures")
    assert "Teach it again with pictures" in answer.json()["detail"]


def test_a_version_that_is_not_learned_has_nothing_to_draw(member: TestClient, services: Services, failed: str) -> None:
    with services.database.transaction() as session:
        session.execute(update(Version).values(state="failed", finished_at=utc_now()))
    assert member.post(f"{failed}/report").json()["type"] == "/problems/not-learned"


def test_viewers_do_not_ask_for_reports(viewer: TestClient, failed: str) -> None:
    assert viewer.post(f"{failed}/report").status_code == 403


def test_another_team_finds_no_report_to_draw(stranger: TestClient, failed: str) -> None:
    assert stranger.post(f"{failed}/report").status_code == 404
