"""Drawings that start from a picture or go into a mask."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image as Pillow
from sqlalchemy import func, select

from app.generation.models import Generation, GenerationUpload
from app.services import Services
from tests.support.http import FAST, form, picture, refused
from tests.support.pictures import levels, mask, photo, png
from worker.context import WorkerContext
from worker.maintenance.orphaned_blobs import remove_orphans


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


def test_the_masked_area_alone_is_drawn_and_the_recipe_draws_the_same_again(
    member: TestClient, work: Callable[[], None]
) -> None:
    before, where = photo(1, (200, 120), "PNG"), mask((200, 120), (150, 80, 170, 90))
    made = form(member, {"init_image": before, "mask": where}, **FAST, mask_padding=6)
    recipe = made.json()["generation"]["recipe"]
    assert (recipe["mask_padding"], recipe["width"], recipe["height"]) == (6, 64, 64)
    work()
    drawn = picture(member, made)
    changed = (levels(drawn) != levels(Pillow.open(io.BytesIO(before)))).any(axis=2)
    assert Pillow.fromarray(changed).getbbox() == (150, 80, 170, 90)
    assert "Inpaint area: Only masked, Masked area padding: 6" in drawn.info["parameters"]
    generation = member.get(f"/api/generations/{made.json()['generation']['id']}").json()
    found = member.get(f"/api/images/{generation['images'][0]['id']}/order").raise_for_status().json()
    again = member.post("/api/generations", json=found["order"])
    work()
    assert np.array_equal(levels(picture(member, again)), levels(drawn))


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
    ("files", "fields", "field", "code"),
    [
        ({"init_image": b"dear diary"}, {}, "init_image", "picture-not-a-picture"),
        ({"init_image": png(), "mask": b""}, {}, "mask", "picture-empty"),
        ({"init_image": png(), "mask": mask((32, 32), (1, 1, 9, 9))}, {}, "mask", "mask-size"),
        ({"init_image": png(), "mask": png(colour="black")}, {}, "mask", "picture-black"),
        ({"mask": mask()}, {}, "init_image", "mask-alone"),
        ({"init_image": png()}, {"strength": 0}, "strength", "strength"),
        ({"init_image": png()}, {"strength": 1}, "strength", "strength"),
        ({"init_image": png()}, {"strength": 1.5}, "strength", "invalid-input"),
        ({"init_image": png()}, {"steps": 10_000}, "steps", "invalid-input"),
        ({"init_image": png()}, {"scheduler": "heun"}, "scheduler", "invalid-input"),
        ({"init_image": png()}, {"width": 65}, "width", "invalid-input"),
        ({}, {"init_image": "cat.png"}, "init_image", "invalid-input"),
        ({}, {"init_image": '{"image_id": "nothing"}'}, "init_image", "picture-gone"),
        ({}, {"init_image": '{"image_id": "a", "upload_id": "b"}'}, "init_image", "invalid-input"),
        ({}, {"strength": 0.5}, "strength", "strength"),
        ({}, {"mask_padding": 5}, "mask_padding", "padding-alone"),
        ({"init_image": png()}, {"mask_padding": 5}, "mask_padding", "padding-alone"),
        ({"init_image": png(), "mask": mask()}, {"mask_padding": -1}, "mask_padding", "invalid-input"),
        ({"cat": png()}, {}, "cat", "invalid-input"),
    ],
)
def test_what_cannot_be_drawn_from_is_a_sentence_at_its_field_and_leaves_nothing(
    member: TestClient, services: Services, files: dict[str, bytes], fields: dict[str, Any], field: str, code: str
) -> None:
    sent: Any = {name: (f"{name}.png", content) for name, content in files.items()} or {"": ("", b"")}
    data = {name: str(value) for name, value in {**FAST, **fields}.items()}
    refused(member.post("/api/generations", data=data, files=sent), field, code=code)
    with services.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Generation)) == 0
        assert session.scalar(select(func.count()).select_from(GenerationUpload)) == 0
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


def test_what_was_sent_goes_with_its_drawing(
    member: TestClient, context: WorkerContext, work: Callable[[], None]
) -> None:
    made = form(member, {"init_image": png(), "mask": mask()}, **FAST)
    upload = made.json()["generation"]["recipe"]["init_image"]
    work()
    remove_orphans(context)
    assert len(list(context.storage.list("generations"))) == 2
    again = member.post("/api/generations", json={**FAST, "init_image": upload, "strength": 0.5})
    assert again.status_code == 202
    member.delete(f"/api/generations/{made.json()['generation']['id']}")
    assert member.get(f"/api/uploads/{upload['upload_id']}").status_code == 404
    gone = member.post("/api/generations", json={**FAST, "init_image": upload, "strength": 0.5}).json()
    assert (gone["field"], gone["type"]) == ("init_image", "/problems/picture-gone")
    member.delete(f"/api/bin/{made.json()['generation']['id']}").raise_for_status()
    remove_orphans(context)
    assert [blob.key for blob in context.storage.list("generations") if "mask" in blob.key] == []
    work()  # the one that was accepted before still has what it starts from
    assert picture(member, again).size == (64, 64)
