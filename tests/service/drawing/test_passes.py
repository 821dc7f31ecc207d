"""A large order is drawn in passes. Between two of them a smaller order goes first, and no bit of a picture changes."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from app.core.settings import Settings
from app.jobs.models import Job
from app.services import Services
from tests.support.http import FAST
from worker.engine.base_models import BaseModel
from worker.handlers import generation as handler

Passes = tuple[list[str], dict[int, Callable[[], object]]]
LARGE = {**FAST, "prompt": "large", "count": 3, "steps": 2, "seed": 5}
SMALL = {**FAST, "prompt": "small", "count": 1, "steps": 1}


@pytest.fixture
def settings(tmp_path: Any) -> Settings:
    """A studio that draws a single picture in a pass."""
    return Settings(data_dir=tmp_path / "data", orphan_seconds=0, batch_pictures_max=1, attempts_max=2)


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> Passes:
    """The prompts of each pass that was drawn, and what happens at the end of the pass of that number."""
    drawn: list[str] = []
    then: dict[int, Callable[[], object]] = {}
    draw = handler.draw

    def observed(model: BaseModel, requests: list[Any], *arguments: Any, **options: Any) -> Any:
        drawn.append(" ".join(request.prompt for request in requests))
        pictures = draw(model, requests, *arguments, **options)
        then.pop(len(drawn), lambda: None)()
        return pictures

    monkeypatch.setattr(handler, "draw", observed)
    return drawn, then


def pixels(member: TestClient, made: Any) -> list[bytes]:
    generation = member.get(f"/api/generations/{made.json()['generation']['id']}").json()
    assert generation["state"] == "succeeded"
    assert [image["index"] for image in generation["images"]] == list(range(generation["count"]))
    return [image_pixels(member, image["url"]) for image in generation["images"]]


def image_pixels(member: TestClient, url: str) -> bytes:
    return Image.open(io.BytesIO(member.get(url).content)).tobytes()


def test_a_small_order_is_drawn_after_the_pass_that_is_under_way_and_changes_no_bit(
    member: TestClient, services: Services, work: Callable[[], None], passes: Passes
) -> None:
    drawn, then = passes
    undisturbed = member.post("/api/generations", json=LARGE)
    work()
    assert drawn == ["large"] * 3
    drawn.clear()
    then[1] = lambda: member.post("/api/generations", json=SMALL)
    disturbed = member.post("/api/generations", json=LARGE)
    work()
    assert drawn == ["large", "small", "large", "large"]
    assert pixels(member, disturbed) == pixels(member, undisturbed)
    with services.database.reading() as session:
        job = session.get_one(Job, disturbed.json()["job"]["id"])
        assert job.attempts_max - job.attempt == 1, "giving way cost no attempt"
        once = session.get_one(Job, undisturbed.json()["job"]["id"])
        assert once.attempt == 1, "nothing waited, so it was not handed back"


def test_a_failed_attempt_keeps_its_pictures_and_the_next_one_draws_the_others(
    member: TestClient, work: Callable[[], None], passes: Passes
) -> None:
    drawn, then = passes

    def fail() -> None:
        raise RuntimeError("the device was lost")

    then[2] = fail
    made = member.post("/api/generations", json=LARGE)
    work()
    assert len(drawn) == 4, "the second picture was drawn twice, the others once"
    assert len(pixels(member, made)) == 3


def test_an_order_that_is_cancelled_between_two_passes_draws_no_further_one(
    member: TestClient, work: Callable[[], None], passes: Passes
) -> None:
    drawn, then = passes
    made = member.post("/api/generations", json=LARGE)

    def give_way_and_cancel() -> None:
        member.post("/api/generations", json=SMALL)
        then[2] = lambda: member.post(f"/api/jobs/{made.json()['job']['id']}/cancel")

    then[1] = give_way_and_cancel
    work()
    assert drawn == ["large", "small"]
    assert member.get(f"/api/jobs/{made.json()['job']['id']}").json()["state"] == "cancelled"
