"""The ledger's promises, on both databases: one claim per job, fenced writes, nothing lost."""

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.accounts.models import User
from app.contracts.jobs import FINAL, TRANSITIONS
from app.core.database import Database, now
from app.core.errors import LeaseLost
from app.jobs import fair_queue, ledger, queries
from app.jobs.ledger import Lease
from app.jobs.models import Job, JobEvent
from app.usage.models import DayOfUse, UsageCounter
from tests.support.ledger import LEASE, add_team, claim, expire, finish, load, submit


@pytest.fixture
def team(database: Database) -> str:
    return add_team(database, "team")


def test_a_claimed_job_is_not_claimed_again(database: Database, team: str) -> None:
    job_id = submit(database, team)
    first, second = claim(database), claim(database)
    assert first is not None
    assert (first.id, first.attempt, first.state) == (job_id, 1, "running")
    assert second is None


def test_eight_workers_at_once_claim_each_of_forty_jobs_once(database: Database, team: str) -> None:
    submitted = {submit(database, team) for _ in range(40)}
    claimed: list[str] = []

    def work(name: str) -> None:
        while (job := claim(database, name)) is not None:
            claimed.append(job.id)

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == sorted(submitted)


def test_a_job_for_another_base_model_is_left_to_its_turn(database: Database, team: str) -> None:
    job_id = submit(database, team, spec={"count": 1, "base_model": "other"})
    with database.transaction() as session:
        assert ledger.claim(session, "generation", "w", LEASE, base_model="demo") is None
        assert ledger.claim(session, "generation", "w", LEASE, base_model="other") is not None
    assert load(database, job_id).state == "running"


def test_an_expired_lease_lets_the_next_worker_claim_with_a_new_attempt(database: Database, team: str) -> None:
    job_id = submit(database, team)
    claim(database, "dead")
    expire(database, job_id)
    again = claim(database, "alive")
    assert again is not None
    assert (again.id, again.attempt, again.worker) == (job_id, 2, "alive")


def _renew(session: Session, lease: Lease) -> None:
    ledger.renew(session, lease, LEASE)


def _record(session: Session, lease: Lease) -> None:
    ledger.record(session, lease, [("progress", {"step": 1})], progress={"step": 1})


def _finish(session: Session, lease: Lease) -> None:
    ledger.finish(session, lease, "succeeded")


def _hand_back(session: Session, lease: Lease) -> None:
    ledger.hand_back(session, lease)


def _try_again(session: Session, lease: Lease) -> None:
    ledger.try_again(session, lease, {"detail": "x"})


@pytest.mark.parametrize("change", [_renew, _record, _finish, _hand_back, _try_again])
def test_every_write_of_an_older_attempt_is_refused_and_changes_nothing(
    database: Database, team: str, change: Any
) -> None:
    job_id = submit(database, team)
    claim(database)
    expire(database, job_id)
    claim(database)
    before = load(database, job_id)
    with pytest.raises(LeaseLost), database.transaction() as session:
        change(session, Lease(job_id, 1))
    after = load(database, job_id)
    assert (after.state, after.attempt, after.lease_until, after.progress) == (
        before.state,
        before.attempt,
        before.lease_until,
        before.progress,
    )


def test_a_job_whose_workers_die_every_time_fails_with_a_sentence_after_its_last_attempt(
    database: Database, team: str
) -> None:
    job_id = submit(database, team, attempts_max=2)
    for _ in range(2):
        claim(database)
        expire(database, job_id)
    assert claim(database) is None
    job = load(database, job_id)
    assert job.state == "failed"
    assert job.error is not None
    assert "tried 2 times" in job.error["detail"]


def test_a_job_that_is_handed_back_keeps_its_number_of_attempts_left(database: Database, team: str) -> None:
    job_id = submit(database, team, attempts_max=1)
    claim(database)
    with database.transaction() as session:
        ledger.hand_back(session, Lease(job_id, 1))
    again = claim(database)
    assert again is not None
    assert again.attempt == 2
    expire(database, job_id)
    claim(database)
    assert load(database, job_id).state == "failed"


