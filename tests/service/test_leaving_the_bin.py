"""What is in the bin goes for good: by hand, by its age, and while somebody restores it at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from app.bin import queries
from app.concepts.models import Concept, SearchTerm, Version
from app.core.database import Database, utc_now
from app.core.settings import Settings
from app.generation.models import Generation, GenerationConcept, GenerationUpload, Image
from app.jobs import ledger
from app.jobs.ledger import Lease
from app.jobs.models import Job, JobEvent
from app.main import create_app
from app.retention.service import tidy
from app.services import Services
from tests.support.http import refused
from tests.support.library import MUG, bin_of, delete, drawn, taught
from tests.support.pictures import photos
from tests.support.stand_in_worker import sweep
from tests.support.stored import blobs, written

LONG_TIME = timedelta(days=31)


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(data_dir=tmp_path / "data", database_url=database_url, orphan_seconds=0)


@pytest.fixture
def concept(member: TestClient, services: Services) -> dict[str, Any]:
    return taught(member, services)


def let_pass(services: Services, time: timedelta) -> None:
    """Let everything in the bin have been there for some time, and let the sweep come."""
    with services.database.transaction() as session:
        for table in (Concept, Generation):
            in_bin = update(table).where(table.deleted_at.is_not(None))
            session.execute(in_bin.values(deleted_at=utc_now() - time))
    tidy(services.database, services.settings)
    sweep(services)


# --- Gone for good ----------------------------------------------------------------------------------------------------


def test_removing_a_concept_for_good_leaves_no_row_and_its_training_pictures_go_at_once(
    member: TestClient, services: Services, concept: dict[str, Any]
) -> None:
    with_it = drawn(member, services, "a <my-mug>")
    delete(member, "concepts", concept)
    assert any(key.startswith("pictures/") for key in blobs(services))
    assert member.delete(f"/api/bin/{concept['id']}").status_code == 204
    assert not any(key.startswith("pictures/") for key in blobs(services))
    rows = written(services)
    assert [rows[t.__tablename__] for t in (Concept, Version, SearchTerm, GenerationConcept)] == [0, 0, 0, 0]
    assert (rows["pictures"], rows["jobs"], rows["images"]) == (0, 1, 1)  # of the drawing
    sweep(services)
    assert len(blobs(services)) == 1
    assert member.get(with_it["images"][0]["url"]).status_code == 200
    assert member.get(concept["sample"]).status_code == 404


def test_after_thirty_days_the_sweep_removes_what_is_in_the_bin_and_nothing_else(
    member: TestClient, services: Services, concept: dict[str, Any]
) -> None:
    generation, kept = drawn(member, services), taught(member, services, placeholder="<kept>")
    stays = blobs(services)
    gone = taught(member, services, placeholder="<gone>")
    for what, thing in (("concepts", concept), ("generations", generation), ("concepts", gone)):
        delete(member, what, thing)
    let_pass(services, timedelta(days=29))
    assert len(bin_of(member)) == 3
    assert member.post(f"/api/bin/{concept['id']}/restore").status_code == 200
    assert member.post(f"/api/bin/{generation['id']}/restore").status_code == 200
    let_pass(services, LONG_TIME)
    assert bin_of(member) == []
    assert blobs(services) == stays
    assert {each["id"] for each in member.get("/api/concepts").json()["items"]} == {concept["id"], kept["id"]}
    assert member.get(f"/api/generations/{generation['id']}").json() == generation


def test_an_administrator_empties_the_bin(
    member: TestClient, administrator: TestClient, services: Services, concept: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("app.bin.service.EMPTIED_AT_ONCE", 2)
    for number in range(3):
        delete(member, "generations", drawn(member, services, str(number)))
    delete(member, "concepts", concept)
    assert administrator.delete("/api/bin").status_code == 204
    assert bin_of(member) == []
    tables = (Concept, Version, Generation, GenerationUpload, Image, Job, JobEvent)
    assert {written(services)[table.__tablename__] for table in tables} == {0}
    sweep(services)
    assert blobs(services) == set()


def test_without_a_bin_deleting_removes_at_once(member: TestClient, services: Services) -> None:
    app = create_app(services.settings.model_copy(update={"bin_days": 0.0}))
    off = TestClient(app, base_url="http://localhost:8000", headers=member.headers)
    concept, generation = taught(off, services), drawn(off, services)
    delete(off, "concepts", concept)
    delete(off, "generations", generation)
    assert off.get("/api/bin").json() == {"items": [], "next": None, "days": 0}
    rows = written(services)
    assert {rows[table.__tablename__] for table in (Concept, Version, Generation, Image, Job)} == {0}
    app.state.services.database.dispose()


def test_a_job_that_still_runs_when_its_thing_is_removed_ends_and_goes_too(
    member: TestClient, services: Services, concept: dict[str, Any]
) -> None:
    training = member.post(f"/api/concepts/{concept['id']}/versions", files=photos()).json()["job"]
    drawing = member.post("/api/generations", json={"prompt": "y", "count": 1}).json()
    leases = []
    with services.database.transaction() as session:
        for kind in ("training", "generation"):
            job = ledger.claim(session, kind, "w", 60)  # type: ignore[arg-type]
            assert job is not None
            leases.append(Lease(job.id, job.attempt))
    delete(member, "concepts", concept)
    delete(member, "generations", drawing["generation"])
    for item in (concept, drawing["generation"]):
        assert member.delete(f"/api/bin/{item['id']}").status_code == 204
    assert bin_of(member) == []
    tidy(services.database, services.settings)
    assert member.get(f"/api/jobs/{training['id']}").json()["state"] == "running"
    with services.database.transaction() as session:
        for lease in leases:
            ledger.finish(session, lease, "cancelled")
    tidy(services.database, services.settings)
    rows = written(services)
    assert {rows[table.__tablename__] for table in (Concept, Version, Generation, Image, Job, JobEvent)} == {0}


def test_a_failed_import_is_in_no_bin(member: TestClient, services: Services) -> None:
    made = member.post(
        "/api/concepts/import", data=MUG, files={"file": ("mug.pt", b"x", "application/octet-stream")}
    ).json()
    delete(member, "concepts", made["concept"])
    assert member.get(f"/api/jobs/{made['job']['id']}").json()["state"] == "cancelled"
    assert bin_of(member) == []  # there is nothing to restore


def test_a_request_that_is_repeated_after_its_concept_is_gone_for_good_is_told_so(
    member: TestClient, services: Services
) -> None:
    key = {"Idempotency-Key": "once"}
    made = member.post("/api/concepts", data=MUG, files=photos(), headers=key).json()
    with services.database.transaction() as session:
        assert ledger.claim(session, "training", "w", 60) is not None
    delete(member, "concepts", made["concept"])
    again = member.post("/api/concepts", data=MUG, files=photos(), headers=key)
    assert (again.status_code, again.json()["concept"]["id"]) == (202, made["concept"]["id"])
    assert member.delete(f"/api/bin/{made['concept']['id']}").status_code == 204
    refused(member.post("/api/concepts", data=MUG, files=photos(), headers=key), None, "deleted for good", status=404)


def test_what_was_deleted_before_there_was_a_bin_is_not_in_it(
    member: TestClient, services: Services, concept: dict[str, Any]
) -> None:
    with services.database.transaction() as session:
        session.execute(update(Concept).values(deleted_at=utc_now()))
    assert bin_of(member) == []
    assert member.post(f"/api/bin/{concept['id']}/restore").status_code == 404


def test_the_jobs_of_things_that_are_there_stay(
    member: TestClient, services: Services, concept: dict[str, Any]
) -> None:
    drawn(member, services)
    with services.database.transaction() as session:
        assert queries.remove_jobs(session, 100) == 0
        assert len(session.scalars(select(Job.id)).all()) == 2


# --- At the same moment -----------------------------------------------------------------------------------------------


def waits_for_a_lock(database: Database) -> bool:
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    with database.reading() as session:
        return bool(session.execute(waiting).scalar_one())


def meanwhile(services: Services, first: Callable[[Session], object], second: Callable[[], Response]) -> Response:
    """Answer a request that begins while another transaction has not committed yet what it did first."""
    with ThreadPoolExecutor(1) as other:
        with services.database.transaction() as session:
            first(session)
            session.flush()
            answer = other.submit(second)
            while not answer.done() and not waits_for_a_lock(services.database):
                pass
        return answer.result()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("path", ["/{id}", ""])
@pytest.mark.parametrize("what", ["concepts", "generations"])
def test_what_is_restored_at_the_moment_of_its_removal_stays(
    member: TestClient, administrator: TestClient, services: Services, path: str, what: str
) -> None:
    thing = taught(member, services) if what == "concepts" else drawn(member, services)
    delete(member, what, thing)
    table: Any = Concept if what == "concepts" else Generation

    def restore(session: Session) -> None:
        item = session.get_one(table, thing["id"])
        item.deleted_at = item.deleted_by = None

    answer = meanwhile(services, restore, lambda: administrator.delete(f"/api/bin{path.format(**thing)}"))
    assert answer.status_code == (404 if path else 204)
    assert member.get(f"/api/{what}/{thing['id']}").status_code == 200
    assert member.get(thing["images" if what == "generations" else "pictures"][0]["url"]).status_code == 200


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("what", ["concepts", "generations"])
def test_what_is_removed_at_the_moment_of_its_restoration_is_not_in_the_bin(
    member: TestClient, services: Services, what: str
) -> None:
    thing = taught(member, services) if what == "concepts" else drawn(member, services)
    delete(member, what, thing)
    team = member.get("/api/me").json()["team"]["id"]

    def remove(session: Session) -> None:
        if what == "concepts":
            queries.remove_concept(session, team, thing["id"])
        else:
            queries.remove_generations(session, team, [thing["id"]])

    answer = meanwhile(services, remove, lambda: member.post(f"/api/bin/{thing['id']}/restore"))
    refused(answer, None, "removed for good", status=404)


def test_the_removal_of_what_is_in_no_bin_changes_nothing(
    member: TestClient, services: Services, concept: dict[str, Any]
) -> None:
    generation, team = drawn(member, services), member.get("/api/me").json()["team"]["id"]
    before = written(services)
    with services.database.transaction() as session:
        assert queries.remove_concept(session, team, concept["id"]) == set()
        assert queries.remove_generations(session, team, [generation["id"]]) == []
    assert written(services) == before


def test_a_change_of_a_row_that_is_gone_is_a_conflict(
    member: TestClient, concept: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stale(*_: Any, **__: Any) -> None:
        raise StaleDataError("0 rows matched")

    monkeypatch.setattr("app.concepts.service.change", stale)
    answer = member.patch(f"/api/concepts/{concept['id']}", json={"name": "x"})
    refused(answer, None, "same change at the same moment", status=409)


def test_each_part_of_emptying_has_its_entries_in_the_audit(
    member: TestClient, administrator: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.bin.service.EMPTIED_AT_ONCE", 2)
    names = ["<mug-1>", "<mug-2>", "<mug-3>"]
    for placeholder in names:
        delete(member, "concepts", taught(member, services, placeholder=placeholder))
    removed, parts = queries.remove_concept, []

    def breaking_off(session: Session, team_id: str, concept_id: str) -> set[str]:
        parts.append(concept_id)
        if len(parts) == 3:
            raise OSError("the power is cut")
        return removed(session, team_id, concept_id)

    monkeypatch.setattr(queries, "remove_concept", breaking_off)
    assert administrator.delete("/api/bin").status_code == 500
    found = administrator.get("/api/audit", params={"action": "concept.purged"}).json()["items"]
    assert [each["subject"]["label"] for each in found] == names[1:]
    (whole,) = administrator.get("/api/audit", params={"action": "bin.emptied"}).json()["items"]
    assert whole["details"] == {"concepts": 2, "generations": 0}
