"""What a person changes about pictures before they are taught: squares, turns, masks and captions, and the score."""

import base64
import io
import json
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image, ImageDraw

from app.jobs.models import Job
from app.services import Services
from tests.support.http import refused
from tests.support.pictures import mask, photo, photos

GOOD = {"placeholder": "<my-mug>", "initializer": "mug", "kind": "object", "base_model": "demo"}
COLOURS = {"top left": (200, 0, 0), "top right": (0, 200, 0), "bottom right": (0, 0, 200), "bottom left": (200, 200, 0)}


def encoded(image: Image.Image, format: str = "PNG", **options: Any) -> bytes:
    content = io.BytesIO()
    image.save(content, format, **options)
    return content.getvalue()


def quarters(orientation: int = 1) -> bytes:
    """400 × 300 pixels, upright, in four colours whose borders meet at (100, 100)."""
    picture = Image.new("RGB", (400, 300))
    for box, colour in zip(
        ((0, 0, 100, 100), (100, 0, 400, 100), (100, 100, 400, 300), (0, 100, 100, 300)), COLOURS.values(), strict=True
    ):
        picture.paste(colour, box)
    exif = Image.Exif()
    exif[0x0112] = orientation
    if orientation == 6:  # stored lying on its left side
        picture = picture.transpose(Image.Transpose.ROTATE_90)
    return encoded(picture, exif=exif)


def scene(place: int, background: tuple[int, int, int], x: float = 0.5, size: int = 240) -> bytes:
    """A mug before a plain background, photographed with some noise."""
    picture = Image.new("RGB", (size, size), background)
    draw = ImageDraw.Draw(picture)
    middle, half = x * size, size * 0.24
    draw.rectangle((middle - half, 0.3 * size, middle + half, 0.75 * size), fill=(30, 60, 170))
    draw.ellipse((middle - half / 2, 0.4 * size, middle, 0.6 * size), fill=(240, 200, 40))
    draw.line((middle - half, 0.35 * size + 3 * place, middle + half, 0.5 * size), fill=(250, 250, 250), width=4)
    noise = np.random.default_rng(place).normal(0, 7, (size, size, 3))
    return encoded(Image.fromarray(np.clip(np.asarray(picture) + noise, 0, 255).astype(np.uint8)), "JPEG", quality=92)


def files(*contents: bytes) -> list[tuple[str, tuple[str, bytes, str]]]:
    return [("images", (f"{number}.jpg", content, "image/jpeg")) for number, content in enumerate(contents)]


def edits(*each: dict[str, Any]) -> list[str]:
    return [json.dumps(edit) for edit in each]


def corners(services: Services, key: str) -> list[str]:
    """The colours in the corners of a stored square, clockwise from the upper left."""
    picture = Image.open(io.BytesIO(services.storage.get(key))).convert("RGB")
    near, far = round(0.1 * picture.width), round(0.9 * picture.width)
    assert picture.width == picture.height
    found = []
    for point in ((near, near), (far, near), (far, far), (near, far)):
        level = np.array(picture.getpixel(point))
        found.append(min(COLOURS, key=lambda name: int(np.abs(level - np.array(COLOURS[name])).sum())))
    return found


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_square_is_cut_out_and_turned_clockwise_and_stays_so_when_taught_again(
    services: Services, member: TestClient, orientation: int
) -> None:
    crop = {"x": 40, "y": 40, "size": 120}
    turns = edits({"crop": crop}, *({"crop": crop, "turn": turn} for turn in (90, -90, 180)))
    made = member.post("/api/concepts", data={**GOOD, "edits": turns}, files=files(*[quarters(orientation)] * 4))
    assert made.status_code == 202, made.text
    shown = made.json()["concept"]["pictures"]
    assert [(each["width"], each["height"]) for each in shown] == [(120, 120)] * 4
    pictures = job_pictures(services, made.json())
    names = list(COLOURS)
    expected = [names, [names[3], *names[:3]], [*names[1:], names[0]], [*names[2:], *names[:2]]]
    assert [corners(services, each["key"]) for each in pictures] == expected
    member.post(f"/api/jobs/{made.json()['job']['id']}/cancel").raise_for_status()
    again = member.post(f"/api/concepts/{made.json()['concept']['id']}/versions").json()
    assert [each["key"] for each in job_pictures(services, again)] == [each["key"] for each in pictures]


