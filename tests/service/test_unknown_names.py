"""Nothing that is sent is dropped: unknown fields, query parameters and bodies, strange texts, and cursors."""

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from app.accounts.models import Token
from app.core.settings import Settings
from app.main import create_app
from app.services import Services
from tests.support.http import MUG, filled, refused
from tests.support.pictures import photo, photos

JSON = "application/json"
FORM = "multipart/form-data"


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(data_dir=tmp_path / "data", database_url=database_url)


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    """Method, path and description of every operation of the schema."""
    paths = create_app(Settings()).openapi()["paths"]
    return [
        (method.upper(), path, operation) for path, methods in paths.items() for method, operation in methods.items()
    ]


def test_every_route_refuses_an_unknown_query_parameter(administrator: TestClient) -> None:
    for method, path, operation in operations():
        known = [each["name"] for each in operation.get("parameters", []) if each["in"] == "query"]
        for name, near in [("zzz", None), *((f"{each}s", each) for each in known)]:
            answer = administrator.request(method, filled(path), params={name: "1"}, json=_json_of(operation))
            problem = refused(answer, name, "query parameter", name, code="unknown-name")
            assert near is None or (near in problem["detail"] and problem["suggestions"] == [near]), (method, path)
            assert "error" in problem or not path.startswith("/v1")


def test_every_route_refuses_an_unknown_field(administrator: TestClient) -> None:
    """As JSON and as a form, where a body is taken, and also where none is."""
    for method, path, operation in operations():
        content = operation.get("requestBody", {}).get("content", {})
        if JSON in content:
            answer = administrator.request(method, filled(path), json={"zzz": 1})
            refused(answer, "zzz", "There is no field zzz", code="unknown-name")
        if FORM in content:
            for value in ("1", ""):
                answer = administrator.request(method, filled(path), data={"zzz": value}, files=_no_file(path))
                refused(answer, "zzz", "There is no field zzz", code="unknown-name")
        if JSON not in content and method != "GET":
            refused(administrator.request(method, filled(path), json={"zzz": 1}), None, "takes", code="body")
            assert administrator.request(method, filled(path), json={}).status_code != 500


def _json_of(operation: dict[str, Any]) -> dict[str, Any] | None:
    return {} if JSON in operation.get("requestBody", {}).get("content", {}) else None


def _no_file(path: str) -> dict[str, tuple[str, bytes, str]]:
    """A file under a declared name, which makes the body a multipart one."""
    name = {"import": "file", "read": "image", "edits": "image", "generations": "mask"}.get(
        path.split("/")[-1], "images"
    )
    return {name: ("x.png", b"x", "image/png")}


@pytest.mark.parametrize(
    ("method", "path", "body", "field", "near"),
    [
        ("POST", "/api/tokens", {"name": "x", "nmae": "y"}, "nmae", "name"),
        ("POST", "/api/members", {"name": "Ada", "Role": "admin"}, "Role", "role"),
        ("POST", "/api/generations", {"prompt": "x", "negativ_prompt": "y"}, "negativ_prompt", "negative_prompt"),
        ("POST", "/v1/images/generations", {"prompt": "x", "qualty": "hd"}, "qualty", "quality"),
        ("PATCH", "/api/concepts/x", {"tag": ["a"]}, "tag", "tags"),
        ("POST", "/api/webhooks", {"url": "https://x", "event": []}, "event", "events"),
    ],
)
def test_a_misspelt_field_is_told_its_near_name_and_nothing_is_done(
    administrator: TestClient, services: Services, method: str, path: str, body: dict[str, Any], field: str, near: str
) -> None:
    with services.database.reading() as session:
        before = session.execute(select(func.count(Token.id))).scalar_one()
    problem = refused(administrator.request(method, path, json=body), field, f"Did you mean {near}?")
    assert problem["suggestions"] == [near]
    with services.database.reading() as session:
        assert session.execute(select(func.count(Token.id))).scalar_one() == before


def test_a_misspelt_field_of_a_form_is_told_its_near_name(member: TestClient) -> None:
    answer = member.post("/api/concepts", data=MUG | {"step_max": "10"}, files=photos())
    refused(answer, "step_max", "Did you mean steps_max?")
    assert member.get("/api/concepts").json()["items"] == []


def test_a_form_that_is_sent_as_json_is_refused(member: TestClient, learned: str) -> None:
    answer = member.post(f"/api/concepts/{learned}/versions", json={"steps_max": 10})
    refused(answer, None, "multipart/form-data", code="body")


