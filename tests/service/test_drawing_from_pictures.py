"""Drawings that start from a picture or go into a mask, drawn again from their files, watched while they are drawn."""

import io
import json
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from fastapi.testclient import TestClient
from PIL import Image as Pillow
from PIL.PngImagePlugin import PngInfo
from sqlalchemy import func, select

from app.concepts.models import Concept, Version
from app.dependencies import Services
from app.generation.models import Generation, Upload
from app.jobs import ledger
from app.jobs.models import Job, JobEvent
from app.settings import Settings
from tests.engine.conftest import DEMO
from tests.service.conftest import photo
from worker import drawing
from worker.base_models import BaseModel, load
from worker.blobs import remove_orphans
from worker.drawing import draw_batch
from worker.formats import Embedding, write_native
from worker.studio import Studio

FAST = {"prompt": "a photo of a red cat", "steps": 2, "count": 1, "seed": 7}


@pytest.fixture
def settings(tmp_path: Any) -> Settings:
    return Settings(data_dir=tmp_path / "data", orphan_seconds=0)


@pytest.fixture(scope="module")
def model() -> BaseModel:
    return load(DEMO, device="cpu")


@pytest.fixture
def studio(services: Services, model: BaseModel, monkeypatch: pytest.MonkeyPatch) -> Studio:
    """A worker's studio with a warm model."""
    monkeypatch.setattr(Studio, "base_model", lambda _self, _name: model)
    return Studio(services.settings, services.database, services.storage)


@pytest.fixture
def work(studio: Studio) -> Callable[[], None]:
    """Draws everything that waits."""

    def run() -> None:
        while True:
            with studio.database.transaction() as session:
                leader = ledger.claim(session, "generation", "test", 60)
                mates = [] if leader is None else ledger.claim_mates(session, leader, "test", 60, 16)
                session.expunge_all()
            if leader is None:
                return
            draw_batch(studio, [leader, *mates], threading.Event())

    return run


def png(size: tuple[int, int] = (64, 64), colour: str = "skyblue") -> bytes:
    content = io.BytesIO()
    Pillow.new("RGB", size, colour).save(content, "PNG")
    return content.getvalue()


def mask(size: tuple[int, int] = (64, 64), box: tuple[int, int, int, int] = (16, 16, 48, 48)) -> bytes:
    content, white = io.BytesIO(), Pillow.new("L", size)
    white.paste(255, box)
    white.save(content, "PNG")
    return content.getvalue()


def form(member: TestClient, files: dict[str, bytes], **fields: Any) -> Any:
    sent = {name: (f"{name}.png", content, "image/png") for name, content in files.items()}
    return member.post("/api/generations", data={name: str(value) for name, value in fields.items()}, files=sent)


def picture(member: TestClient, made: Any) -> Pillow.Image:
    """The first picture of a generation, as served."""
    assert made.status_code == 202, made.text
    generation = member.get(f"/api/generations/{made.json()['generation']['id']}").json()
    assert generation["state"] == "succeeded", member.get(f"/api/jobs/{generation['job_id']}").json()["error"]
    return Pillow.open(io.BytesIO(member.get(generation["images"][0]["url"]).content))


def levels(image: Pillow.Image) -> np.ndarray[Any, Any]:
    return np.asarray(image.convert("RGB"), dtype=int)


def test_a_picture_in_a_form_is_drawn_from_and_served_to_its_team(
    member: TestClient, stranger: TestClient, work: Callable[[], None]
) -> None:
    made = form(member, {"init_image": png()}, **FAST, strength=0.5)
    recipe = made.json()["generation"]["recipe"]
    assert recipe["strength"] == 0.5
    sent = member.get(f"/api/uploads/{recipe['init_image']['upload_id']}")
    assert Pillow.open(io.BytesIO(sent.content)).size == (64, 64)
    assert stranger.get(f"/api/uploads/{recipe['init_image']['upload_id']}").status_code == 404
    work()
    assert picture(member, made).info["oneword"]


def test_outside_the_mask_every_pixel_stays(member: TestClient, work: Callable[[], None]) -> None:
    made = form(member, {"init_image": photo(1, (64, 64), "PNG"), "mask": mask()}, **FAST)
    work()
    drawn, before = levels(picture(member, made)), levels(Pillow.open(io.BytesIO(photo(1, (64, 64), "PNG"))))
    kept = levels(Pillow.open(io.BytesIO(mask()))) == 0
    assert np.array_equal(drawn[kept], before[kept])
    assert not np.array_equal(drawn, before)
    assert made.json()["generation"]["recipe"]["strength"] == 1.0


