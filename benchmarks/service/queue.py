"""Accepting jobs, and claiming them: one worker against a short and a long queue, and eight at once."""

import multiprocessing
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import delete, func, select

import app.rooms  # noqa: F401 (every table)
from app.accounts.models import Team, User
from app.core.database import Database
from app.jobs import ledger, queries
from app.jobs.forecast import plans
from app.jobs.models import Job
from benchmarks.service.installation import Installation
from benchmarks.service.timing import Times, timed
from benchmarks.table import Row

TEAMS, PEOPLE = 20, 5
WORKERS = 8
SPEC = {"generation_id": "x", "base_model": "demo", "count": 4, "steps": 20, "width": 64, "height": 64}


def accept(place: Installation, per_second: int, seconds: float) -> list[Row]:
    """Ask for drawings at a fixed rate, whether or not the ones before were answered."""
    late, times, lock = [], [], threading.Lock()

    def ask(number: int, due: float) -> None:
        time.sleep(max(0.0, due - time.monotonic()))
        began = time.monotonic()
        place.client.post("/api/generations", json={"prompt": f"a cat {number}", "count": 1}).raise_for_status()
        with lock:
            times.append((time.monotonic() - began) * 1000)
            late.append(time.monotonic() - due)

    count, began = int(per_second * seconds), time.monotonic() + 0.5
    with ThreadPoolExecutor(16) as threads:
        for number in range(count):
            threads.submit(ask, number, began + number / per_second)
    took = time.monotonic() - began
    return [
        Row(f"accepting {per_second} jobs/s for {seconds:.0f} s: reached", f"{len(times) / took:.1f} jobs/s"),
        Row("… answered: p95 (median)", f"{Times(times).slow:.0f} ms ({Times(times).typical:.0f})"),
    ]


def claims(place: Installation, short: int, long: int, rounds: int) -> list[Row]:
    """How long one claim, one listing and one forecast take, with so many jobs in the queue."""
    rows, found = [], {}
    for size in (short, long):
        _empty(place.database)
        _fill(place.database, size)
        claim = timed(lambda _: _claim_and_return(place.database), rounds)
        listing = timed(lambda _: place.client.get("/api/jobs?active=true").raise_for_status(), rounds)
        found[size] = (claim, listing)
        rows.append(Row(f"{size:,} jobs wait: one claim, p95 (median)", f"{claim.slow:.1f} ms ({claim.typical:.1f})"))
        rows.append(Row("… listing the team's", f"{listing.slow:.0f} ms ({listing.typical:.0f})"))
    with place.database.reading() as session:
        began = time.perf_counter()
        plans(session)
        rows.append(Row(f"{long:,} jobs wait: a forecast of all", f"{(time.perf_counter() - began) * 1000:.0f} ms"))
    for index, what in enumerate(("claiming", "listing")):
        growth = found[long][index].typical / found[short][index].typical
        rows.append(Row(f"{what}, {long / short:.0f} times as many jobs wait: time grows", f"{growth:.2f}×"))
    return rows


def rush(place: Installation, jobs: int) -> list[Row]:
    """Eight workers, each a process of its own, take everything that waits."""
    _empty(place.database)
    _fill(place.database, jobs)
    context = multiprocessing.get_context("spawn")
    ready, go = context.Barrier(WORKERS + 1), context.Event()
    claimed: multiprocessing.Queue[tuple[list[str], float]] = context.Queue()
    url = place.database.engine.url.render_as_string(hide_password=False)
    workers = [context.Process(target=_rush, args=(url, number, ready, go, claimed)) for number in range(WORKERS)]
    for worker in workers:
        worker.start()
    ready.wait()
    began = time.perf_counter()
    go.set()
    answers = [claimed.get() for _ in workers]
    took = time.perf_counter() - began
    taken, seconds = [job for jobs_, _ in answers for job in jobs_], sum(seconds for _, seconds in answers)
    for worker in workers:
        worker.join()
    with place.database.reading() as session:
        twice = session.execute(select(func.count()).where(Job.attempt > 1)).scalar_one()
    if len(taken) != jobs or len(set(taken)) != jobs or twice:
        raise RuntimeError(f"{len(taken)} claims of {len(set(taken))} jobs, and there were {jobs}")
    return [
        Row(f"{WORKERS} workers claim {jobs:,} jobs, none twice", f"{jobs / took:.0f} claims/s"),
        Row("… processor time of the workers for each, without the database's", f"{seconds / jobs * 1000:.1f} ms"),
    ]


def _rush(url: str, number: int, ready: object, go: object, claimed: object) -> None:
    database, taken = Database(url), []
    with database.reading() as session:
        queries.queue_of(session, "generation")
    ready.wait()  # type: ignore[attr-defined]
    go.wait()  # type: ignore[attr-defined]
    used = time.process_time()
    while True:
        with database.transaction() as session:
            job = ledger.claim(session, "generation", f"w{number}", 600)
            if job is None:
                break
            taken.append(job.id)
    claimed.put((taken, time.process_time() - used))  # type: ignore[attr-defined]
    database.dispose()


def _claim_and_return(database: Database) -> None:
    """The claim is timed with its commit; handing the job back keeps the queue as long as it was."""
    with database.transaction() as session:
        job = ledger.claim(session, "generation", "w", 600)
        assert job is not None
        lease = ledger.Lease(job.id, job.attempt)
        ledger.hand_back(session, lease)


def _fill(database: Database, jobs: int) -> None:
    teams = [f"t{number}" for number in range(TEAMS)]
    with database.transaction() as session:
        if session.get(Team, teams[0]) is None:
            session.add_all(Team(id=team, name=team) for team in teams)
            session.add_all(User(id=f"{team}u{at}", name="x") for team in teams for at in range(PEOPLE))
    for start in range(0, jobs, 500):
        with database.transaction() as session:
            for number in range(start, min(start + 500, jobs)):
                team = teams[number % TEAMS]
                job = Job(
                    team_id=team, user_id=f"{team}u{number // TEAMS % PEOPLE}", title="a cat", spec=SPEC,
                    base_model="demo", units=1.0, batch_key=f"k{number}", attempts_max=3,
                )  # fmt: skip
                ledger.submit(session, job, "generation")


def _empty(database: Database) -> None:
    with database.transaction() as session:
        session.execute(delete(Job).where(Job.kind == "generation"))