def test_openai_clients_may_send_every_field_that_openai_documents(member: TestClient, anonymous: TestClient) -> None:
    documented = {
        "quality": "hd", "style": "vivid", "background": "auto", "moderation": "low", "output_format": "png",
        "output_compression": 100, "user": "x", "safety_identifier": "x", "partial_images": 0, "stream": False,
    }  # fmt: skip
    answer = member.post("/v1/images/generations", json={"prompt": "a <nothing>", **documented})
    refused(answer, "prompt", "<nothing>")
    refused(member.post("/v1/images/generations", json={"prompt": "x", "background": "transparent"}), "background")


# --- Texts that cannot be stored --------------------------------------------------------------------------------------


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
        administrator.post(path, content=body, headers={"Content-Type": JSON}), field, code="unstorable-text"
    )
    assert ("error" in problem) == path.startswith("/v1")


def test_every_string_of_a_nested_body_is_checked(member: TestClient) -> None:
    body = {"prompt": "x", "init_image": {"image_id": "a\0"}}
    refused(member.post("/api/generations", json=body), "init_image.image_id", code="unstorable-text")
    refused(member.patch("/api/concepts/x", json={"tags": ["ok", "\0"]}), "tags", code="unstorable-text")
    deep = '{"prompt": ' + "[" * 900 + '"\\u0000"' + "]" * 900 + "}"
    answer = member.post("/api/generations", content=deep, headers={"Content-Type": JSON})
    assert answer.status_code in (400, 422)
    answer = member.post("/api/tokens", content='{"\\ud800": 1}', headers={"Content-Type": JSON})
    refused(answer, "\\ud800", code="unknown-name")


def test_a_text_that_cannot_be_stored_is_refused_in_a_form(member: TestClient) -> None:
    for name in ("name", "description", "tags", "placeholder", "initializer"):
        answer = member.post("/api/concepts", data=MUG | {name: "a\0b"}, files=photos())
        refused(answer, name, code="unstorable-text")
    answer = member.post("/api/generations", data={"prompt": "a\0b"}, files={"mask": ("m.png", photo(0), "image/png")})
    refused(answer, "prompt", code="unstorable-text")
    # A client may choose the encoding of a form, also one that spells half a character.
    half = b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\n\\ud800\r\n--x--\r\n'
    kind = "multipart/form-data; boundary=x; charset=unicode_escape"
    answer = member.post("/api/concepts", content=half, headers={"Content-Type": kind})
    refused(answer, "name", code="unstorable-text")


def test_a_file_name_that_cannot_be_stored_is_refused(member: TestClient) -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="\\ud800.pt"\r\n\r\nx\r\n'
        b'--x\r\nContent-Disposition: form-data; name="placeholder"\r\n\r\n<my-mug>\r\n--x--\r\n'
    )
    kind = "multipart/form-data; boundary=x; charset=unicode_escape"
    answer = member.post("/api/concepts/import", content=body, headers={"Content-Type": kind})
    refused(answer, "file", code="unstorable-text")


def test_a_parameter_that_cannot_be_stored_is_refused(member: TestClient) -> None:
    for name in ("query", "tag", "owner", "base_model"):
        refused(member.get(f"/api/concepts?{name}=a%00b"), name, code="unstorable-text")
    refused(member.get("/api/generations?concept=%00"), "concept", code="unstorable-text")
    refused(member.get("/api/concepts?%00=1"), "\\x00", code="unknown-name")
    assert member.get("/api/concepts?query=%ed%a0%80").status_code == 200  # no Unicode: read as U+FFFD


# --- Cursors ----------------------------------------------------------------------------------------------------------

LISTS = ["/api/concepts", "/api/generations", "/api/jobs"]


@pytest.mark.parametrize(
    "cursor", ["garbage", "", "zzzzzzzzzzzzzzzzzzzzzzzzzz", "01jz", "01JZ0000000000000000000000", "%00"]
)
def test_a_cursor_that_is_not_ours_is_refused(administrator: TestClient, cursor: str) -> None:
    for path in LISTS:
        answer = administrator.get(f"{path}?cursor={cursor}")
        assert (answer.status_code, answer.json()["field"]) == (422, "cursor"), path


def test_every_list_that_takes_a_cursor_checks_it(administrator: TestClient) -> None:
    lists = [path for method, path, each in operations() if "cursor" in str(each.get("parameters")) and method == "GET"]
    assert len(lists) >= 4
    for path in lists:
        refused(administrator.get(filled(path), params={"cursor": "garbage"}), "cursor", code="cursor")


def test_our_own_cursor_is_taken(member: TestClient) -> None:
    for number in range(3):
        assert member.post("/api/generations", json={"prompt": f"{number}", "count": 1}).status_code == 202
    for path in ("/api/generations", "/api/jobs"):
        first = member.get(path, params={"limit": 2}).json()
        second = member.get(path, params={"limit": 2, "cursor": first["next"]}).json()
        assert (len(second["items"]), second["next"]) == (1, None)