def test_one_of_our_own_pictures_is_edited_by_its_id(member: TestClient, work: Callable[[], None]) -> None:
    first = member.post("/api/generations", json=FAST)
    work()
    generation = member.get(f"/api/generations/{first.json()['generation']['id']}").json()
    image = {"image_id": generation["images"][0]["id"]}
    edited = member.post(
        "/api/generations", json={**FAST, "prompt": "a blue cat", "init_image": image, "strength": 0.6}
    )
    work()
    assert picture(member, edited).size == (64, 64)


@pytest.mark.parametrize(
    ("size", "drawn"), [((64, 64), (64, 64)), ((640, 320), (128, 64)), ((48, 80), (64, 104)), ((50, 50), (64, 64))]
)
def test_the_size_is_the_pictures_own_or_its_shape(
    member: TestClient, size: tuple[int, int], drawn: tuple[int, int]
) -> None:
    recipe = form(member, {"init_image": png(size)}, **FAST, strength=0.5).json()["generation"]["recipe"]
    assert (recipe["width"], recipe["height"]) == drawn


@pytest.mark.parametrize(
    ("files", "fields", "field", "says"),
    [
        ({"init_image": b"dear diary"}, {}, "init_image", "picture (init_image.png) is a text file"),
        ({"init_image": png(), "mask": b""}, {}, "mask", "mask (mask.png) is empty"),
        (
            {"init_image": png(), "mask": mask((32, 32), (1, 1, 9, 9))},
            {},
            "mask",
            "32×32 pixels, and the picture 64×64",
        ),
        ({"init_image": png(), "mask": png(colour="black")}, {}, "mask", "nothing would be drawn"),
        ({"mask": mask()}, {}, "init_image", "without the picture"),
        ({"init_image": png()}, {"strength": 0}, "strength", "nothing would change. Ask for at least 0.5"),
        ({"init_image": png()}, {"strength": 1}, "strength", "nothing of the picture would be left"),
        ({"init_image": png()}, {"strength": 1.5}, "strength", "less than or equal to 1"),
        ({"init_image": png()}, {"steps": 10_000}, "steps", "less than or equal to 200"),
        ({"init_image": png()}, {"scheduler": "heun"}, "scheduler", "'ddim'"),
        ({"init_image": png()}, {"width": 65}, "width", "multiple of 8"),
        ({}, {"init_image": "cat.png"}, "init_image", "send the picture as a file"),
        ({}, {"init_image": '{"image_id": "nothing"}'}, "init_image", "not stored here any more"),
        ({}, {"init_image": '{"image_id": "a", "upload_id": "b"}'}, "init_image", "send the picture as a file"),
        ({}, {"strength": 0.5}, "strength", "without a picture"),
        ({"cat": png()}, {}, "cat", "not permitted"),
    ],
)
def test_what_cannot_be_drawn_from_is_a_sentence_at_its_field_and_leaves_nothing(
    member: TestClient, services: Services, files: dict[str, bytes], fields: dict[str, Any], field: str, says: str
) -> None:
    sent: Any = {name: (f"{name}.png", content) for name, content in files.items()} or {"": ("", b"")}
    data = {name: str(value) for name, value in {**FAST, **fields}.items()}
    problem = member.post("/api/generations", data=data, files=sent).json()
    assert (problem["status"], problem["field"]) == (422, field), problem
    assert says in problem["detail"]
    with services.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Generation)) == 0
        assert session.scalar(select(func.count()).select_from(Upload)) == 0
    assert list(services.storage.list("")) == []


def test_a_mask_on_paper_is_read_by_its_light_and_what_shows_through_stays(
    member: TestClient, services: Services
) -> None:
    content, strokes = io.BytesIO(), Pillow.new("RGBA", (64, 64))
    strokes.paste("white", (8, 8, 20, 20))
    strokes.save(content, "PNG")
    made = form(member, {"init_image": png(), "mask": content.getvalue()}, **FAST).json()
    stored = member.get(f"/api/uploads/{made['generation']['recipe']['mask']['upload_id']}").content
    assert Pillow.open(io.BytesIO(stored)).convert("L").getbbox() == (8, 8, 20, 20)


