"""Generations that are watched, that need more memory than there is, and that are cancelled while they are drawn."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.jobs.models import Job, JobEvent
from app.services import Services
from tests.support.databases import lose_the_next_answer
from tests.support.http import FAST
from worker.context import WorkerContext
from worker.engine.base_models import BaseModel
from worker.handlers import generation as handler
from worker.lease import LeaseRenewal
from worker.maintenance.orphaned_blobs import remove_orphans

Draw = Callable[..., Any]


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every step is reported."""
    monkeypatch.setattr(handler, "PROGRESS_SECONDS", 0.0)


@pytest.fixture
def drawing(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Draw], Draw]], None]:
    """Puts something around the engine's `draw`."""
    draw = handler.draw
    return lambda around: monkeypatch.setattr(handler, "draw", around(draw))


def events(services: Services, type_: str) -> list[dict[str, Any]]:
    with services.database.reading() as session:
        return list(session.scalars(select(JobEvent.data).where(JobEvent.type == type_).order_by(JobEvent.id)))


def after_each_step(look: Callable[[Any], None]) -> Callable[[Draw], Draw]:
    """`look` is called after the handler has heard of a step."""

    def around(draw: Draw) -> Draw:
        def drawn(*arguments: Any, on_step: Callable[[Any], None]) -> Any:
            def observed(step: Any) -> None:
                try:
                    on_step(step)
                finally:
                    look(step)

            return draw(*arguments, on_step=observed)

        return drawn

    return around


@pytest.mark.usefixtures("eager")
def test_previews_are_shown_while_it_is_drawn_and_gone_afterwards(
    member: TestClient, services: Services, work: Callable[[], None], drawing: Callable[..., None]
) -> None:
    seen: list[list[dict[str, Any]]] = []
    drawing(after_each_step(lambda _: seen.append(events(services, "preview"))))
    member.post("/api/generations", json={**FAST, "count": 2, "steps": 4})
    member.post("/api/generations", json={**FAST, "steps": 4})
    work()
    assert max(len(each) for each in seen) == 2  # one for each of the two jobs, and never two of one
    previews = [preview for each in max(seen, key=len) for preview in each["glimpses"]]
    assert {preview["index"] for preview in previews} == {0, 1}
    assert all(preview["url"].startswith("data:image/jpeg;base64,") for preview in previews)
    assert all(len(preview["url"]) < 4000 for preview in previews)
    assert events(services, "preview") == []


def test_previews_that_a_dead_worker_left_are_swept(
    member: TestClient, services: Services, context: WorkerContext
) -> None:
    made = [member.post("/api/generations", json=FAST).json()["job"]["id"] for _ in range(2)]
    with services.database.transaction() as session:
        session.add_all(JobEvent(job_id=job_id, attempt=1, type="preview", data={"glimpses": []}) for job_id in made)
        session.get_one(Job, made[0]).state = "failed"
    remove_orphans(context)
    assert len(events(services, "preview")) == 1  # of the one that may go on


def failing(error: Exception, more_than: int) -> Callable[[Draw], Draw]:
    """The engine on a machine with room for so many pictures."""

    def around(draw: Draw) -> Draw:
        def drawn(model: BaseModel, requests: list[Any], *arguments: Any, **options: Any) -> Any:
            if len(requests) > more_than:
                raise error
            return draw(model, requests, *arguments, **options)

        return drawn

    return around


@pytest.mark.parametrize("error", [torch.cuda.OutOfMemoryError("CUDA out of memory"), MemoryError()])
def test_out_of_memory_halves_the_batch_goes_on_and_says_so(
    member: TestClient, services: Services, work: Callable[[], None], drawing: Callable[..., None], error: Exception
) -> None:
    drawing(failing(error, more_than=2))
    made = member.post("/api/generations", json={**FAST, "count": 5})
    work()
    drawn = member.get(f"/api/generations/{made.json()['generation']['id']}").json()
    assert (drawn["state"], len(drawn["images"])) == ("succeeded", 5)
    said = [event["detail"] for event in events(services, "warning")]
    assert said[0].startswith("5 pictures at once were too many for this worker's memory, so 3 are drawn at a time.")


