"""Drawn pictures as JPEG and WebP: their pixels, their recipe, and how a client asks for them."""

import io
import json
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import ExifTags, Image

from app.generation.picture_formats import FORMATS, PictureFormat, in_format
from app.pictures.decoding import PictureFault
from app.pictures.recipes import written_recipe
from app.services import Services
from tests.support.http import MUG, refused
from tests.support.pictures import photo, photos
from tests.support.stand_in_worker import draw
from worker.images import png

RECIPE: dict[str, Any] = {
    "prompt": "a <my-mug> & a “café” 🐈",
    "negative_prompt": "dark",
    "base_model": "demo",
    "seed": 7,
    "steps": 20,
    "guidance": 3.0,
    "scheduler": "ddim",
    "width": 64,
    "height": 64,
    "strength": None,
    "concepts": [{"placeholder": "<my-mug>", "concept_id": "c", "version": 2}],
}
LOSSY: tuple[PictureFormat, ...] = ("jpeg", "webp")


def stored(recipe: dict[str, Any] | None = RECIPE) -> bytes:
    levels = np.linspace(0, 255, 64 * 64 * 3).reshape(64, 64, 3).astype(np.uint8)
    return png(Image.fromarray(levels), recipe)


@pytest.mark.parametrize("format", LOSSY)
def test_a_picture_in_another_format_shows_the_same_and_keeps_its_recipe(format: PictureFormat) -> None:
    content = in_format(stored(), format)
    opened = Image.open(io.BytesIO(content))
    assert opened.format == format.upper()
    difference = np.asarray(opened.convert("RGB"), int) - np.asarray(Image.open(io.BytesIO(stored())), int)
    assert np.abs(difference).mean() < 6
    found = written_recipe(content)
    assert not isinstance(found, PictureFault)
    assert found == written_recipe(stored())
    assert found.read_from == "oneword"
    assert found.request["prompt"] == RECIPE["prompt"]


@pytest.mark.parametrize("format", LOSSY)
def test_the_text_of_automatic1111_is_where_its_readers_look(format: PictureFormat) -> None:
    opened = Image.open(io.BytesIO(in_format(stored(), format)))
    comment = opened.getexif().get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment]
    text = comment.removeprefix(b"UNICODE\0").decode("utf-16-be")
    assert text == Image.open(io.BytesIO(stored())).info["parameters"]
    without_xmp = io.BytesIO()
    opened.save(without_xmp, format, exif=opened.getexif())
    found = written_recipe(without_xmp.getvalue())
    assert not isinstance(found, PictureFault)
    assert (found.read_from, found.request["seed"]) == ("automatic1111", "7")


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
def test_a_comment_of_another_program_is_read_in_either_order_of_bytes(order: str) -> None:
    exif, content = Image.Exif(), io.BytesIO()
    text = "a cat\nSteps: 20, Sampler: DDIM, CFG scale: 3, Seed: 5, Size: 64x64"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = b"UNICODE\0" + text.encode(order)
    Image.new("RGB", (64, 64)).save(content, "JPEG", exif=exif)
    found = written_recipe(content.getvalue())
    assert not isinstance(found, PictureFault)
    assert (found.request["prompt"], found.request["seed"]) == ("a cat", "5")


def test_a_recipe_without_room_in_a_jpeg_is_left_out_and_the_picture_stays() -> None:
    long = {**RECIPE, "concepts": [{"placeholder": f"<c-{n}>", "concept_id": "c" * 26} for n in range(2000)]}
    assert len(json.dumps(long)) > 65_536
    found = written_recipe(in_format(stored(long), "jpeg"))
    assert not isinstance(found, PictureFault)
    assert found.read_from == "automatic1111"


def test_a_smaller_quality_makes_a_smaller_file_and_a_png_stays_as_it_is() -> None:
    for format in LOSSY:
        assert len(in_format(stored(), format, 20)) < len(in_format(stored(), format, 95))
    assert in_format(stored(), "png") == stored()
    assert set(FORMATS) == {"png", *LOSSY}
    plain = written_recipe(in_format(stored(None), "webp"))
    assert not isinstance(plain, PictureFault)
    assert plain.read_from == "nothing"


BROWSERS = {  # what browsers send for a picture and for a page
    "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8": "image/png",
    "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5": "image/png",
    "image/webp,image/avif,image/jxl,image/heic,image/heic-sequence,video/*;q=0.8,image/png,*/*;q=0.5": "image/png",
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8": "image/png",
}
CLIENTS = {
    "*/*": "image/png",
    "image/*": "image/png",
    "": "image/png",
    "text/plain": "image/png",
    "image/webp": "image/webp",
    "IMAGE/JPEG ; q=0.3": "image/jpeg",
    "image/webp, image/png;q=0.5": "image/webp",
    "image/webp;q=0.5, image/png": "image/png",
    "image/webp;q=x, image/jpeg": "image/jpeg",
    "image/webp;q=0": "image/png",
}


def test_a_client_gets_the_format_that_it_asks_for_and_everybody_else_a_png(
    member: TestClient, services: Services
) -> None:
    made = member.post("/api/generations", json={"prompt": "x", "count": 1}).json()
    draw(services)
    image = member.get(f"/api/generations/{made['generation']['id']}").json()["images"][0]
    for accept, media_type in (BROWSERS | CLIENTS).items():
        answer = member.get(image["url"], headers={"Accept": accept})
        assert (answer.headers["content-type"], answer.headers["vary"]) == (media_type, "Accept"), accept
    tags = set()
    for format, suffix in (("png", "png"), ("jpeg", "jpg"), ("webp", "webp")):
        answer = member.get(f"{image['url']}?format={format}&download=1", headers={"Accept": "image/png"})
        assert answer.headers["content-type"] == f"image/{format}"
        assert answer.headers["vary"] == "Accept"  # of the media type; the bytes are the same
        assert answer.headers["content-disposition"] == f'attachment; filename="oneword-{image["id"]}.{suffix}"'
        assert Image.open(io.BytesIO(answer.content)).format == format.upper()
        tags.add(tag := answer.headers["etag"])
        unchanged = member.get(f"{image['url']}?format={format}", headers={"If-None-Match": tag})
        assert (unchanged.status_code, unchanged.content) == (304, b"")
        other = member.get(f"{image['url']}", headers={"If-None-Match": tag, "Accept": f"image/{format}"})
        assert (other.status_code, other.headers["vary"]) == (304, "Accept")
    assert len(tags) == 3
    refused(member.get(f"{image['url']}?format=gif"), "format")


def test_training_pictures_and_uploads_come_in_every_format_too(member: TestClient) -> None:
    concept = member.post("/api/concepts", data=MUG, files=photos()).json()["concept"]
    upload = member.post("/api/uploads", files={"image": ("a.png", photo(1), "image/png")}).json()
    for url in (concept["pictures"][0]["url"], upload["url"]):
        assert member.get(url).headers["content-type"] == "image/png"
        assert member.get(f"{url}?format=webp").headers["content-type"] == "image/webp"
