"""Several sweeps at once do what one would have done, once."""

import threading
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from app.core.database import Database
from app.core.settings import Settings
from app.core.storage import open_storage
from app.jobs.models import Job, JobEvent
from tests.support.ledger import add_team, claim, expire, submit
from worker.context import WorkerContext
from worker.maintenance.orphaned_blobs import remove_orphans
from worker.maintenance.sweep import sweep


def at_once(*actions: object) -> None:
    failed: list[BaseException] = []
    gate = threading.Barrier(len(actions))

    def run(action: object) -> None:
        gate.wait()
        try:
            action()  # type: ignore[operator]
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_two_sweeps_at_once_take_each_dead_workers_job_back_once(database: Database, settings: Settings) -> None:
    jobs = [submit(database, team) for team in [add_team(database, "team")] for _ in range(12)]
    for _ in jobs:
        claim(database)
    for job_id in jobs:
        expire(database, job_id)
    at_once(*[lambda: sweep(database, settings)] * 2)
    with database.reading() as session:
        states = [(job.state, job.attempt) for job in session.scalars(select(Job))]
        told = [event.job_id for event in session.scalars(select(JobEvent)) if event.data["state"] == "queued"]
    assert states == [("queued", 1)] * len(jobs)
    assert sorted(told) == sorted([*jobs, *jobs]), "queued when it was asked for, and queued again, once"


def test_two_sweeps_at_once_remove_each_orphan_and_nothing_else(database: Database, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, orphan_seconds=0.0)
    studios = [WorkerContext(settings, database, open_storage(str(tmp_path / "blobs"))) for _ in range(2)]
    for number in range(40):
        studios[0].storage.put(f"jobs/dead/{number}.png", b"x")
    at_once(*[lambda context=context: remove_orphans(context) for context in studios])  # type: ignore[misc]
    assert list(studios[0].storage.list("")) == []


def test_a_young_blob_is_left_alone_because_a_row_may_be_about_to_name_it(database: Database, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, orphan_seconds=timedelta(days=1).total_seconds())
    context = WorkerContext(settings, database, open_storage(str(tmp_path / "blobs")))
    context.storage.put("jobs/young/0.png", b"x")
    assert remove_orphans(context) == 0
    assert context.storage.exists("jobs/young/0.png")
