"""Jobs through real processes: web service, ledger, Valkey, Celery workers, the demo model."""

import io
import json

import pytest
from PIL import Image

from tests.support.studio import Stack

pytestmark = pytest.mark.acceptance


def test_a_word_is_taught_and_drawn_and_the_picture_carries_its_recipe(stack_on_either: Stack) -> None:
    stack = stack_on_either
    stack.start_worker("training")
    taught = stack.teach("<our-zub>", steps_max=12)
    stack.wait_for(taught, "succeeded")
    assert [event["step"] for event in stack.events(taught, "preview")] == [0, 12]
    assert stack.events(taught, "progress")[-1]["step"] == 12

    stack.start_worker("generation")
    drawn = stack.wait_for(stack.draw("a photo of <our-zub> at night", count=2), "succeeded")
    images = stack.client.get(f"/api/generations/{drawn.generation_id}").json()["images"]
    assert [image["seed"] for image in images] == [1, 2]
    picture = Image.open(io.BytesIO(stack.client.get(images[1]["url"]).content))
    recipe = json.loads(picture.info["oneword"])
    assert recipe["prompt"] == "a photo of <our-zub> at night"
    assert (recipe["seed"], recipe["concepts"][0]["version"]) == (2, 1)
    assert "Seed: 2" in picture.info["parameters"]
    assert stack.orphans() == 0


def test_requests_that_wait_together_are_drawn_together_and_as_if_alone(stack: Stack) -> None:
    together = [stack.draw(f"a photo of a {thing}", seed=5) for thing in ("cat", "mug", "house")]
    worker = stack.start_worker("generation")
    for job_id in together:
        stack.wait_for(job_id, "succeeded")
    assert worker.log.read_text().count("claimed") == 1
    alone = stack.wait_for(stack.draw("a photo of a mug", seed=5), "succeeded")
    pictures = []
    for generation_id in (stack.job(together[1]).generation_id, alone.generation_id):
        (image,) = stack.client.get(f"/api/generations/{generation_id}").json()["images"]
        pictures.append(Image.open(io.BytesIO(stack.client.get(image["url"]).content)).convert("RGB"))
    levels = zip(pictures[0].tobytes(), pictures[1].tobytes(), strict=True)
    assert max(abs(a - b) for a, b in levels) <= 2


def test_a_failing_request_does_not_take_its_batch_with_it(stack: Stack) -> None:
    stack.start_worker("training")
    stack.wait_for(stack.teach("<our-zub>", steps_max=2), "succeeded")
    doomed = stack.draw("a photo of <our-zub>")
    healthy = stack.draw("a photo of a cat")
    concept = stack.client.get("/api/concepts").json()["items"][0]
    stack.client.delete(f"/api/concepts/{concept['id']}").raise_for_status()
    stack.start_worker("generation")
    assert stack.wait_for(healthy, "succeeded").error is None
    error = stack.wait_for(doomed, "failed").error
    assert error is not None
    assert "deleted" in error["detail"]


def test_cancelling_a_teaching_keeps_the_best_so_far_if_asked_and_nothing_otherwise(stack: Stack) -> None:
    stack.start_worker("training")
    kept, dropped = stack.teach("<kept>", steps_max=300), stack.teach("<dropped>", steps_max=300)
    stack.wait_for_checkpoint(kept)
    stack.client.post(f"/api/jobs/{kept}/cancel", json={"keep": True}).raise_for_status()
    stack.wait_for(kept, "succeeded")
    assert stack.embedding(kept).vectors == 2
    stack.wait_for_checkpoint(dropped)
    stack.client.post(f"/api/jobs/{dropped}/cancel", json={"keep": False}).raise_for_status()
    stack.wait_for(dropped, "cancelled")
    states = {concept["placeholder"]: concept["state"] for concept in stack.client.get("/api/concepts").json()["items"]}
    assert states == {"<kept>": "ready", "<dropped>": "cancelled"}
    again = stack.client.post(f"/api/jobs/{dropped}/cancel")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/job-ended")
    assert stack.orphans() == 0
