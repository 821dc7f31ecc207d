"""The worked example of `app.jobs.fair_queue`, on both databases."""

import pytest

import app.rooms  # noqa: F401 (every table, and every hook on jobs)
from app.accounts.models import Team, User
from app.core.database import Database
from app.jobs import fair_queue, ledger, queries
from app.jobs.models import Job

SUBMITTED = [("a1", "team-a", "ada"), ("a2", "team-a", "ada"), ("b1", "team-a", "bob"), ("c1", "team-c", "eve")]


@pytest.fixture
def queue(database: Database) -> Database:
    """Ada submits a1 and a2, Bob of the same team b1, and another team c1."""
    with database.transaction() as session:
        session.add_all([*(Team(id=id_, name=id_) for id_ in ("team-a", "team-c")),
                         *(User(id=id_, name=id_) for id_ in ("ada", "bob", "eve"))])  # fmt: skip
    for id_, team, user in SUBMITTED:
        with database.transaction() as session:
            job = Job(id=id_, team_id=team, user_id=user, title=id_, spec={"count": 1}, attempts_max=3)
            ledger.submit(session, job, "generation")
    return database


def tags(database: Database) -> dict[str, tuple[int, int]]:
    with database.reading() as session:
        jobs = queries.waiting_all(session, "generation")
        return {job.id: (job.team_start_tag, job.user_start_tag) for job in jobs}


def test_new_jobs_get_the_start_tags_of_the_worked_example(queue: Database) -> None:
    assert tags(queue) == {"a1": (0, 0), "a2": (1, 1), "b1": (2, 0), "c1": (0, 0)}


def test_jobs_are_claimed_in_the_order_of_the_worked_example(queue: Database) -> None:
    with queue.reading() as session:
        forecast = [job.id for job in fair_queue.in_order(queries.waiting_all(session, "generation"))]
    claimed = []
    for _ in SUBMITTED:
        with queue.transaction() as session:
            job = ledger.claim(session, "generation", "w", 30.0)
            assert job is not None
            claimed.append(job.id)
        if job.id == "b1":
            assert tags(queue)["a2"][0] == 2, "a2 has the team start tag that b1 left"
    assert claimed == ["a1", "c1", "b1", "a2"]
    assert forecast == claimed
