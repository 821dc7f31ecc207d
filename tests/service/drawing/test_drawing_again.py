"""A picture brings its recipe with it: the same pixels again from its file, and what other tools write there."""

import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from fastapi.testclient import TestClient
from PIL import Image as Pillow
from PIL.PngImagePlugin import PngInfo
from sqlalchemy import select

from app.concepts.models import Concept, Version
from app.generation.models import Generation
from app.services import Services
from tests.support.http import FAST, form, picture, refused
from tests.support.pictures import levels, mask, photo, png
from worker.engine.base_models import BaseModel
from worker.engine.embeddings.formats import Embedding, write_native


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
    assert found["notes"] == ["<my-cat> was taught again since then; version 1, which drew the picture, is used."]
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
        136,
        112,
    )
    assert order["scheduler"] == "dpm++2m-karras"
    assert found["notes"] == [
        "Hires upscale 2 has no counterpart here and was left out.",
        "Lora hashes a: b, c: d has no counterpart here and was left out.",
        "The size 512×448 is larger than Demo draws; 136×112 is taken.",
    ]


def test_what_a_recipe_says_is_checked(member: TestClient) -> None:
    recipe = {"prompt": "a cat", "base_model": "sdxl", "steps": 9999, "seed": 5, "scheduler": "heun", "concepts": [1],
              "init_image": "x", "width": "64"}  # fmt: skip
    found = read(member, with_text(oneword=json.dumps(recipe))).json()
    assert (found["order"]["prompt"], found["order"]["seed"], found["order"]["width"]) == ("a cat", 5, 64)
    assert found["order"]["base_model"] is None
    said = " ".join(found["notes"])
    assert "sdxl, which is not here. Available: demo" in said
    assert "steps 9999" in said
    assert "scheduler heun" in said


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (png(), "recipe-missing"),
        (with_text(oneword="[[["), "recipe-missing"),
        (with_text(parameters="just a text"), "recipe-missing"),
        (b"dear diary", "picture-not-a-picture"),
    ],
)
def test_a_file_that_does_not_say_how_it_was_drawn_is_told_so(member: TestClient, content: bytes, code: str) -> None:
    refused(read(member, content), "image", code=code)
