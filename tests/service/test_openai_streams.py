"""Streams for OpenAI clients: what they are sent when the job, the picture or their right to it ends."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai
import pytest
from fastapi.testclient import TestClient

from app.generation.models import Image
from app.jobs import ledger, wake_up
from app.jobs.ledger import Lease
from app.services import Services
from app.teams import service as teams
from tests.support import principals
from tests.support.pictures import photo
from tests.support.principals import client_of
from tests.support.waiting import until
from worker.images import data_url

DRAW = "/v1/images/generations"
PROBLEM = {"type": "/problems/drawing", "title": "No", "status": 422, "detail": "No. Do this."}


@pytest.fixture
def client(anonymous: TestClient, member: TestClient) -> openai.OpenAI:
    token = principals.bearer({"Authorization": member.headers["Authorization"]})
    return openai.OpenAI(base_url="http://localhost:8000/v1", api_key=token, http_client=anonymous, max_retries=0)


def drawn(services: Services, session: Any, job: Any, index: int) -> None:
    """Store a picture and record the event of it."""
    key = f"jobs/{job.id}/{index}.png"
    services.storage.put(key, photo(index, (64, 64), format="PNG"))
    image = Image(team_id=job.team_id, job_id=job.id, generation_id=job.generation_id, key=key, position=index,
                  seed=index, width=64, height=64, recipe={})  # fmt: skip
    session.add(image)
    session.flush()
    ledger.record(session, Lease(job.id, job.attempt), [("image", {"index": index, "id": image.id})])


@pytest.fixture
def woken_with(services: Services, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Any, Any], None]], None]:
    """Lets something happen to a job, with the session and the claimed job, as soon as a worker is woken for it."""

    def does(what: Callable[[Any, Any], None]) -> None:
        def wake(*_: object) -> None:
            with services.database.transaction() as session:
                job = ledger.claim(session, "generation", "test", 60)
                assert job is not None
                what(session, job)

        monkeypatch.setattr(wake_up, "wake", wake)

    return does


def events(text: str) -> Iterator[tuple[str, Any]]:
    for block in text.split("\n\n")[:-1]:
        name, data = block.splitlines()
        yield name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def test_previews_become_partial_images_at_even_distances(
    member: TestClient, services: Services, woken_with: Callable[..., None]
) -> None:
    def draws(session: Any, job: Any) -> None:
        from PIL import Image as Pillow

        glimpses = [{"index": index, "url": data_url(Pillow.new("RGB", (8, 8), "red"))} for index in range(2)]
        for step in (1, 4, 5, 6, 9, 12):
            progress = {"step": step, "steps_max": 12}
            shown = [("progress", progress), ("preview", {"step": step, "glimpses": glimpses})]
            ledger.record(session, Lease(job.id, job.attempt), shown, progress=progress)
        drawn(services, session, job, 1)
        drawn(services, session, job, 0)
        ledger.finish(session, Lease(job.id, job.attempt), "succeeded")

    woken_with(draws)
    answer = member.post(DRAW, json={"prompt": "a cat", "n": 2, "stream": True, "partial_images": 2})
    assert answer.headers["content-type"].startswith("text/event-stream")
    sent = [(name, data.get("partial_image_index"), data["image_index"]) for name, data in events(answer.text)]
    partial, completed = "image_generation.partial_image", "image_generation.completed"
    at_a_third = [(partial, 0, 0), (partial, 0, 1)]
    at_two_thirds = [(partial, 1, 0), (partial, 1, 1)]
    assert sent == [*at_a_third, *at_two_thirds, (completed, None, 1), (completed, None, 0)]


def test_a_job_that_ends_without_its_pictures_ends_the_stream_with_an_error(
    client: openai.OpenAI, services: Services, woken_with: Callable[..., None]
) -> None:
    def fails(session: Any, job: Any) -> None:
        drawn(services, session, job, 0)
        ledger.finish(session, Lease(job.id, job.attempt), "failed", error=PROBLEM)

    woken_with(fails)
    stream = client.images.generate(prompt="a cat", n=2, stream=True)
    assert next(stream).type == "image_generation.completed"
    with pytest.raises(openai.APIError, match=r"No\. Do this") as failed:
        next(stream)
    assert (failed.value.code, failed.value.type) == ("drawing", "invalid_request_error")


def test_a_picture_that_no_event_names_is_sent_at_the_end(
    client: openai.OpenAI, services: Services, woken_with: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def draws(session: Any, job: Any) -> None:
        with monkeypatch.context() as silent:
            silent.setattr(ledger, "record", lambda *_: None)
            drawn(services, session, job, 0)
        ledger.finish(session, Lease(job.id, job.attempt), "succeeded")

    woken_with(draws)
    assert [event.type for event in client.images.generate(prompt="a cat", stream=True)] == [
        "image_generation.completed"
    ]


def test_a_stream_ends_when_its_reader_leaves_the_team_and_the_drawing_goes_on(
    anonymous: TestClient, administrator: TestClient, services: Services
) -> None:
    services.feed.rights_seconds = 0.0
    user_id, team_id = principals.person(services, "member")
    client = client_of(anonymous, principals.token(services, user_id, team_id, ["draw"]))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.post, DRAW, json={"prompt": "a cat", "stream": True})
        try:
            until(lambda: services.feed.watching == 1, "the stream to be open")
            with services.database.transaction() as session:
                teams.remove(session, team_id, user_id)
            until(waiting.done, "the stream to end")
            (only,) = events(waiting.result().text)
            assert only[0] == "error"
            assert only[1]["error"]["code"] == "not-signed-in"
            (job,) = administrator.get("/api/jobs?active=true").json()["items"]
            assert job["state"] == "queued"
        finally:
            for job in administrator.get("/api/jobs?active=true").json()["items"]:
                administrator.post(f"/api/jobs/{job['id']}/cancel")
