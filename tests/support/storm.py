"""A random storm over a studio: everything that can die, hang, forget or go away does, for minutes, while jobs come in.

Afterwards every job has to be in a final state, done once, with the right result. The seed fixes what happens and
when each request is sent. When the blows hit each process differs from run to run.
"""

import io
import random
import signal
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import numpy as np
import psutil
from PIL import Image as Pillow
from sqlalchemy import select

from app.concepts.models import Concept
from app.contracts.jobs import FINAL
from app.generation.models import Image
from app.jobs.models import Job, JobEvent
from app.retention.queries import blob_keys
from tests.support.studio import EXAMPLE, Stack, Web, Worker, kill
from tests.support.waiting import until
from worker.engine.generation import Request, SamplerSettings, draw
from worker.maintenance.orphaned_blobs import remove_orphans

WORD = "<our-zub>"
THINGS = ("cat", "mug", "house", WORD)
TRAINING_SEEDS = (1, 2)  # equal seeds must give equal rows, to the bit
TEACHING = {"initializer": "monster", "steps_max": 12}
CANCELLED_SHARE = 0.1


@dataclass
class Asked:
    """A request, and whether it was cancelled."""

    kind: str
    body: dict[str, Any]
    key: str = field(default_factory=lambda: str(uuid.uuid4()))
    job_id: str = ""
    cancelled: bool = False


def _let_pass(seconds: float) -> None:
    threading.Event().wait(seconds)