def test_the_same_form_with_the_same_key_is_one_drawing(member: TestClient, services: Services) -> None:
    send: dict[str, Any] = {"headers": {"Idempotency-Key": "one"}, "data": {**FAST, "steps": "2"}}
    answers = [member.post("/api/generations", **send, files={"init_image": ("a.png", png())}) for _ in range(2)]
    assert answers[0].json()["job"]["id"] == answers[1].json()["job"]["id"]
    other = member.post("/api/generations", **send, files={"init_image": ("a.png", png(colour="red"))})
    assert other.status_code == 409
    assert len(list(services.storage.list(""))) == 1


def test_what_was_sent_goes_with_its_drawing(member: TestClient, studio: Studio, work: Callable[[], None]) -> None:
    made = form(member, {"init_image": png(), "mask": mask()}, **FAST)
    upload = made.json()["generation"]["recipe"]["init_image"]
    work()
    remove_orphans(studio)
    assert len(list(studio.storage.list("generations"))) == 2
    again = member.post("/api/generations", json={**FAST, "init_image": upload, "strength": 0.5})
    assert again.status_code == 202
    member.delete(f"/api/generations/{made.json()['generation']['id']}")
    assert member.get(f"/api/uploads/{upload['upload_id']}").status_code == 404
    gone = member.post("/api/generations", json={**FAST, "init_image": upload, "strength": 0.5}).json()
    assert (gone["field"], gone["type"]) == ("init_image", "/problems/picture-gone")
    remove_orphans(studio)
    assert [blob.key for blob in studio.storage.list("generations") if "mask" in blob.key] == []
    work()  # the one that was accepted before still has what it starts from
    assert picture(member, again).size == (64, 64)


# --- Drawing again ----------------------------------------------------------------------------------------------------


def read(member: TestClient, content: bytes) -> Any:
    return member.post("/api/generations/read", files={"image": ("beach.png", content, "image/png")})


def served(member: TestClient, made: Any, index: int = 0) -> bytes:
    generation = member.get(f"/api/generations/{made.json()['generation']['id']}").json()
    return member.get(generation["images"][index]["url"]).content


@pytest.mark.parametrize("files", [{}, {"init_image": photo(1, (64, 64), "PNG"), "mask": mask()}])
def test_a_picture_drawn_again_from_its_file_has_the_same_pixels(
    member: TestClient, work: Callable[[], None], files: dict[str, bytes]
) -> None:
    asked = {**FAST, "prompt": "a (red:1.3) cat", "negative_prompt": "dark", "count": 3}
    made = form(member, files, **asked) if files else member.post("/api/generations", json=asked)
    work()
    content = served(member, made, 2)  # one of three, drawn again alone
    found = read(member, content).json()
    assert (found["read_from"], found["notes"]) == ("oneword", [])
    again = member.post("/api/generations", json=found["order"])
    work()
    assert np.array_equal(levels(picture(member, again)), levels(Pillow.open(io.BytesIO(content))))


def test_a_picture_whose_start_is_gone_says_so(member: TestClient, work: Callable[[], None]) -> None:
    made = form(member, {"init_image": png()}, **FAST, strength=0.5)
    work()
    content = served(member, made)
    member.delete(f"/api/generations/{made.json()['generation']['id']}")
    found = read(member, content).json()
    assert found["notes"] == ["The picture it starts from is not stored here any more. Send it again to draw the same."]
    assert member.post("/api/generations", json=found["order"]).json()["field"] == "init_image"


@pytest.fixture
def taught_twice(member: TestClient, services: Services, model: BaseModel) -> None:
    """`<my-cat>` has two versions, and the second is current."""
    with services.database.transaction() as session:
        placed = session.scalars(select(Generation)).first()
        assert placed is not None
        what = {"team_id": placed.team_id, "initializer": "cat", "base_model": "demo"}
        concept = Concept(**what, owner_id=placed.user_id, name="cat", placeholder="<my-cat>", kind="object",
                          family="sd1", current_version=2)  # fmt: skip
        session.add(concept)
        session.flush()
        for number in (1, 2):
            rows = torch.randn(1, model.encoders[0].width, generator=torch.Generator().manual_seed(number)) * 0.1
            key = f"jobs/c/{number}.safetensors"
            services.storage.put(key, write_native(Embedding({"text_encoder": rows}), "<my-cat>", {}))
            file = {"oneword": {"key": key, "bytes": 1, "sha256": "0", "file_name": "e.safetensors"}}
            session.add(Version(**what, concept_id=concept.id, number=number, state="ready", vectors=1, files=file))