def test_a_small_square_of_a_large_photo_keeps_its_pixels(member: TestClient) -> None:
    sent = files(photo(1, (3000, 2000)), photo(2), photo(3))
    made = member.post(
        "/api/concepts",
        data={**GOOD, "edits": edits({"crop": {"x": 1000.4, "y": 500, "size": 900}, "turn": 10})},
        files=sent,
    ).json()
    first = made["concept"]["pictures"][0]
    assert (first["width"], first["height"]) == (900, 900)
    checked = member.post(
        "/api/pictures/check", data={"edits": edits({}, {"crop": {"x": 0, "y": 0, "size": 40}})}, files=sent
    )
    second = checked.json()["pictures"][1]
    assert second["crop"] == {"x": 0, "y": 0, "size": 40}
    assert "square 40 px wide" in second["warnings"][0]["detail"]


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        ({"crop": {"x": 100, "y": 0, "size": 160}}, "reaches outside"),
        ({"crop": {"x": 0, "y": 0, "size": 160}, "turn": 45}, "reaches outside"),
        ({"crop": {"x": 0, "y": 0, "size": 8}}, "at least 32"),
        ({"crop": {"x": 0, "y": 0}}, "crop.size"),
        ({"crop": {"x": 0, "y": 0, "size": 1e999}}, "Edit 1"),
        ({"turn": 45}, "Send the square too"),
        ({"mask": 0}, "0 were sent"),
        ({"crops": {}}, "crop"),
        ({"caption": "on {a} table"}, "brace"),
        ({"caption": "very " * 59}, "tokens"),
    ],
)
def test_an_edit_that_cannot_be_made_is_refused_with_a_sentence(
    member: TestClient, edit: dict[str, Any], says: str
) -> None:
    answer = member.post("/api/concepts", data={**GOOD, "edits": edits(edit)}, files=photos())
    assert answer.status_code in (400, 422), answer.text
    assert says in answer.json()["detail"]


def test_masks_and_captions_stay_with_their_pictures_in_training_and_the_next_time(
    services: Services, member: TestClient
) -> None:
    white = mask((200, 160), (20, 20, 100, 100))
    changed = edits({"mask": 0, "caption": " on a  table "}, {"caption": "<my-mug> in the rain"}, {"mask": 0})
    sent = [*photos(), ("masks", ("m.png", white, "image/png"))]
    made = member.post(
        "/api/concepts", data={**GOOD, "edits": changed, "prompts": ["a <my-mug> on the moon"]}, files=sent
    )
    assert made.status_code == 202, made.text
    concept = made.json()["concept"]
    assert [each["caption"] for each in concept["pictures"]] == ["on a table", "<my-mug> in the rain", "", ""]
    kept = Image.open(io.BytesIO(member.get(concept["pictures"][0]["mask"]).content))
    assert (kept.size, kept.getpixel((50, 50)), kept.getpixel((150, 50))) == ((200, 160), 255, 0)
    assert concept["pictures"][1]["mask"] is None
    assert member.get(concept["pictures"][1]["url"] + "/mask").status_code == 404
    with services.database.reading() as session:
        spec = session.get_one(Job, made.json()["job"]["id"]).spec
    assert [each["caption"] for each in spec["pictures"]] == ["on a table", "{} in the rain", "", ""]
    assert [each["mask_key"] is not None for each in spec["pictures"]] == [True, False, True, False]
    assert spec["prompts"] == ["a {} on the moon"]
    member.post(f"/api/jobs/{made.json()['job']['id']}/cancel").raise_for_status()
    again = member.post(
        f"/api/concepts/{concept['id']}/versions", data={"edits": edits({"caption": ""}, {}, {"caption": "at night"})}
    )
    after = job_pictures(services, again.json())
    assert [each["caption"] for each in after] == ["", "{} in the rain", "at night", ""]
    assert [each["mask_key"] for each in after] == [each["mask_key"] for each in spec["pictures"]]
    member.post(f"/api/jobs/{again.json()['job']['id']}/cancel").raise_for_status()
    moved = member.post(
        f"/api/concepts/{concept['id']}/versions", data={"edits": edits({"crop": {"x": 0, "y": 0, "size": 50}})}
    )
    assert refused(moved, "edits")["detail"].startswith("A square or a mask was sent without its picture")