class Storm:
    """One storm: `run` it, then `check` what is left."""

    def __init__(self, stack: Stack, seed: int, seconds: float, jobs: int, database: Any = None) -> None:
        self.stack, self.seconds, self.database = stack, seconds, database
        self.dice = random.Random(seed)
        self.asked = [self._wish(number) for number in range(jobs)]
        self.did: list[str] = []
        self.sleeping: list[tuple[float, psutil.Process]] = []

    def _wish(self, number: int) -> Asked:
        if number % 3 == 0:
            return Asked(
                "training", {**TEACHING, "placeholder": f"<storm-{number}>", "seed": self.dice.choice(TRAINING_SEEDS)}
            )
        prompt = f"a photo of a {self.dice.choice(THINGS)}".replace(f"a {WORD}", WORD)
        seed, count = self.dice.randrange(1000), self.dice.randint(1, 3)
        return Asked("generation", {"prompt": prompt, "seed": seed, "count": count, "steps": self.dice.choice((4, 12))})

    # --- The weather ---

    def run(self) -> None:
        """Let it blow, then mend what is broken and wait until nothing waits or runs."""
        self.stack.start_worker("training")
        word = self.stack.wait_for(self.stack.teach(WORD, steps_max=1), "succeeded")
        self.word = self.stack.embedding(word.id)
        self.web: Web = self.stack.start_web()
        for _ in range(2):
            self.stack.start_worker("generation")
            self.stack.start_sweep()
        began = time.monotonic()
        coming = list(self.asked)
        while (passed := time.monotonic() - began) < self.seconds or coming or len(self.did) < self.seconds:
            while coming and len(self.asked) - len(coming) <= passed / self.seconds * len(self.asked) * 1.5:
                self._ask(coming.pop(0))
            self._strike()
            self._wake(time.monotonic())
            _let_pass(self.dice.uniform(0.1, 1.5))
        self._calm()

    def _strike(self) -> None:
        blows: dict[Callable[[], None], int] = {
            self._kill_child: 4,
            self._kill_worker: 2,
            self._stop_worker: 3,
            self._suspend: 3,
            self._flush: 2,
            self._restart_broker: 1,
            self._kill_web: 1,
            self._kill_sweep: 1,
            self._cancel: 1,
            self._restart_database: 1 if self.database is not None else 0,
        }
        (blow,) = self.dice.choices(list(blows), weights=list(blows.values()))
        self.did.append(blow.__name__.removeprefix("_"))
        with suppress(psutil.NoSuchProcess):
            blow()

    def _worker(self) -> Worker:
        self._supervise()
        return self.dice.choice(self.stack.workers)

    def _supervise(self) -> None:
        """Start again what ended by itself, as `oneword serve` and the containers' restart policy do: Celery gives up
        when its child is killed while it starts."""
        for worker in list(self.stack.workers):
            if not worker.parent.is_running():
                self._replace(worker, Worker.kill)

    def _kill_child(self) -> None:
        for child in self._worker().parent.children():
            child.kill()

    def _kill_worker(self) -> None:
        self._replace(self._worker(), Worker.kill)

    def _stop_worker(self) -> None:
        self._replace(self._worker(), lambda worker: worker.parent.send_signal(signal.SIGTERM))

    def _replace(self, worker: Worker, end: Callable[[Worker], None]) -> None:
        end(worker)
        self.stack.workers.remove(worker)
        self.stack.others.append(worker.parent)
        self.stack.start_worker(worker.kind)

    def _suspend(self) -> None:
        """For longer than a lease, or not."""
        until_then = time.monotonic() + self.dice.uniform(0.5, 2 * self.stack.settings.lease_seconds)
        parent = self._worker().parent
        for process in (parent, *parent.children()):
            process.suspend()
            self.sleeping.append((until_then, process))

    def _wake(self, moment: float) -> None:
        for until_then, process in [each for each in self.sleeping if each[0] <= moment]:
            self.sleeping.remove((until_then, process))
            with suppress(psutil.NoSuchProcess):
                process.resume()

    def _flush(self) -> None:
        self.stack.flush_broker()

    def _restart_broker(self) -> None:
        self.stack.stop_broker()
        self.stack.start_broker()

    def _kill_web(self) -> None:
        kill(self.web.process)
        self.web.start()

    def _kill_sweep(self) -> None:
        kill(self.stack.sweeps.pop(0))
        self.stack.start_sweep()

    def _cancel(self) -> None:
        waiting = [each for each in self.asked if each.job_id and not each.cancelled]
        if waiting and sum(each.cancelled for each in self.asked) < CANCELLED_SHARE * len(self.asked):
            wish = self.dice.choice(waiting)
            wish.cancelled = self._sent("POST", f"/api/jobs/{wish.job_id}/cancel").status_code == httpx.codes.OK

    def _restart_database(self) -> None:
        with self.database():
            _let_pass(self.dice.uniform(0, 3))

    # --- People ---

    def _ask(self, wish: Asked) -> None:
        headers = {"Idempotency-Key": wish.key}
        if wish.kind == "training":
            files = [("images", (path.name, path.read_bytes())) for path in sorted(EXAMPLE.glob("*.jpg"))]
            answer = self._sent("POST", "/api/concepts", data=wish.body, files=files, headers=headers)
        else:
            answer = self._sent("POST", "/api/generations", json=wish.body, headers=headers)
        assert answer.is_success, answer.text  # 202, or 200 when it was sent again and is done by now
        wish.job_id = answer.json()["job"]["id"]

    def _sent(self, method: str, url: str, **what: Any) -> httpx.Response:
        """The answer; asked again, as people do, while nobody answers or is ready to."""
        while True:
            with suppress(httpx.TransportError):
                answer = self.web.client.request(method, url, **what)
                if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                    return answer
            self._wake(time.monotonic())

    # --- Afterwards ---

    def _calm(self) -> None:
        self._wake(float("inf"))
        self._supervise()
        while left := self._left():  # patience is for each of them: a busy machine may take long for all
            until(lambda left=left: self._left() < left, self._unfinished)

    def _left(self) -> int:
        return sum(self._job(wish).state not in FINAL for wish in self.asked)

    def _job(self, wish: Asked) -> Job:
        return self.stack.job(wish.job_id)

    def _unfinished(self) -> str:
        jobs = [self._job(wish) for wish in self.asked]
        return ", ".join(
            f"{job.kind} {job.id}: {job.state}, attempt {job.attempt}" for job in jobs if job.state not in FINAL
        )

    def check(self) -> dict[str, int]:
        """Fail if anything was lost, done twice or done wrongly; what there was to check."""
        jobs = {wish.job_id: self._job(wish) for wish in self.asked}
        for wish in self.asked:
            job = jobs[wish.job_id]
            wanted = ("succeeded", "cancelled") if wish.cancelled else ("succeeded",)
            assert job.state in wanted, f"{job.kind} {job.id} ended {job.state}: {job.error}"
        self._check_ledger(jobs)
        self._check_pictures([wish for wish in self.asked if wish.kind == "generation"], jobs)
        self._check_words([wish for wish in self.asked if wish.kind == "training"], jobs)
        self._check_blobs()
        attempts = sum(job.attempt for job in jobs.values())
        return {"jobs": len(jobs), "attempts": attempts, "blows": len(self.did)}

    def _check_ledger(self, jobs: dict[str, Job]) -> None:
        assert len(jobs) == len(self.asked), "two requests became one job"
        with self.stack.database.reading() as session:
            known = set(session.scalars(select(Job.id)))
            query = select(JobEvent).where(JobEvent.type == "state").order_by(JobEvent.id)
            states: dict[str, list[str]] = {}
            for event in session.scalars(query):
                states.setdefault(event.job_id, []).append(event.data["state"])
        assert len(known - set(jobs)) == 1, "a request that was sent again became a second job"
        for job in jobs.values():
            assert [state for state in states[job.id] if state in FINAL] == [job.state], "it ended more than once"
            assert states[job.id][-1] == job.state
            assert states[job.id].count("running") == job.attempt

    def _check_pictures(self, wishes: list[Asked], jobs: dict[str, Job]) -> None:
        for wish in wishes:
            job = jobs[wish.job_id]
            model = self.stack.studio.base_model(job.spec["base_model"])
            with self.stack.database.reading() as session:
                query = select(Image).where(Image.generation_id == job.generation_id).order_by(Image.position)
                images = session.scalars(query).all()
            if job.state == "cancelled":
                continue
            assert [image.position for image in images] == list(range(wish.body["count"])), (
                "a picture is missing or double"
            )
            options = replace(SamplerSettings.for_model(model), steps=wish.body["steps"])
            concepts = {WORD: self.word} if WORD in wish.body["prompt"] else {}
            for image in images:
                seed = wish.body["seed"] + image.position
                (right,) = draw(model, [Request(prompt=wish.body["prompt"], concepts=concepts, seed=seed)], options)
                got = Pillow.open(io.BytesIO(self.stack.studio.storage.get(image.key))).convert("RGB")
                off = np.abs(np.asarray(got, dtype=int) - np.asarray(right, dtype=int)).max()
                assert off <= 2, f"picture {image.position} of {job.id} is another one: {off} levels off"

    def _check_words(self, wishes: list[Asked], jobs: dict[str, Job]) -> None:
        for seed in TRAINING_SEEDS:
            alike = [wish for wish in wishes if wish.body["seed"] == seed and jobs[wish.job_id].state == "succeeded"]
            if not alike:
                continue
            calm = self.stack.wait_for(self.stack.teach(f"<calm-{seed}>", **TEACHING | {"seed": seed}), "succeeded")
            right = self.stack.embedding(calm.id).rows["text_encoder"]
            for wish in alike:
                rows = self.stack.embedding(wish.job_id).rows["text_encoder"]
                assert rows.equal(right), f"{wish.body['placeholder']} was learned otherwise than without a storm"
                with self.stack.database.reading() as session:
                    concept = session.get_one(Concept, jobs[wish.job_id].concept_id)
                assert concept.current_version == 1

    def _check_blobs(self) -> None:
        studio = replace(self.stack.studio, settings=self.stack.settings.model_copy(update={"orphan_seconds": 0.0}))
        remove_orphans(studio)
        there = {blob.key for blob in studio.storage.list("")}
        with studio.database.reading() as session:
            named = set(blob_keys(session))
        assert there == named, "a row names what is not there, or an orphan is left"
