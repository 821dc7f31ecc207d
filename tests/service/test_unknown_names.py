"""Nothing that is sent is dropped: unknown fields, query parameters, bodies and cursors."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from app.accounts.models import Token
from app.core.settings import Settings
from app.main import create_app
from app.services import Services
from tests.support.http import MUG, filled, refused
from tests.support.pictures import photos

JSON = "application/json"
FORM = "multipart/form-data"


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
            problem = refused(answer, name, "query parameter", name, code="invalid-input")
            assert near is None or (near in problem["detail"] and problem["suggestions"] == [near]), (method, path)
            assert "error" in problem or not path.startswith("/v1")


# They take JSON in the place of their form, see app.web.openapi_json_forms.
JSON_NOT_DESCRIBED = {"check_pictures", "create_upload", "import_concepts", "make_mask", "read_picture"}


def test_every_route_refuses_an_unknown_field(administrator: TestClient) -> None:
    """As JSON and as a form, where a body is taken, and also where none is."""
    for method, path, operation in operations():
        content = operation.get("requestBody", {}).get("content", {})
        if path == "/mcp":  # a message of JSON-RPC, which names what it lacks first
            continue
        if JSON in content:
            answer = administrator.request(method, filled(path), json={"zzz": 1})
            refused(answer, "zzz", "There is no field zzz", code="invalid-input")
        if FORM in content:
            for value in ("1", ""):
                answer = administrator.request(method, filled(path), data={"zzz": value}, files=_no_file(path))
                refused(answer, "zzz", "There is no field zzz", code="invalid-input")
        if JSON not in content and method != "GET":
            answer = administrator.request(method, filled(path), json={"zzz": 1})
            if operation["operationId"] in JSON_NOT_DESCRIBED:
                refused(answer, "zzz", "There is no field zzz", code="invalid-input")
            else:
                refused(answer, None, "takes", code="body")
            assert administrator.request(method, filled(path), json={}).status_code != 500


def _json_of(operation: dict[str, Any]) -> dict[str, Any] | None:
    return {} if JSON in operation.get("requestBody", {}).get("content", {}) else None


def _no_file(path: str) -> dict[str, tuple[str, bytes, str]]:
    """A file under a declared name, which makes the body a multipart one."""
    name = {
        "import": "file",
        "import-many": "file",
        "mask": "image",
        "read": "image",
        "edits": "image",
        "variations": "image",
        "generations": "mask",
    }.get(path.split("/")[-1], "images")
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


def test_openai_clients_may_send_every_field_that_openai_documents(member: TestClient, anonymous: TestClient) -> None:
    documented = {
        "quality": "hd", "style": "vivid", "background": "auto", "moderation": "low", "output_format": "png",
        "output_compression": 100, "user": "x", "safety_identifier": "x", "partial_images": 0, "stream": False,
    }  # fmt: skip
    answer = member.post("/v1/images/generations", json={"prompt": "a <nothing>", **documented})
    refused(answer, "prompt", "<nothing>")
    refused(member.post("/v1/images/generations", json={"prompt": "x", "background": "transparent"}), "background")


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