def test_a_word_that_was_taught_again_is_drawn_as_it_was(
    member: TestClient, work: Callable[[], None], request: pytest.FixtureRequest
) -> None:
    member.post("/api/generations", json=FAST)
    request.getfixturevalue("taught_twice")
    concept = member.get("/api/concepts").json()["items"][0]["id"]
    member.patch(f"/api/concepts/{concept}", json={"current_version": 1})
    made = member.post("/api/generations", json={**FAST, "prompt": "a (<my-cat>:1.2)"})
    work()
    content = served(member, made)
    image_id = member.get(f"/api/generations/{made.json()['generation']['id']}").json()["images"][0]["id"]
    member.patch(f"/api/concepts/{concept}", json={"current_version": 2})
    found = read(member, content).json()
    assert found["order"]["prompt"] == "a (<my-cat@1>:1.2)"
    assert found["notes"] == ["<my-cat> was taught again since; version 1 is used, as then."]
    assert member.get(f"/api/images/{image_id}/order").json() == found
    again = member.post("/api/generations", json=found["order"])
    work()
    assert np.array_equal(levels(picture(member, again)), levels(Pillow.open(io.BytesIO(content))))


def with_text(**texts: str) -> bytes:
    info, content = PngInfo(), io.BytesIO()
    for keyword, text in texts.items():
        info.add_itxt(keyword, text)
    Pillow.new("RGB", (64, 64)).save(content, "PNG", pnginfo=info)
    return content.getvalue()


PARAMETERS = """a (red:1.2) cat,
by the sea
Negative prompt: dark, dirty
Steps: 25, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 6.5, Seed: 12, Size: 512x448, Model hash: abc,
 Model: other, Hires upscale: 2, Lora hashes: "a: b, c: d", Version: 1.9"""


def test_the_text_of_automatic1111_is_taken_over_as_far_as_it_goes(member: TestClient) -> None:
    found = read(member, with_text(parameters=PARAMETERS.replace(",\n Model", ", Model"))).json()
    assert found["read_from"] == "automatic1111"
    order = found["order"]
    assert (order["prompt"], order["negative_prompt"]) == ("a (red:1.2) cat,\nby the sea", "dark, dirty")
    assert (order["steps"], order["guidance"], order["seed"], order["width"], order["height"]) == (
        25,
        6.5,
        12,
        512,
        448,
    )
    assert order["scheduler"] == "dpm++2m-karras"
    assert found["notes"] == [
        "Hires upscale 2 has no counterpart here and was left out.",
        "Lora hashes a: b, c: d has no counterpart here and was left out.",
    ]


def test_what_a_recipe_says_is_checked(member: TestClient) -> None:
    recipe = {"prompt": "a cat", "base_model": "sdxl", "steps": 9999, "seed": 5, "scheduler": "heun", "concepts": [1],
              "init_image": "x", "width": "64"}  # fmt: skip
    found = read(member, with_text(oneword=json.dumps(recipe))).json()
    assert (found["order"]["prompt"], found["order"]["seed"], found["order"]["width"]) == ("a cat", 5, 64)
    assert found["order"]["base_model"] is None
    said = " ".join(found["notes"])
    assert "sdxl, which is not here. There is: demo" in said
    assert "steps 9999" in said
    assert "scheduler heun" in said


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (png(), "does not say how it was drawn"),
        (with_text(oneword="[[["), "does not say how it was drawn"),
        (with_text(parameters="just a text"), "does not say how it was drawn"),
        (b"dear diary", "is a text file"),
    ],
)
def test_a_file_that_does_not_say_how_it_was_drawn_is_told_so(member: TestClient, content: bytes, says: str) -> None:
    problem = read(member, content).json()
    assert (problem["status"], problem["field"]) == (422, "image")
    assert says in problem["detail"]