def test_one_picture_that_does_not_fit_is_a_sentence(
    member: TestClient, work: Callable[[], None], drawing: Callable[..., None]
) -> None:
    drawing(failing(MemoryError(), more_than=0))
    made = member.post("/api/generations", json=FAST)
    work()
    job = member.get(f"/api/jobs/{made.json()['job']['id']}").json()
    assert job["state"] == "failed"
    assert "64×64 pixels needs more memory" in job["error"]["detail"]


def test_one_request_that_breaks_its_loop_costs_no_other_an_attempt(
    member: TestClient, work: Callable[[], None], drawing: Callable[..., None]
) -> None:
    def breaking(draw: Draw) -> Draw:
        def drawn(model: BaseModel, requests: list[Any], *arguments: Any, **options: Any) -> Any:
            if any(request.prompt == "broken" for request in requests):
                raise RuntimeError("shapes do not match")
            return draw(model, requests, *arguments, **options)

        return drawn

    drawing(breaking)
    made = [member.post("/api/generations", json={**FAST, "prompt": text}) for text in ("a cat", "broken", "a mug")]
    work()
    jobs = [member.get(f"/api/jobs/{each.json()['job']['id']}").json() for each in made]
    assert [(job["state"], job["attempt"]) for job in jobs] == [("succeeded", 1), ("failed", 3), ("succeeded", 1)]


def test_no_more_pictures_share_a_loop_than_fit(
    member: TestClient, work: Callable[[], None], drawing: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []

    def counting(draw: Draw) -> Draw:
        def drawn(model: BaseModel, requests: list[Any], *arguments: Any, **options: Any) -> Any:
            sizes.append(len(requests))
            return draw(model, requests, *arguments, **options)

        return drawn

    monkeypatch.setattr(handler, "pictures_that_fit", lambda *_: 2)
    drawing(counting)
    member.post("/api/generations", json={**FAST, "count": 3})
    member.post("/api/generations", json={**FAST, "count": 2})
    work()
    assert sizes == [2, 2, 1]


@pytest.mark.usefixtures("eager")
def test_a_loop_whose_only_job_is_cancelled_ends_at_once(
    member: TestClient,
    services: Services,
    work: Callable[[], None],
    drawing: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = member.post("/api/generations", json={**FAST, "steps": 50})
    steps: list[int] = []
    renewals: list[LeaseRenewal] = []
    begin = LeaseRenewal.__enter__
    monkeypatch.setattr(LeaseRenewal, "__enter__", lambda self: renewals.append(self) or begin(self))

    def cancel_after_the_first(step: Any) -> None:
        steps.append(step.number)
        if len(steps) == 1:
            member.post(f"/api/jobs/{made.json()['job']['id']}/cancel")
            renewals[0].renew_all()

    drawing(after_each_step(cancel_after_the_first))
    work()
    assert steps == [1, 2]  # the second is the first that hears of it
    assert member.get(f"/api/jobs/{made.json()['job']['id']}").json()["state"] == "cancelled"
    assert events(services, "preview") == []


def test_a_picture_whose_commit_was_not_heard_of_is_shown_once_and_costs_no_attempt(
    member: TestClient, services: Services, work: Callable[[], None], drawing: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def losing(draw: Draw) -> Draw:
        def drawn(*arguments: Any, **options: Any) -> Any:
            pictures = draw(*arguments, **options)
            lose_the_next_answer(services.database, monkeypatch)  # of the transaction that shows the picture
            return pictures

        return drawn

    drawing(losing)
    made = member.post("/api/generations", json=FAST).json()
    work()
    job = member.get(f"/api/jobs/{made['job']['id']}").json()
    assert (job["state"], job["attempt"], len(events(services, "image"))) == ("succeeded", 1, 1)