def test_json_sends_edits_as_objects(member: TestClient) -> None:
    pictures = [base64.b64encode(photo(number)).decode() for number in range(3)]
    body = {**GOOD, "images": pictures, "edits": [{"caption": "on a table", "crop": {"x": 10, "y": 0, "size": 100}}]}
    made = member.post("/api/concepts", json=body)
    assert made.status_code == 202, made.text
    first = made.json()["concept"]["pictures"][0]
    assert (first["caption"], first["width"]) == ("on a table", 100)


@pytest.mark.parametrize(
    ("prompt", "says"), [("a mug on the moon", "does not name <my-mug>"), ("<my-mug> and <other>", "names <other>")]
)
def test_a_report_prompt_names_the_word_and_no_other(member: TestClient, prompt: str, says: str) -> None:
    answer = member.post("/api/concepts", data={**GOOD, "prompts": [prompt]}, files=photos())
    assert says in refused(answer, "prompts")["detail"]


def test_the_score_is_high_for_different_views_and_advice_says_what_costs_it(member: TestClient) -> None:
    def check(*contents: bytes, **data: Any) -> dict[str, Any]:
        answer = member.post("/api/pictures/check", data={"base_model": "demo", **data}, files=files(*contents))
        found: dict[str, Any] = answer.json()
        return found

    walls = ((200, 180, 150), (90, 140, 90), (120, 120, 200), (60, 50, 50))
    varied = check(*(scene(place, wall) for place, wall in enumerate(walls)))
    assert (varied["score"], varied["advice"]) == (100, [])
    places = (0.35, 0.5, 0.62, 0.43)
    alike = check(*(scene(place, walls[0], x) for place, x in enumerate(places)))
    assert (alike["score"], [each["code"] for each in alike["advice"]]) == (75, ["background"])
    assert "will learn the background" in alike["advice"][0]["detail"]
    assert check(*(scene(place, walls[0]) for place in range(4)), kind="style")["advice"] == []
    worse = check(
        scene(0, walls[0], x=0.12), scene(1, walls[1], size=40), scene(0, walls[0]), scene(0, (200, 180, 151))
    )
    said = [[each["code"] for each in picture["warnings"]] for picture in worse["pictures"]]
    assert said == [["cut-off"], ["small"], [], ["alike"]]
    assert worse["pictures"][0]["warnings"][0]["detail"] == "It seems cut off at the left."
    assert worse["score"] < varied["score"]
    assert [each["score"] for each in worse["pictures"]] == [85, 70, 100, 50]


def test_a_mask_is_made_of_what_stands_out(member: TestClient) -> None:
    upload = {"image": ("mug.jpg", scene(0, (200, 180, 150)), "image/jpeg")}
    made = member.post("/api/pictures/mask", files=upload)
    assert (made.status_code, made.headers["content-type"]) == (200, "image/png"), made.text
    white = np.asarray(Image.open(io.BytesIO(made.content)))
    assert white.shape == (240, 240)
    assert white[80:170, 80:160].mean() > 240
    assert white[200:, :].mean() < 10
    boxed = member.post("/api/pictures/mask", files=upload, data={"x": 130, "y": 40, "width": 100, "height": 160})
    assert np.asarray(Image.open(io.BytesIO(boxed.content)))[:, :120].max() == 0
    plain = member.post(
        "/api/pictures/mask", files={"image": ("grey.png", encoded(Image.new("RGB", (64, 64), "grey")))}
    )
    assert "Paint the mask by hand" in refused(plain, "image")["detail"]
    assert (
        "not a picture"
        in refused(member.post("/api/pictures/mask", files={"image": ("a.png", b"text")}), "image")["detail"]
    )


def test_the_estimate_counts_the_queue_before_a_training_is_asked_for(member: TestClient) -> None:
    first = member.get("/api/trainings/estimate").json()
    assert first == {"ahead": 0, "starts_at": None, "ends_at": None, "seconds": None}
    queued = member.post("/api/concepts", data=GOOD, files=photos()).json()["job"]
    assert member.get("/api/trainings/estimate", params={"base_model": "demo"}).json()["ahead"] == 1
    assert [job["id"] for job in member.get("/api/jobs").json()["items"]] == [queued["id"]]


def job_pictures(services: Services, made: dict[str, Any]) -> list[dict[str, Any]]:
    """The pictures in the specification of a job."""
    with services.database.reading() as session:
        found: list[dict[str, Any]] = session.get_one(Job, made["job"]["id"]).spec["pictures"]
    return found
