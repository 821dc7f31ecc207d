"""Many people who watch jobs: what their event streams cost the web process."""

import asyncio
import json
import threading
import time
from dataclasses import dataclass, field
from statistics import median

import httpx
import psutil
from sqlalchemy import insert

from app.core.database import new_id
from app.jobs.models import Job, JobEvent
from benchmarks.service.installation import Installation
from benchmarks.table import Row


@dataclass
class Heard:
    """What the watchers received."""

    events: int = 0
    late: list[float] = field(default_factory=list)  # seconds from the insert to the watcher


def run(place: Installation, streams: int, per_second: int, seconds: float) -> list[Row]:
    """`streams` watchers, each of a job of its own that tells something `per_second` times."""
    jobs = [_running(place) for _ in range(streams)]
    heard, web = Heard(), psutil.Process(place.web)
    over = threading.Event()
    watching = threading.Thread(target=lambda: asyncio.run(_watch_all(place, jobs, heard, over)))
    watching.start()
    _tell(place, jobs, per_second, 2.0)  # until every stream is open and warm
    time.sleep(1.0)
    heard.events, heard.late = 0, []
    used, began = sum(web.cpu_times()[:2]), time.perf_counter()
    told = _tell(place, jobs, per_second, seconds)
    took = time.perf_counter() - began
    share = (sum(web.cpu_times()[:2]) - used) / took
    busy = place.busy_connections
    time.sleep(1.0)
    over.set()
    watching.join()
    return [
        Row(f"{streams} event streams, {told / took:,.0f} events/s in all: of one core", f"{share:.0%}"),
        Row("… of the events that were told, heard", f"{heard.events / told:.1%}"),
        Row("… from told to heard, median", f"{median(heard.late) * 1000:.0f} ms"),
        Row("… connections to the database that are in use meanwhile", str(busy)),
    ]


def _running(place: Installation) -> str:
    with place.database.transaction() as session:
        job = Job(
            id=new_id(), team_id=place.team_id, user_id=place.user_id, kind="training", state="running", title="t",
            spec={}, attempts_max=3, attempt=1,
        )  # fmt: skip
        session.add(job)
        return job.id


def _tell(place: Installation, jobs: list[str], per_second: int, seconds: float) -> int:
    """Insert one event of every job, `per_second` times a second. Returns how many there were."""
    told, began = 0, time.monotonic()
    for tick in range(int(seconds * per_second)):
        data = {"step": tick, "steps_max": 300, "loss": 0.3, "evaluation": 0.29, "seconds_left": 20.0}
        rows = [{"job_id": job, "attempt": 1, "type": "progress", "data": data | {"told": time.time()}} for job in jobs]
        with place.database.engine.begin() as connection:
            connection.execute(insert(JobEvent), rows)
        told += len(rows)
        time.sleep(max(0.0, began + (tick + 1) / per_second - time.monotonic()))
    return told


async def _watch_all(place: Installation, jobs: list[str], heard: Heard, over: threading.Event) -> None:
    limits = httpx.Limits(max_connections=len(jobs) + 1)
    headers, url = dict(place.client.headers), str(place.client.base_url)
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60, limits=limits) as client:
        watchers = [asyncio.create_task(_watch(client, job, heard)) for job in jobs]
        while not over.is_set():
            await asyncio.sleep(0.1)
        for watcher in watchers:
            watcher.cancel()
        await asyncio.gather(*watchers, return_exceptions=True)


async def _watch(client: httpx.AsyncClient, job: str, heard: Heard) -> None:
    async with client.stream("GET", f"/api/jobs/{job}/events") as answer:
        answer.raise_for_status()
        async for line in answer.aiter_lines():
            if line.startswith("data:"):
                heard.events += 1
                if heard.events % 50 == 0:
                    heard.late.append(time.time() - json.loads(line[5:])["told"])