# --- While it is drawn ------------------------------------------------------------------------------------------------


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every step is reported."""
    monkeypatch.setattr(drawing, "REPORT_SECONDS", 0.0)


def events(services: Services, type_: str) -> list[dict[str, Any]]:
    with services.database.reading() as session:
        return list(session.scalars(select(JobEvent.data).where(JobEvent.type == type_).order_by(JobEvent.id)))


@pytest.mark.usefixtures("eager")
def test_glimpses_are_shown_while_it_is_drawn_and_gone_afterwards(
    member: TestClient, services: Services, work: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[dict[str, Any]]] = []
    report = drawing.Batch._report

    def watched(self: drawing.Batch, *arguments: Any) -> None:
        seen.append(events(services, "preview"))
        report(self, *arguments)

    monkeypatch.setattr(drawing.Batch, "_report", watched)
    member.post("/api/generations", json={**FAST, "count": 2, "steps": 4})
    member.post("/api/generations", json={**FAST, "steps": 4})
    work()
    assert max(len(each) for each in seen) == 2  # one for each of the two jobs, and never two of one
    glimpses = [glimpse for each in max(seen, key=len) for glimpse in each["glimpses"]]
    assert {glimpse["index"] for glimpse in glimpses} == {0, 1}
    assert all(glimpse["url"].startswith("data:image/jpeg;base64,") for glimpse in glimpses)
    assert all(len(glimpse["url"]) < 4000 for glimpse in glimpses)
    assert events(services, "preview") == []


def test_glimpses_that_a_dead_worker_left_are_swept(member: TestClient, services: Services, studio: Studio) -> None:
    made = [member.post("/api/generations", json=FAST).json()["job"]["id"] for _ in range(2)]
    with services.database.transaction() as session:
        session.add_all(JobEvent(job_id=job_id, attempt=1, type="preview", data={"glimpses": []}) for job_id in made)
        session.get_one(Job, made[0]).state = "failed"
    remove_orphans(studio)
    assert len(events(services, "preview")) == 1  # of the one that may go on


def failing(error: Exception, more_than: int) -> Callable[..., Any]:
    """The engine on a machine with room for so many pictures."""
    draw = drawing.draw

    def drawn(model: BaseModel, requests: list[Any], *arguments: Any, **options: Any) -> Any:
        if len(requests) > more_than:
            raise error
        return draw(model, requests, *arguments, **options)

    return drawn


@pytest.mark.parametrize("error", [torch.cuda.OutOfMemoryError("CUDA out of memory"), MemoryError()])
def test_out_of_memory_halves_the_batch_goes_on_and_says_so(
    member: TestClient, services: Services, work: Callable[[], None], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(drawing, "draw", failing(error, more_than=2))
    made = member.post("/api/generations", json={**FAST, "count": 5})
    work()
    generation = member.get(f"/api/generations/{made.json()['generation']['id']}").json()
    assert (generation["state"], len(generation["images"])) == ("succeeded", 5)
    said = [event["detail"] for event in events(services, "warning")]
    assert said[0].startswith("5 pictures at once were too many for this worker's memory, so 3 are drawn at a time.")


def test_one_picture_that_does_not_fit_is_a_sentence(
    member: TestClient, work: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "draw", failing(MemoryError(), more_than=0))
    made = member.post("/api/generations", json=FAST)
    work()
    job = member.get(f"/api/jobs/{made.json()['job']['id']}").json()
    assert job["state"] == "failed"
    assert "64×64 pixels needs more memory" in job["error"]["detail"]


def test_no_more_pictures_share_a_loop_than_fit(
    member: TestClient, work: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    draw = drawing.draw

    def counted(model: BaseModel, requests: list[Any], *arguments: Any, **options: Any) -> Any:
        sizes.append(len(requests))
        return draw(model, requests, *arguments, **options)

    monkeypatch.setattr(drawing, "pictures_that_fit", lambda *_: 2)
    monkeypatch.setattr(drawing, "draw", counted)
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
    on_step = drawing.Batch._on_step

    def cancelled(self: drawing.Batch, places: Any, step: Any) -> None:
        if not steps:
            member.post(f"/api/jobs/{made.json()['job']['id']}/cancel")
            self.heartbeat.beat()
        steps.append(step.number)
        on_step(self, places, step)

    monkeypatch.setattr(drawing.Batch, "_on_step", cancelled)
    work()
    assert steps == [1]
    assert member.get(f"/api/jobs/{made.json()['job']['id']}").json()["state"] == "cancelled"
    assert events(services, "preview") == []
