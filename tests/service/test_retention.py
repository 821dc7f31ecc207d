"""What has had its time goes, what somebody keeps stays, and training pictures go when they are asked to."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, func, select, update
from ulid import ULID

from app.core.database import Database, utc_now
from app.core.idempotency import Submission
from app.core.settings import Settings
from app.generation.models import Generation, GenerationTerm, Image
from app.jobs import ledger
from app.jobs.ledger import Lease
from app.jobs.models import Job, JobEvent
from app.retention import queries
from app.retention.service import tidy
from app.services import Services
from tests.support.pictures import photos
from tests.support.stand_in_worker import draw, sweep, teach
from tests.support.stored import blobs
from worker.context import WorkerContext
from worker.maintenance.orphaned_blobs import remove_orphans

MUG = {"placeholder": "<my-mug>", "initializer": "mug", "base_model": "demo"}


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(data_dir=tmp_path / "data", database_url=database_url, orphan_seconds=0, drawings_days=30)


def drawn(member: TestClient, services: Services) -> dict[str, Any]:
    """A drawing with one picture."""
    made = member.post("/api/generations", json={"prompt": "x", "count": 1}, headers={"Idempotency-Key": "k"})
    assert made.status_code == 202, made.text
    draw(services)
    found: dict[str, Any] = member.get(f"/api/generations/{made.json()['generation']['id']}").json()
    return found


def grow_old(database: Database, days: float) -> None:
    """Let everything that was drawn have happened so many days ago."""
    moment = utc_now() - timedelta(days=days)
    with database.transaction() as session:
        for generation in session.scalars(select(Generation)).all():
            old = str(ULID.from_datetime(moment)).lower()
            session.execute(update(Image).values(generation_id=None))
            session.execute(delete(GenerationTerm))
            session.execute(update(Generation).where(Generation.id == generation.id).values(id=old, created_at=moment))
            session.execute(update(Image).values(generation_id=old))
        session.execute(update(JobEvent).values(created_at=moment))
        session.execute(update(Submission).values(created_at=moment))


def deleted_long_ago(database: Database) -> None:
    """Let everything in the bin have been there for 31 days."""
    with database.transaction() as session:
        in_bin = update(Generation).where(Generation.deleted_at.is_not(None))
        session.execute(in_bin.values(deleted_at=utc_now() - timedelta(days=31)))


def counted(services: Services, *tables: Any) -> dict[str, int]:
    with services.database.reading() as session:
        return {
            table.__tablename__: session.execute(select(func.count()).select_from(table)).scalar_one()
            for table in tables
        }


def test_old_drawings_go_with_their_jobs_and_blobs(member: TestClient, services: Services) -> None:
    drawn(member, services)
    grow_old(services.database, 31)
    tidy(services.database, services.settings)
    assert set(counted(services, Generation, Image, Job, JobEvent, Submission).values()) == {0}
    sweep(services)
    assert blobs(services) == set()


@pytest.mark.parametrize("days", [29, 31])
def test_a_kept_picture_stays_whatever_its_age_and_a_young_one_stays_too(
    member: TestClient, services: Services, days: float
) -> None:
    image = drawn(member, services)["images"][0]["id"]
    if days > 30:
        assert member.put(f"/api/images/{image}/kept").status_code == 204
    grow_old(services.database, days)
    tidy(services.database, services.settings)
    assert member.get(f"/api/images/{image}").status_code == 200
    assert member.get(f"/api/images/{image}/recipe").json()["kept"] is (days > 30)


def test_a_picture_that_is_let_go_is_like_the_others(member: TestClient, services: Services) -> None:
    image = drawn(member, services)["images"][0]["id"]
    member.put(f"/api/images/{image}/kept")
    assert member.delete(f"/api/images/{image}/kept").status_code == 204
    grow_old(services.database, 31)
    tidy(services.database, services.settings)
    assert member.get(f"/api/images/{image}").status_code == 404


def test_nothing_goes_while_the_setting_is_off(member: TestClient, services: Services) -> None:
    image = drawn(member, services)["images"][0]["id"]
    grow_old(services.database, 3000)
    tidy(services.database, services.settings.model_copy(update={"drawings_days": 0}))
    assert member.get(f"/api/images/{image}").status_code == 200


def test_of_several_pictures_only_the_kept_ones_stay(member: TestClient, services: Services) -> None:
    first = drawn(member, services)
    member.put(f"/api/images/{first['images'][0]['id']}/kept")
    with services.database.transaction() as session:
        kept = session.get_one(Image, first["images"][0]["id"])
        columns = {column.name: getattr(kept, column.name) for column in Image.__table__.columns}
        session.add(Image(**columns | {"id": None, "position": 1, "kept_at": None}))
    grow_old(services.database, 31)
    tidy(services.database, services.settings)
    assert counted(services, Generation, Image, Job) == {"generations": 1, "images": 1, "jobs": 1}


def test_deleted_drawings_leave_no_rows_and_a_running_one_waits_for_its_end(
    member: TestClient, services: Services
) -> None:
    drawn_id = drawn(member, services)["id"]
    made = member.post("/api/generations", json={"prompt": "y", "count": 1}).json()
    with services.database.transaction() as session:
        assert ledger.claim(session, "generation", "w", 60) is not None
    for generation_id in (drawn_id, made["generation"]["id"]):
        assert member.delete(f"/api/generations/{generation_id}").status_code == 204
    tidy(services.database, services.settings)
    assert counted(services, Generation, Job) == {"generations": 2, "jobs": 2}  # in the bin
    deleted_long_ago(services.database)
    tidy(services.database, services.settings)
    assert counted(services, Generation, Job) == {"generations": 1, "jobs": 1}
    with services.database.transaction() as session:
        ledger.finish(session, Lease(made["job"]["id"], 1), "cancelled")
    tidy(services.database, services.settings)
    assert set(counted(services, Generation, Job, JobEvent).values()) == {0}


def test_the_steps_of_a_job_are_forgotten_and_its_outcome_is_not(member: TestClient, services: Services) -> None:
    job_id = member.post("/api/concepts", data=MUG, files=photos()).json()["job"]["id"]
    teach(services, job_id)
    with services.database.transaction() as session:
        session.add_all(JobEvent(job_id=job_id, attempt=1, type="progress", data={"step": n}) for n in range(9))
    grow_old(services.database, 8)
    tidy(services.database, services.settings)
    with services.database.reading() as session:
        assert set(session.scalars(select(JobEvent.type))) == {"state"}


def test_more_than_one_batch_goes_at_once(
    member: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "BATCH", 1)
    for prompt in "abc":
        member.post("/api/generations", json={"prompt": prompt, "count": 1})
        draw(services)
    for generation in member.get("/api/generations").json()["items"]:
        member.delete(f"/api/generations/{generation['id']}")
    deleted_long_ago(services.database)
    tidy(services.database, services.settings)
    assert counted(services, Generation) == {"generations": 0}


def test_a_word_outlives_the_pictures_it_was_taught_from(member: TestClient, services: Services) -> None:
    made = member.post("/api/concepts", data=MUG, files=photos()).json()
    path, picture = f"/api/concepts/{made['concept']['id']}", made["concept"]["pictures"][0]["url"]
    refused = member.delete(f"{path}/pictures")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/already-training")
    teach(services, made["job"]["id"])
    assert member.delete(f"{path}/pictures").status_code == 204
    assert member.get(picture).status_code == 404
    assert [key for key in blobs(services) if key.startswith("pictures/")] == []  # at once, without the sweep
    concept = member.get(path).json()
    assert (concept["state"], concept["pictures"]) == ("ready", [])
    assert concept["current_version"]["number"] == 1
    assert member.post("/api/generations", json={"prompt": "a <my-mug>", "count": 1}).status_code == 202
    again = member.post(f"{path}/versions")
    assert (again.status_code, again.json()["field"]) == (422, "images")
    assert member.post(f"{path}/versions", files=photos(3)).status_code == 202


def test_the_sweep_keeps_the_blobs_of_kept_pictures(member: TestClient, services: Services) -> None:
    member.put(f"/api/images/{drawn(member, services)['images'][0]['id']}/kept")
    grow_old(services.database, 31)
    tidy(services.database, services.settings)
    remove_orphans(WorkerContext(services.settings, services.database, services.storage))
    assert len(blobs(services)) == 1
