"""The OpenAPI schema is complete: names, summaries, examples that are true, and one shape for every error."""

import json
import os
import re
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from pydantic import TypeAdapter

from app.compat.openai.schemas import ImagesEvent
from app.core.settings import REPOSITORY, Settings
from app.jobs.schemas import JobEvent
from app.main import create_app
from app.web.etags import tag_of
from app.web.openapi import TAGS, document_of
from app.web.openapi_examples import REQUESTS, RESPONSES
from app.web.openapi_problem_examples import EXAMPLES
from app.web.openapi_shapes import python_name
from app.web.problems import Problem
from app.webhooks.events import EVENTS
from tests.support.http import OPEN, every_route, filled

APP = create_app(Settings())
SCHEMA = APP.openapi()
CALLS = [
    (method.upper(), path, operation)
    for path, methods in SCHEMA["paths"].items()
    for method, operation in methods.items()
]
OPERATIONS = {operation["operationId"]: operation for _, _, operation in CALLS}
SCHEMAS: dict[str, Any] = SCHEMA["components"]["schemas"]
ROUTES: dict[str, APIRoute] = {route.name: route for route in every_route(APP)}


BINARY = ("image/", "application/octet-stream")


def contents(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Media types that an operation answers with when all is well, without pictures and files."""
    for status, response in operation["responses"].items():
        for media_type, content in response.get("content", {}).items():
            if status[0] == "2" and not media_type.startswith(BINARY):
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
        if media_type == "application/json" and not reference.endswith("_json"):  # of a form
            model = ROUTES[name].body_field
            assert model is not None
            TypeAdapter(model.field_info.annotation).validate_python(REQUESTS[name])


def test_every_call_documents_the_one_shape_of_errors_and_shows_those_that_it_answers() -> None:
    for name, operation in OPERATIONS.items():
        responses = operation["responses"]
        assert responses["default"] == {"$ref": "#/components/responses/Problem"}
        for status, response in responses.items():
            if status[0] == "4":
                assert list(response["content"]) == ["application/problem+json"], name
                for code, shown in response["content"]["application/problem+json"]["examples"].items():
                    assert shown["value"] == EXAMPLES[code] | {"status": int(status)}
                    assert str(Problem.model_validate(shown["value"]).status) == status
        signed_in = (*next((method, path) for method, path, found in CALLS if found is operation),) not in OPEN
        assert ("401" in responses and bool(operation["security"])) is signed_in or name.endswith("sign_in")


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


def twice(names: Iterable[str]) -> list[str]:
    """The names that several of these names become in a generated client."""
    return [name for name, count in Counter(map(python_name, names)).items() if count > 1]


def test_no_two_names_become_one_in_a_generated_client() -> None:
    assert twice(["image", "Image[]", "mask"]) == ["image"]
    assert twice(SCHEMAS) == []
    assert twice(OPERATIONS) == []
    for name, shape in SCHEMAS.items():
        assert twice(shape.get("properties", ())) == [], name
    for name, operation in OPERATIONS.items():
        assert twice(parameter["name"] for parameter in operation.get("parameters", ())) == [], name


def test_every_parameter_is_described() -> None:
    bare = [
        (name, parameter["name"])
        for name, operation in OPERATIONS.items()
        for parameter in operation.get("parameters", ())
        if not parameter.get("description")
    ]
    assert bare == []


def test_files_are_binary_in_requests_and_answers() -> None:
    for name, operation in OPERATIONS.items():
        for media_type, content in operation["responses"].get("200", {}).get("content", {}).items():
            is_binary = media_type.startswith(BINARY)
            assert (content["schema"].get("format") == "binary") is is_binary, name
    form = SCHEMAS["Body_create_concept"]["properties"]
    assert form["images"]["items"]["format"] == "binary"
    for field in ("init_image", "mask"):
        assert SCHEMAS["GenerationForm"]["properties"][field]["format"] == "binary"
    content = SCHEMA["paths"]["/api/concepts"]["post"]["requestBody"]["content"]["multipart/form-data"]
    pictures = {"contentType": "image/png, image/jpeg, image/webp"}
    assert content["encoding"] == {"images": pictures, "masks": pictures}


def test_the_values_of_closed_sets_are_listed() -> None:
    formats = next(each for each in OPERATIONS["download_embedding"]["parameters"] if each["name"] == "format")
    assert formats["schema"]["enum"][:2] == ["oneword", "diffusers"]
    assert SCHEMAS["Body_create_concept"]["properties"]["kind"]["enum"] == ["object", "style"]
    assert SCHEMAS["JobOut"]["properties"]["cancel"]["anyOf"][0]["enum"] == ["discard", "keep"]


def test_the_events_of_a_job_are_modelled_and_the_example_has_such_events() -> None:
    content = OPERATIONS["watch_job"]["responses"]["200"]["content"]["text/event-stream"]
    assert content["schema"]["contentSchema"] == {"$ref": "#/components/schemas/JobEvent"}
    blocks = [dict(line.split(": ", 1) for line in each.splitlines()) for each in content["example"].split("\n\n")[:-1]]
    for fields in blocks:
        event = {"id": int(fields["id"]), "event": fields["event"], "data": json.loads(fields["data"])}
        shown = JobEvent.model_validate(event)
        assert shown.model_dump(mode="json", exclude_unset=True) == event


@pytest.mark.parametrize("call", ["generate_images", "edit_image"])
def test_the_events_of_an_openai_stream_are_modelled_and_the_example_has_such_events(call: str) -> None:
    content = OPERATIONS[call]["responses"]["200"]["content"]["text/event-stream"]
    assert content["schema"]["contentSchema"] == {"$ref": "#/components/schemas/ImagesEvent"}
    blocks = [dict(line.split(": ", 1) for line in each.splitlines()) for each in content["example"].split("\n\n")[:-1]]
    assert [fields["event"].partition(".")[2] for fields in blocks] == ["partial_image", "completed"]
    for fields in blocks:
        event = json.loads(fields["data"])
        assert event["type"] == fields["event"]
        assert ImagesEvent.model_validate(event).model_dump(mode="json") == event


def test_the_messages_of_webhooks_are_modelled() -> None:
    assert set(SCHEMA["webhooks"]) == set(EVENTS)
    for event, described in SCHEMA["webhooks"].items():
        content = described["post"]["requestBody"]["content"]["application/json"]
        shape = SCHEMAS[content["schema"]["$ref"].rpartition("/")[2]]
        types = shape["properties"]["type"]
        assert event in types.get("enum", [types.get("const")])


def test_a_linter_of_openapi_finds_nothing(tmp_path: Path) -> None:
    document = tmp_path / "openapi.json"
    document.write_bytes(document_of(APP))
    lint = REPOSITORY / "frontend" / "node_modules" / ".bin" / "redocly"
    rules = REPOSITORY / "frontend" / "redocly.yaml"
    command = [lint, "lint", document, "--config", rules, "--format", "json"]
    quiet = os.environ | {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    said = subprocess.run(command, env=quiet, capture_output=True, text=True, check=False).stdout
    assert json.loads(said)["problems"] == []


def test_no_two_shapes_share_a_name() -> None:
    assert [name for name in SCHEMA["components"]["schemas"] if "__" in name] == []


def test_every_reference_leads_somewhere() -> None:
    references = set(re.findall(r"'\$ref': '#/components/schemas/([^']+)'", repr(SCHEMA)))
    assert references <= set(SCHEMA["components"]["schemas"])


def test_the_schema_is_derived_before_the_first_request_and_served_as_the_same_bytes(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with TestClient(create_app(settings), base_url="http://localhost:8000") as anonymous:
        the_schema_is_served_as_derived(anonymous, monkeypatch)


def the_schema_is_served_as_derived(anonymous: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anonymous.app, "openapi", lambda: pytest.fail("it was derived on the event loop"))
    answer = anonymous.get("/openapi.json")
    assert json.loads(answer.content) == json.loads(json.dumps(SCHEMA))
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["etag"] == tag_of(answer.content)
    assert document_of(anonymous.app) is document_of(anonymous.app)  # type: ignore[arg-type]
    assert anonymous.get("/openapi.json?format=yaml").json()["field"] == "format"
    again = anonymous.get("/openapi.json", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert anonymous.head("/openapi.json").headers["etag"] == answer.headers["etag"]
