"""How right the expected times are: two pretended workers draw what many teams ask for, and write down when."""

import random
import threading
import time
from datetime import datetime
from statistics import median

from sqlalchemy import select

import app.rooms  # noqa: F401 (every table)
from app.core.database import Database, now, utc_now
from app.jobs import forecast, ledger
from app.jobs.cost import PIXELS_IN_A_UNIT
from app.jobs.models import Job
from app.workers.models import Worker
from benchmarks.service.installation import Installation
from benchmarks.service.queue import _empty, _fill
from benchmarks.table import Row

FIXED, EACH, NOISE = 0.15, 0.12, 0.25  # seconds of a loop, and of each unit in it; both differ by a quarter
SEED = 11


def run(place: Installation, jobs: int) -> list[Row]:
    """Learn the pace on some jobs, then ask for `jobs` more and compare what was expected with what came."""
    _empty(place.database)
    over = threading.Event()
    workers = [threading.Thread(target=_work, args=(place.database, f"pretended-{at}", over)) for at in range(2)]
    for worker in workers:
        worker.start()
    try:
        _submit(place.database, 16)
        _wait_until_empty(place.database)
        forecast._plans.clear()
        ids = _submit(place.database, jobs)
        asked = utc_now()
        with place.database.reading() as session:
            plan = forecast.plans(session)["generation"]
            expected = {job.id: plan.of(job, plan.ahead.get(job.id)) for job in session.scalars(select(Job)).all()}
        _wait_until_empty(place.database)
    finally:
        over.set()
        for worker in workers:
            worker.join()
    errors: dict[str, list[float]] = {"begins": [], "ends": []}
    with place.database.reading() as session:
        for job in session.scalars(select(Job).where(Job.id.in_(ids))):
            estimate = expected[job.id]
            if estimate is None or job.claimed_at is None or job.finished_at is None or job.claimed_at < asked:
                continue
            errors["ends"].append(_error(asked, estimate.ends_at, job.finished_at))
            if estimate.starts_at is not None:
                errors["begins"].append(_error(asked, estimate.starts_at, job.claimed_at))
    count = len(errors["ends"])
    return [
        Row(f"{count} waiting jobs, when each {what}: off by, median", f"{median(off):.0%}")
        for what, off in errors.items()
    ]


def _error(asked: datetime, expected: datetime, came: datetime) -> float:
    """How far off, as a part of the time that it really took from when it was asked."""
    took = (came - asked).total_seconds()
    return abs((expected - came).total_seconds()) / max(took, 1e-3)


def _submit(database: Database, jobs: int) -> list[str]:
    with database.reading() as session:
        before = set(session.scalars(select(Job.id)))
    _fill(database, jobs)
    chance = random.Random(SEED)
    with database.transaction() as session:
        new = [job for job in session.scalars(select(Job).order_by(Job.id)).all() if job.id not in before]
        for job in new:
            if job.state == "queued":
                job.units = float(chance.choice((1, 2, 4, 8)))
                job.cost = int(job.units * PIXELS_IN_A_UNIT)
                job.batch_key = f"k{chance.randrange(4)}"
        return [job.id for job in new]


def _work(database: Database, name: str, over: threading.Event) -> None:
    chance = random.Random(name)
    while not over.is_set():
        with database.transaction() as session:
            moment = now(session)
            session.merge(
                Worker(name=name, kinds={"generation": 16}, device="none", metrics={}, started_at=moment,
                       seen_at=moment, clock_at=moment)
            )  # fmt: skip
            leader = ledger.claim(session, "generation", name, 60)
            jobs = [] if leader is None else [leader, *ledger.claim_mates(session, leader, name, 60, 12)]
        if not jobs:
            over.wait(0.02)
            continue
        seconds = (FIXED + EACH * sum(job.units for job in jobs)) * (1 + chance.uniform(-NOISE, NOISE))
        time.sleep(seconds)
        for job in jobs:
            with database.transaction() as session:
                ledger.finish(session, ledger.Lease(job.id, job.attempt), "succeeded")


def _wait_until_empty(database: Database) -> None:
    while True:
        with database.reading() as session:
            if not session.scalars(select(Job.id).where(Job.state.in_(("queued", "running"))).limit(1)).all():
                return
        time.sleep(0.1)
