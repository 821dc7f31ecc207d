"""The OpenAPI schema is complete: names, summaries, examples that are true, and one shape for every error."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from pydantic import TypeAdapter

from app.core.settings import Settings
from app.main import create_app
from app.web.etags import tag_of
from app.web.openapi import TAGS, document_of
from app.web.openapi_examples import PROBLEM, REQUESTS, RESPONSES
from app.web.problems import Problem
from tests.support.http import OPEN, every_route, filled

APP = create_app(Settings())
SCHEMA = APP.openapi()
OPERATIONS = {
    operation["operationId"]: operation for methods in SCHEMA["paths"].values() for operation in methods.values()
}
ROUTES: dict[str, APIRoute] = {route.name: route for route in every_route(APP)}


def contents(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Media types that an operation answers with when all is well, without pictures and files."""
    for status, response in operation["responses"].items():
        for media_type, content in response.get("content", {}).items():
            if status != "default" and not media_type.startswith(("image/", "application/octet-stream")):
                yield media_type, content


def test_every_call_has_a_short_name_of_its_own() -> None:
    assert len(OPERATIONS) == sum(len(methods) for methods in SCHEMA["paths"].values())
    assert [name for name in OPERATIONS if not re.fullmatch(r"[a-z]+(_[a-z0-9]+)*", name)] == []
    assert set(OPERATIONS) == set(ROUTES)


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_call_says_what_it_does_under_a_known_heading(name: str) -> None:
    operation = OPERATIONS[name]
    assert len(operation["summary"]) >= 4
    assert not operation["summary"].endswith(".")
    assert len(operation["tags"]) == 1
    assert operation["tags"][0] in [tag["name"] for tag in TAGS]


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_call_shows_what_is_sent_and_what_comes_back(name: str) -> None:
    operation = OPERATIONS[name]
    for content in operation.get("requestBody", {}).get("content", {}).values():
        assert content["example"]
    for _, content in contents(operation):
        assert content["example"]


def test_no_example_is_of_a_call_that_is_gone() -> None:
    assert set(REQUESTS) == {name for name, operation in OPERATIONS.items() if "requestBody" in operation}
    assert set(RESPONSES) == {name for name, operation in OPERATIONS.items() if list(contents(operation))}


@pytest.mark.parametrize("name", [name for name in RESPONSES if ROUTES[name].response_model])
def test_the_example_of_an_answer_is_one(name: str) -> None:
    shape: TypeAdapter[Any] = TypeAdapter(ROUTES[name].response_model)
    shown = shape.validate_python(RESPONSES[name])
    exclude_none = ROUTES[name].response_model_exclude_none
    assert shape.dump_python(shown, mode="json", exclude_none=exclude_none) == RESPONSES[name]


@pytest.mark.parametrize("name", REQUESTS)
def test_the_example_of_a_request_is_one(name: str) -> None:
    for media_type, content in OPERATIONS[name]["requestBody"]["content"].items():
        reference = content["schema"].get("$ref") or content["schema"]["anyOf"][0]["$ref"]
        shape = SCHEMA["components"]["schemas"][reference.rpartition("/")[2]]
        assert set(REQUESTS[name]) <= set(shape["properties"])
        assert set(shape.get("required", ())) <= set(REQUESTS[name])
        if media_type == "application/json":
            model = ROUTES[name].body_field
            assert model is not None
            TypeAdapter(model.field_info.annotation).validate_python(REQUESTS[name])


def test_every_call_documents_the_one_shape_of_errors() -> None:
    for operation in OPERATIONS.values():
        assert list(operation["responses"]["default"]["content"]) == ["application/problem+json"]
        assert {status for status in operation["responses"] if not status.startswith("2")} == {"default"}
    assert Problem.model_validate(PROBLEM).model_dump(exclude_none=True) == PROBLEM


def test_every_call_errs_in_the_documented_shape(anonymous: TestClient) -> None:
    for path, methods in SCHEMA["paths"].items():
        for method in methods:
            if (method.upper(), path) in OPEN:
                continue
            answer = anonymous.request(method, filled(path))
            problem = Problem.model_validate(answer.json())
            assert problem.status == answer.status_code
            assert re.fullmatch(r"/problems/[a-z-]+", problem.type)
            known = set(Problem.model_fields) | ({"error"} if path.startswith("/v1/") else set())
            known |= {"error", "body", "errors"} if path.startswith("/sdapi/") else set()
            assert set(answer.json()) <= known


def test_no_two_shapes_share_a_name() -> None:
    assert [name for name in SCHEMA["components"]["schemas"] if "__" in name] == []


def test_every_reference_leads_somewhere() -> None:
    references = set(re.findall(r"'\$ref': '#/components/schemas/([^']+)'", repr(SCHEMA)))
    assert references <= set(SCHEMA["components"]["schemas"])


def test_the_schema_is_derived_before_the_first_request_and_served_as_the_same_bytes(
    anonymous: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anonymous.app, "openapi", lambda: pytest.fail("it was derived on the event loop"))
    answer = anonymous.get("/openapi.json")
    assert json.loads(answer.content) == json.loads(json.dumps(SCHEMA))
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["etag"] == tag_of(answer.content)
    assert document_of(anonymous.app) is document_of(anonymous.app)  # type: ignore[arg-type]
    again = anonymous.get("/openapi.json", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert anonymous.head("/openapi.json").headers["etag"] == answer.headers["etag"]
