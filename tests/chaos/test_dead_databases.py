"""PostgreSQL restarts under claims, or goes away under a teaching. Nothing is claimed twice, nothing is forgotten."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from app.core.database import Database
from app.jobs import ledger
from app.jobs.models import Job
from tests.support.databases import database_of, outage
from tests.support.ledger import LEASE, add_team, claim, expire, load, submit
from tests.support.studio import Stack
from tests.support.waiting import until
from worker.lease import write

pytestmark = pytest.mark.acceptance

JOBS = 60


@pytest.fixture
def url(postgres: str, migrated_postgres: str) -> Iterator[str]:
    with database_of(postgres, migrated_postgres) as url:
        yield url


def test_a_postgres_that_restarts_while_eight_workers_claim_gives_no_job_twice_and_forgets_none(
    url: str, postgres_server: Any
) -> None:
    database = Database(url)
    submitted = {submit(database, add_team(database, "team"))}
    submitted |= {submit(database, "team") for _ in range(JOBS - 1)}
    claimed: list[tuple[str, int]] = []
    some = threading.Event()

    def work(name: str) -> None:
        take = partial(ledger.claim, kind="generation", worker=name, lease_seconds=LEASE)
        while (job := write(database, take)) is not None:
            claimed.append((job.id, job.attempt))
            if len(claimed) > JOBS / 6:
                some.set()

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    some.wait()
    with outage(postgres_server):
        pass
    for thread in threads:
        thread.join()
    assert len(claimed) == len(set(claimed)), "two workers hold one lease"
    # A claim that was committed when its worker no longer heard of it runs out like any other lease.
    for job_id in submitted - {job_id for job_id, _ in claimed}:
        expire(database, job_id)
        assert claim(database) is not None
    assert {(load(database, job_id).state) for job_id in submitted} == {"running"}
    database.dispose()


def test_a_teaching_goes_on_when_its_database_was_away_and_people_get_a_sentence_meanwhile(
    build: Callable[..., Stack], url: str, postgres_server: Any
) -> None:
    stack = build(database_url=url)
    web = stack.start_web()
    worker = stack.start_worker("training")
    job_id = stack.teach("<our-zub>", steps_max=60)
    stack.wait_for_checkpoint(job_id)
    listener = web.listen(job_id)
    heard = [next(listener)]
    with outage(postgres_server):
        until(lambda: worker.says("trying again") or worker.says("heartbeat missed"), "the worker to notice")
        refused = web.client.get("/api/jobs")
        assert (refused.status_code, refused.json()["type"]) == (503, "/problems/database-unreachable")
    job: Job = stack.wait_for(job_id, "succeeded")
    assert job.attempt == 1
    heard += listener
    assert heard[-1][2]["state"] == "succeeded", "who listened all the time hears the end"
    assert heard == list(web.listen(job_id))
    assert stack.orphans() == 0
