"""Drawings that are watched, that are too large for the memory, and that nobody waits for any more."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
import torch
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.jobs.models import Job, JobEvent
from app.services import Services
from tests.service.drawing.conftest import FAST
from tests.service.test_training_record import lose_the_next_answer
from worker.context import WorkerContext
from worker.engine.base_models import BaseModel
from worker.handlers import generation as handler
from worker.maintenance.orphaned_blobs import remove_orphans


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every step is reported."""
    monkeypatch.setattr(handler, "REPORT_SECONDS", 0.0)


def events(services: Services, type_: str) -> list[dict[str, Any]]:
    with services.database.reading() as session:
        return list(session.scalars(select(JobEvent.data).where(JobEvent.type == type_).order_by(JobEvent.id)))


@pytest.mark.usefixtures("eager")
def test_glimpses_are_shown_while_it_is_drawn_and_gone_afterwards(
    member: TestClient, services: Services, work: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[dict[str, Any]]] = []
    report = handler.Batch._report

    def watched(self: handler.Batch, *arguments: Any) -> None:
        seen.append(events(services, "preview"))
        report(self, *arguments)

    monkeypatch.setattr(handler.Batch, "_report", watched)
    member.post("/api/generations", json={**FAST, "count": 2, "steps": 4})
    member.post("/api/generations", json={**FAST, "steps": 4})
    work()
    assert max(len(each) for each in seen) == 2  # one for each of the two jobs, and never two of one
    latent_previews = [glimpse for each in max(seen, key=len) for glimpse in each["glimpses"]]
    assert {glimpse["index"] for glimpse in latent_previews} == {0, 1}
    assert all(glimpse["url"].startswith("data:image/jpeg;base64,") for glimpse in latent_previews)
    assert all(len(glimpse["url"]) < 4000 for glimpse in latent_previews)
    assert events(services, "preview") == []


def test_glimpses_that_a_dead_worker_left_are_swept(
    member: TestClient, services: Services, context: WorkerContext
) -> None:
    made = [member.post("/api/generations", json=FAST).json()["job"]["id"] for _ in range(2)]
    with services.database.transaction() as session:
        session.add_all(JobEvent(job_id=job_id, attempt=1, type="preview", data={"glimpses": []}) for job_id in made)
        session.get_one(Job, made[0]).state = "failed"
    remove_orphans(context)
    assert len(events(services, "preview")) == 1  # of the one that may go on


def failing(error: Exception, more_than: int) -> Callable[..., Any]:
    """The engine on a machine with room for so many pictures."""
    draw = handler.draw

    def drawn(model: BaseModel, requests: list[Any], *arguments: Any, **options: Any) -> Any:
        if len(requests) > more_than:
            raise error
        return draw(model, requests, *arguments, **options)

    return drawn


@pytest.mark.parametrize("error", [torch.cuda.OutOfMemoryError("CUDA out of memory"), MemoryError()])
def test_out_of_memory_halves_the_batch_goes_on_and_says_so(
    member: TestClient, services: Services, work: Callable[[], None], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(handler, "draw", failing(error, more_than=2))
    made = member.post("/api/generations", json={**FAST, "count": 5})
    work()
    drawn = member.get(f"/api/generations/{made.json()['generation']['id']}").json()
    assert (drawn["state"], len(drawn["images"])) == ("succeeded", 5)
    said = [event["detail"] for event in events(services, "warning")]
    assert said[0].startswith("5 pictures at once were too many for this worker's memory, so 3 are drawn at a time.")


def test_one_picture_that_does_not_fit_is_a_sentence(
    member: TestClient, work: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handler, "draw", failing(MemoryError(), more_than=0))
    made = member.post("/api/generations", json=FAST)
    work()
    job = member.get(f"/api/jobs/{made.json()['job']['id']}").json()
    assert job["state"] == "failed"
    assert "64×64 pixels needs more memory" in job["error"]["detail"]


def test_no_more_pictures_share_a_loop_than_fit(
    member: TestClient, work: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    draw = handler.draw

    def counted(model: BaseModel, requests: list[Any], *arguments: Any, **options: Any) -> Any:
        sizes.append(len(requests))
        return draw(model, requests, *arguments, **options)

    monkeypatch.setattr(handler, "pictures_that_fit", lambda *_: 2)
    monkeypatch.setattr(handler, "draw", counted)
    member.post("/api/generations", json={**FAST, "count": 3})
    member.post("/api/generations", json={**FAST, "count": 2})
    work()
    assert sizes == [2, 2, 1]


@pytest.mark.usefixtures("eager")
def test_a_loop_that_nobody_waits_for_ends_at_once(
    member: TestClient, services: Services, work: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = member.post("/api/generations", json={**FAST, "steps": 50})
    steps: list[int] = []
    on_step = handler.Batch._on_step

    def cancelled(self: handler.Batch, places: Any, step: Any) -> None:
        if not steps:
            member.post(f"/api/jobs/{made.json()['job']['id']}/cancel")
            self.heartbeat.beat()
        steps.append(step.number)
        on_step(self, places, step)

    monkeypatch.setattr(handler.Batch, "_on_step", cancelled)
    work()
    assert steps == [1]
    assert member.get(f"/api/jobs/{made.json()['job']['id']}").json()["state"] == "cancelled"
    assert events(services, "preview") == []


def test_a_picture_whose_commit_was_not_heard_of_is_shown_once_and_costs_no_attempt(
    member: TestClient, services: Services, work: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    show, lost = handler.Batch._show, threading.Event()

    def show_and_lose(self: handler.Batch, *arguments: Any) -> None:
        if not lost.is_set():
            lost.set()
            lose_the_next_answer(services.database, monkeypatch)
        show(self, *arguments)

    monkeypatch.setattr(handler.Batch, "_show", show_and_lose)
    made = member.post("/api/generations", json=FAST).json()
    work()
    job = member.get(f"/api/jobs/{made['job']['id']}").json()
    assert (job["state"], job["attempt"], len(events(services, "image"))) == ("succeeded", 1, 1)
