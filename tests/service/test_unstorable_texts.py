"""Texts that PostgreSQL or UTF-8 cannot take are refused at the field that has them, the same on both databases."""

import json
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.core.settings import Settings
from tests.support.http import MUG, refused
from tests.support.pictures import photo, photos

JSON = "application/json"


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(data_dir=tmp_path / "data", database_url=database_url)


@pytest.mark.parametrize("path", ["/api/concepts/%00", "/api/jobs/a%00b", "/api/images/%00/order"])
def test_an_id_that_cannot_be_stored_is_not_there(member: TestClient, path: str) -> None:
    refused(member.get(path), None, status=404, code="not-found")


@pytest.mark.parametrize("path", ["/api/concepts", "/api/jobs", "/api/generations", "/api/images"])
def test_an_id_of_300_letters_is_not_there(member: TestClient, path: str) -> None:
    refused(member.get(f"{path}/{'a' * 300}"), None, status=404, code="not-found")


@pytest.mark.parametrize("strange", ["a\0b", "\ud800", "a\udfff"])
@pytest.mark.parametrize(
    ("path", "field"),
    [("/api/tokens", "name"), ("/api/members", "name"), ("/api/generations", "prompt"), ("/api/session", "code"),
     ("/api/tokenize", "text"), ("/v1/images/generations", "prompt"), ("/api/webhooks", "url")],
)  # fmt: skip
def test_a_text_that_cannot_be_stored_is_refused_in_json(
    administrator: TestClient, path: str, field: str, strange: str
) -> None:
    body = json.dumps({field: strange})
    problem = refused(
        administrator.post(path, content=body, headers={"Content-Type": JSON}), field, code="invalid-input"
    )
    assert ("error" in problem) == path.startswith("/v1")


def test_every_string_of_a_nested_body_is_checked(member: TestClient) -> None:
    body = {"prompt": "x", "init_image": {"image_id": "a\0"}}
    refused(member.post("/api/generations", json=body), "init_image.image_id", code="invalid-input")
    refused(member.patch("/api/concepts/x", json={"tags": ["ok", "\0"]}), "tags", code="invalid-input")
    deep = '{"prompt": ' + "[" * 900 + '"\\u0000"' + "]" * 900 + "}"
    answer = member.post("/api/generations", content=deep, headers={"Content-Type": JSON})
    assert answer.status_code in (400, 422)
    answer = member.post("/api/tokens", content='{"\\ud800": 1}', headers={"Content-Type": JSON})
    refused(answer, "\\ud800", code="invalid-input")


def test_a_text_that_cannot_be_stored_is_refused_in_a_form(member: TestClient) -> None:
    for name in ("name", "description", "tags", "placeholder", "initializer"):
        answer = member.post("/api/concepts", data=MUG | {name: "a\0b"}, files=photos())
        refused(answer, name, code="invalid-input")
    answer = member.post("/api/generations", data={"prompt": "a\0b"}, files={"mask": ("m.png", photo(0), "image/png")})
    refused(answer, "prompt", code="invalid-input")
    # A client may choose the encoding of a form, also one that spells half a character.
    half = b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\n\\ud800\r\n--x--\r\n'
    kind = "multipart/form-data; boundary=x; charset=unicode_escape"
    answer = member.post("/api/concepts", content=half, headers={"Content-Type": kind})
    refused(answer, "name", code="invalid-input")


def test_a_file_name_that_cannot_be_stored_is_refused(member: TestClient) -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="\\ud800.pt"\r\n\r\nx\r\n'
        b'--x\r\nContent-Disposition: form-data; name="placeholder"\r\n\r\n<my-mug>\r\n--x--\r\n'
    )
    kind = "multipart/form-data; boundary=x; charset=unicode_escape"
    answer = member.post("/api/concepts/import", content=body, headers={"Content-Type": kind})
    refused(answer, "file", code="invalid-input")


def test_a_parameter_that_cannot_be_stored_is_refused(member: TestClient) -> None:
    for name in ("query", "tag", "owner", "base_model"):
        refused(member.get(f"/api/concepts?{name}=a%00b"), name, code="invalid-input")
    refused(member.get("/api/generations?concept=%00"), "concept", code="invalid-input")
    refused(member.get("/api/concepts?%00=1"), "\\x00", code="invalid-input")
    assert member.get("/api/concepts?query=%ed%a0%80").status_code == 200  # no Unicode: read as U+FFFD
