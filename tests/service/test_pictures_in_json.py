"""Pictures and files in JSON, and uploads that later requests name: the same as a form, to the byte."""

import base64
import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image
from sqlalchemy import select, update

from app.concepts.models import Picture
from app.core.database import utc_now
from app.core.settings import Settings
from app.retention.service import tidy
from app.services import Services
from app.uploads.models import StoredUpload
from app.web.json_uploads import CUT_BYTES, Skeleton
from tests.support.foreign_files import kohya
from tests.support.http import FAST, MUG, form, refused
from tests.support.pictures import mask, photo
from tests.support.stand_in_worker import sweep
from tests.support.stored import blobs


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", orphan_seconds=0)


def base64_of(content: bytes) -> str:
    return base64.b64encode(content).decode()


def data(content: bytes, kind: str = "image/jpeg") -> str:
    return f"data:{kind};base64,{base64_of(content)}"


LARGE = photo(9, (1200, 1000), "PNG", compress_level=0)  # cut while it arrives
SPELLED = {
    "a data: address": lambda content: data(content),
    "bare base64": base64_of,
    "base64 without padding": lambda content: base64_of(content).rstrip("="),
    "base64 in lines": lambda content: base64.encodebytes(content).decode(),
    "with its name": lambda content: {"data": data(content), "name": "mug.png"},
}


@pytest.mark.parametrize("spelled", SPELLED)
def test_a_concept_is_taught_from_pictures_in_json_as_from_a_form(
    member: TestClient, services: Services, spelled: str
) -> None:
    pictures = [LARGE, photo(1), photo(2)]
    sent = [("images", (f"{n}.png", content, "image/png")) for n, content in enumerate(pictures)]
    as_form = member.post("/api/concepts", data={**MUG, "tags": ["a", "b"], "vectors": 2}, files=sent)
    body = {**MUG, "placeholder": "<my-cup>", "tags": ["a", "b"], "vectors": 2, "mirror": None,
            "images": [SPELLED[spelled](content) for content in pictures]}  # fmt: skip
    as_json = member.post("/api/concepts", json=body)
    assert (as_form.status_code, as_json.status_code) == (202, 202), as_json.text
    assert as_json.json()["concept"]["tags"] == ["a", "b"]
    with services.database.reading() as session:
        hashes = [row.sha256 for row in session.scalars(select(Picture).order_by(Picture.position, Picture.id))]
    assert hashes[::2] == hashes[1::2]


def test_escaped_slashes_and_every_cut_of_a_body_give_the_same_bytes() -> None:
    content = bytes(range(256)) * 400
    text = json.dumps({"a": 'x"\\é', "images": [data(content), "short"], "n": 1}).replace("/", "\\/").encode()
    for size in (1, 7, 1000, 32_767, len(text)):
        skeleton = Skeleton(1)
        for place in range(0, len(text), size):
            skeleton.feed(text[place : place + size])
        found = skeleton.value()
        assert (found["a"], found["images"][1], found["n"]) == ('x"\\é', "short", 1)
        assert found["images"][0].fault is None
        assert found["images"][0].file.read() == content
        assert len(skeleton.rest) < 200
        skeleton.close()


@pytest.mark.parametrize(
    ("picture", "says"),
    [
        ("no base64 at all!", "is not base64"),
        ("!" * (CUT_BYTES + 1), "is not base64"),
        ("AAAA" * 10_000 + "=" + "AAAA" * 10_000, "is not base64"),
        ("data:image/png,%89PNG" + "x" * CUT_BYTES, "not base64"),
        ("data:image/png,%89PNG", "not base64"),
        ("https://example.org/1.png", "fetches none"),
        ("https://example.org/" + "x" * CUT_BYTES, "fetches none"),
        (7, "data: address"),
        ({"url": "https://example.org/1.png"}, "data: address"),
        ({"data": 1}, "data: address"),
        ({"upload_id": "nothing"}, "no such upload"),
    ],
)
def test_what_is_no_picture_is_refused_at_its_field(member: TestClient, picture: Any, says: str) -> None:
    answer = member.post("/api/pictures/check", json={"images": [picture]})
    assert (answer.status_code, answer.json()["field"]) == (422, "images")
    assert says in answer.json()["detail"]
    refused(member.post("/api/pictures/check", json={"images": [data(b"hello")], "nmae": "x"}), "nmae", "no field")