def test_an_attempt_that_goes_wrong_is_tried_again_until_the_last_and_then_keeps_its_error(
    database: Database, team: str
) -> None:
    job_id = submit(database, team, attempts_max=2)
    for attempt in (1, 2):
        claim(database)
        with database.transaction() as session:
            ledger.try_again(session, Lease(job_id, attempt), {"detail": f"attempt {attempt}"})
    job = load(database, job_id)
    assert (job.state, job.error) == ("failed", {"detail": "attempt 2"})


def test_cancelling_a_waiting_job_ends_it_at_once(database: Database, team: str) -> None:
    job_id = submit(database, team)
    with database.transaction() as session:
        ledger.cancel(session, session.get_one(Job, job_id), keep=False)
    assert load(database, job_id).state == "cancelled"
    assert claim(database) is None


def test_cancelling_a_running_job_only_asks_its_worker(database: Database, team: str) -> None:
    job_id = submit(database, team)
    claim(database)
    with database.transaction() as session:
        ledger.cancel(session, session.get_one(Job, job_id), keep=True)
    with database.transaction() as session:
        assert ledger.renew(session, Lease(job_id, 1), LEASE) == "keep"
    assert load(database, job_id).state == "running"


def test_cancelling_an_ended_job_changes_nothing(database: Database, team: str) -> None:
    job_id = submit(database, team)
    claim(database)
    finish(database, Lease(job_id, 1))
    with database.transaction() as session:
        ledger.cancel(session, session.get_one(Job, job_id), keep=False)
    job = load(database, job_id)
    assert (job.state, job.cancel) == ("succeeded", None)


def test_a_cancelled_job_of_a_dead_worker_ends_cancelled_and_is_not_run_again(database: Database, team: str) -> None:
    job_id = submit(database, team)
    claim(database)
    with database.transaction() as session:
        ledger.cancel(session, session.get_one(Job, job_id), keep=False)
    expire(database, job_id)
    assert claim(database) is None
    assert load(database, job_id).state == "cancelled"


def test_a_team_with_many_jobs_does_not_hold_up_another_teams_first(database: Database, team: str) -> None:
    for _ in range(20):
        submit(database, team)
    other = submit(database, add_team(database, "other"))
    claimed = [job.id for _ in range(2) if (job := claim(database)) is not None]
    assert other in claimed


def test_teams_take_turns_and_within_a_team_people_do(database: Database, team: str) -> None:
    add_team(database, "other")
    with database.transaction() as session:
        session.add(User(id="second", name="second"))
    theirs = [submit(database, team) for _ in range(4)]
    late = [submit(database, team, user_id="second") for _ in range(2)]
    others = [submit(database, "other") for _ in range(4)]
    with database.reading() as session:
        ahead = {job: fair_queue.ahead(session, session.get_one(Job, job)) for job in (*theirs, *late, *others)}
    claimed = [job.id for _ in range(10) if (job := claim(database)) is not None]
    assert [job for job in claimed if job not in others] == [
        theirs[0], late[0], theirs[1], late[1], theirs[2], theirs[3],
    ]  # fmt: skip
    assert [job for job in claimed if job in others] == others
    assert {frozenset(job in others for job in claimed[start : start + 2]) for start in range(0, 8, 2)} == {
        frozenset({True, False})
    }
    assert sorted(ahead, key=lambda job: ahead[job]) == claimed
    assert sorted(ahead.values()) == list(range(10))


def test_a_job_that_is_handed_back_goes_first_again_when_the_queue_has_been_empty(
    database: Database, team: str
) -> None:
    for _ in range(5):
        submit(database, team)
    jobs = [job for _ in range(5) if (job := claim(database)) is not None]
    submit(database, add_team(database, "other"))
    with database.transaction() as session:
        ledger.hand_back(session, Lease(jobs[0].id, 1))
    again = claim(database)
    assert again is not None
    assert again.id == jobs[0].id