@pytest.mark.parametrize("body", [b"[1]", b'"x"', b"{", b'{"images": "' + b"A" * 100_000, b"[" * 100_000])
def test_a_body_that_is_no_object_is_a_422(member: TestClient, body: bytes) -> None:
    for path in ("/api/concepts", "/api/generations"):
        answer = member.post(path, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 422, answer.text


def test_a_text_of_a_pictures_length_is_refused_where_no_picture_belongs(member: TestClient) -> None:
    for path in ("/api/concepts", "/api/generations"):
        answer = member.post(path, json={"prompt": "x", "placeholder": "x", "name": "A" * (CUT_BYTES + 1)})
        assert answer.status_code == 422, answer.text


def test_a_drawing_takes_its_pictures_from_json_as_from_a_form(member: TestClient, services: Services) -> None:
    start, where = photo(1, (64, 64), "PNG"), mask()
    made = form(member, {"init_image": start, "mask": where}, **FAST, strength=0.5)
    sent = {**FAST, "strength": 0.5, "init_image": data(start, "image/png"), "mask": base64_of(where)}
    again = member.post("/api/generations", json=sent)
    assert (made.status_code, again.status_code) == (202, 202), again.text
    recipes = [answer.json()["generation"]["recipe"] for answer in (made, again)]
    for name in ("init_image", "mask"):
        first, second = (member.get(f"/api/uploads/{recipe[name]['upload_id']}").content for recipe in recipes)
        assert first == second


def test_an_embedding_in_json_is_imported_under_its_name(member: TestClient) -> None:
    sent = {"file": {"data": base64_of(kohya()), "name": "blue-mug.safetensors"}, "tags": "x"}
    made = member.post("/api/concepts/import", json=sent)
    assert made.status_code == 202, made.text
    found = made.json()["concept"]
    assert (found["placeholder"], found["tags"]) == ("<my-blue-mug>", ["x"])
    assert made.json()["job"]["kind"] == "import"


def stored(member: TestClient, content: bytes = LARGE, name: str = "mug.png") -> dict[str, Any]:
    answer = member.post("/api/uploads", files={"image": (name, content, "image/png")})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_an_upload_is_named_in_later_requests_and_reads_as_if_it_had_come_along(
    member: TestClient, services: Services
) -> None:
    pictures = [LARGE, photo(1), photo(2)]
    sent = [{"upload_id": stored(member, content)["id"]} for content in pictures]
    checked = member.post("/api/pictures/check", json={"images": sent}).json()
    assert (checked["ok"], checked["pictures"][0]["name"]) == (True, "mug.png")
    files = [("images", (f"{n}.png", content, "image/png")) for n, content in enumerate(pictures)]
    member.post("/api/concepts", data=MUG, files=files).raise_for_status()
    member.post("/api/concepts", json={**MUG, "placeholder": "<my-cup>", "images": sent}).raise_for_status()
    with services.database.reading() as session:
        hashes = [row.sha256 for row in session.scalars(select(Picture).order_by(Picture.position, Picture.id))]
    assert hashes[::2] == hashes[1::2]
    start, where = stored(member, photo(1, (64, 64), "PNG")), stored(member, mask())
    order = {**FAST, "strength": 0.5, "init_image": {"upload_id": start["id"]}, "mask": {"upload_id": where["id"]}}
    made = member.post("/api/generations", json=order)
    assert made.status_code == 202, made.text
    recipe = made.json()["generation"]["recipe"]
    member.delete(f"/api/uploads/{start['id']}").raise_for_status()
    assert member.get(f"/api/uploads/{start['id']}").status_code == 404
    assert (
        member.get(f"/api/uploads/{recipe['init_image']['upload_id']}").status_code == 200
    )  # it goes with its drawing


def test_the_transparency_of_an_upload_stays(member: TestClient, services: Services) -> None:
    picture = Image.new("RGBA", (300, 300), (0, 0, 0, 0))
    picture.paste((200, 30, 30, 255), (50, 50, 250, 250))
    content = io.BytesIO()
    picture.save(content, "PNG")
    upload = stored(member, content.getvalue())
    checked = member.post("/api/pictures/check", json={"images": [{"upload_id": upload["id"]}]}).json()
    assert checked["pictures"][0]["masked"] is True
    sent = member.post("/api/uploads", json={"image": data(content.getvalue())}).json()
    assert (sent["name"], sent["bytes"]) == ("", upload["bytes"])


def test_an_upload_belongs_to_its_team_and_counts_as_its_own(
    member: TestClient, stranger: TestClient, colleague: TestClient, services: Services
) -> None:
    before = member.get("/api/usage").json()["storage_bytes"]["used"]
    upload = stored(member)
    assert member.get("/api/usage").json()["storage_bytes"]["used"] == before + upload["bytes"]
    assert stranger.get(upload["url"]).status_code == 404
    refused(stranger.post("/api/pictures/check", json={"images": [{"upload_id": upload["id"]}]}), "images", "upload")
    refused(colleague.delete(upload["url"]), None, "belongs to", status=403, code="not-owner")


def test_an_upload_goes_when_nobody_has_named_it_for_its_time(member: TestClient, services: Services) -> None:
    used, unused = stored(member), stored(member)
    with services.database.transaction() as session:
        session.execute(update(StoredUpload).values(expires_at=utc_now() + timedelta(minutes=1)))
    member.post("/api/pictures/check", json={"images": [{"upload_id": used["id"]}]})
    with services.database.transaction() as session:
        soon = StoredUpload.expires_at < utc_now() + timedelta(hours=1)
        session.execute(update(StoredUpload).where(soon).values(expires_at=utc_now()))
    tidy(services.database, services.settings)
    sweep(services)
    assert [member.get(each["url"]).status_code for each in (used, unused)] == [200, 404]
    assert len([key for key in blobs(services) if key.startswith("uploads/")]) == 1


def test_a_request_with_a_wrong_type_says_which_are_taken(member: TestClient) -> None:
    for content_type in ("text/plain", "application/xml"):
        answer = member.post("/api/concepts", content=b"x" * 100, headers={"Content-Type": content_type})
        refused(answer, "Content-Type", "multipart/form-data or application/json", content_type)


def test_json_beside_a_picture_that_is_nested_too_deeply_is_a_sentence(member: TestClient) -> None:
    deep = "[" * 700 + "]" * 700
    body = f'{{"image": "{base64_of(LARGE)}", "deep": {deep}}}'
    refused(member.post("/api/uploads", content=body, headers={"Content-Type": "application/json"}), None, "nested")


def test_json_brings_as_many_files_as_the_form(member: TestClient) -> None:
    for pictures in ([base64_of(photo(1)), base64_of(photo(2))], [base64_of(LARGE), base64_of(LARGE)]):
        refused(member.post("/api/uploads", json={"image": pictures}), None, "at most 1", code="form")


def test_the_same_request_with_the_same_key_gets_its_drawing_after_its_upload_is_gone(member: TestClient) -> None:
    upload, key = stored(member, photo(1)), {"Idempotency-Key": "once"}
    order = {**FAST, "init_image": {"upload_id": upload["id"]}}
    first = member.post("/api/generations", json=order, headers=key)
    assert member.delete(f"/api/uploads/{upload['id']}").status_code == 204
    again = member.post("/api/generations", json=order, headers=key)
    assert (again.status_code, again.json()["job"]["id"]) == (202, first.json()["job"]["id"])