def test_a_team_has_used_the_seconds_of_its_own_part_of_a_loop(database: Database, team: str) -> None:
    submit(database, team, units=3.0)
    submit(database, add_team(database, "other"), units=1.0)
    with database.transaction() as session:
        leader = ledger.claim(session, "generation", "w", LEASE)
        assert leader is not None
        mates = ledger.claim_mates(session, leader, "w", LEASE, pictures_max=12)
        began = now(session) - timedelta(seconds=40)
        session.execute(update(Job).values(claimed_at=began))
    for job in (leader, *mates):
        finish(database, Lease(job.id, 1))
    with database.reading() as session:
        used = {row.team_id: row.gpu_seconds for row in session.scalars(select(DayOfUse))}
        (tally,) = session.scalars(select(UsageCounter))
    assert used["team"] == pytest.approx(3 * used["other"], rel=0.2)
    assert sum(used.values()) == pytest.approx(40, rel=0.2)
    assert (tally.kind, tally.state, tally.jobs, tally.units) == ("generation", "succeeded", 2, 4.0)


def test_mates_share_the_leaders_loop_only_when_they_fit_and_are_alike(database: Database, team: str) -> None:
    leader_id = submit(database, team)
    alike = submit(database, team, spec={"count": 4})
    different = submit(database, team, batch_key="other")
    too_many = submit(database, team, spec={"count": 9})
    with database.transaction() as session:
        leader = ledger.claim(session, "generation", "w", LEASE)
        assert leader is not None
        mates = ledger.claim_mates(session, leader, "w", LEASE, pictures_max=12)
    assert (leader.id, [mate.id for mate in mates]) == (leader_id, [alike])
    assert {load(database, job_id).state for job_id in (different, too_many)} == {"queued"}


def test_a_job_that_lost_its_worker_runs_alone_so_that_it_takes_no_other_with_it(database: Database, team: str) -> None:
    poison, innocent, late = (submit(database, team) for _ in range(3))
    for attempt in (1, 2):
        with database.transaction() as session:
            leader = ledger.claim(session, "generation", "w", LEASE)
            assert leader is not None
            mates = ledger.claim_mates(session, leader, "w", LEASE, pictures_max=1)
        assert (leader.id, [mate.id for mate in mates]) == (poison, [innocent] if attempt == 1 else [])
        for job in (leader, *mates):
            expire(database, job.id)
    with database.transaction() as session:
        ledger.reclaim(session, LEASE)
        leader = session.get_one(Job, late)
        assert ledger.claim_mates(session, leader, "w", LEASE, pictures_max=9) == []


def test_how_many_are_ahead_is_what_workers_will_take_first(database: Database, team: str) -> None:
    ids = [submit(database, team) for _ in range(3)]
    with database.reading() as session:
        assert [fair_queue.ahead(session, session.get_one(Job, job_id)) for job_id in ids] == [0, 1, 2]


def test_the_events_of_a_job_tell_its_states_in_order(database: Database, team: str) -> None:
    job_id = submit(database, team)
    claim(database)
    finish(database, Lease(job_id, 1))
    with database.reading() as session:
        query = select(JobEvent).where(JobEvent.job_id == job_id).order_by(JobEvent.id)
        states = [event.data["state"] for event in session.scalars(query)]
    assert states == ["queued", "running", "succeeded"]


def test_watchers_of_several_jobs_are_told_what_each_has_not_heard(database: Database, team: str) -> None:
    first, second, unwatched = (submit(database, team) for _ in range(3))
    with database.reading() as session:
        heard = {each.job_id: each.id for each in queries.events_after(session, {first: 0, second: 0})}
    assert set(heard) == {first, second}
    claim(database)
    claim(database)
    claim(database)
    with database.reading() as session:
        told = queries.events_after(session, {first: heard[first], second: 0})
    assert [(each.job_id, json.loads(each.data)["state"]) for each in told] == [
        (second, "queued"), (first, "running"), (second, "running"),
    ]  # fmt: skip
    assert unwatched not in {each.job_id for each in told}
    assert "\n" not in "".join(each.data for each in told)


def test_no_final_state_has_a_way_out() -> None:
    assert frozenset({"succeeded", "failed", "cancelled"}) == FINAL
    assert all(following <= set(TRANSITIONS) for following in TRANSITIONS.values())
