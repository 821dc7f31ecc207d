"""The whole interface, with requests made from its own schema: valid ones, invalid ones, and with real ids in paths.

schemathesis makes the requests and compares the answers with the schema. Objects that a request may delete are spare.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import requests
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import assume
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from app.core.settings import Settings
from app.main import create_app
from app.services import Services
from app.web.problems import Problem
from tests.support import corpus
from tests.support.fuzzing import Fuzz, signed_in
from tests.support.http import OPEN, filled
from tests.support.mutations import damaged, texts
from tests.support.world import World, fill

ADDRESS = "http://localhost:8000"
DOCUMENT = create_app(Settings()).openapi()
for methods in DOCUMENT["paths"].values():
    for described in methods.values():
        described.pop("security", None)  # each request is signed in by its sender, whatever schemathesis would make up
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
OPERATIONS = {found.ok().label: found.ok() for found in SCHEMA.get_all_operations()}
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW")
STREAMS = {"GET /api/jobs/{job_id}/events"}  # have no end while a job waits
SIGN_IN = {"POST /api/session", "POST /api/session/preview"}  # no code that a program makes up is one
ILL = {"GET /readyz"}  # nobody works here, and it says so


@dataclass(frozen=True)
class Played:
    """Whose ids the paths name."""

    client: TestClient
    anonymous: TestClient
    kept: World
    spare: World

    def ids(self, method: str) -> dict[str, str]:
        """Real ids; for a request that deletes, those of objects that nothing else needs."""
        return (self.spare if method == "DELETE" else self.kept).ids

    def send(self, case: Case, *, signed_in: bool = True) -> Any:
        """The answer to a request of schemathesis, as bytes on the way, so that nothing is put right again."""
        sent = case.as_transport_kwargs(base_url=ADDRESS)
        sent.pop("timeout", None)
        try:
            prepared = requests.Request(**sent).prepare()
        except (requests.RequestException, UnicodeError, ValueError):
            assume(False)
        headers = {name: value for name, value in prepared.headers.items() if name.lower() != "authorization"}
        client = self.client if signed_in else self.anonymous
        try:
            return client.request(case.method, prepared.url or "", headers=headers, content=prepared.body or b"")
        except (UnicodeError, httpx.InvalidURL):  # httpx sends no such header
            assume(False)


@pytest.fixture(scope="module")
def played(application: TestClient, administrator: TestClient) -> Played:
    services: Services = application.app.state.services  # type: ignore[attr-defined]
    owner = signed_in(application, "sparrow", "member")  # may be removed
    return Played(administrator, application, fill(administrator, services), fill(owner, services, "sparrow"))


def is_a_problem(answer: Any) -> None:
    """Every refusal has the one documented shape, and none is an accident."""
    assert answer.status_code < 500, answer.text[:500]
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert Problem.model_validate(answer.json()).status == answer.status_code


def modes(operation: APIOperation) -> Iterator[GenerationMode]:
    """Valid requests, and invalid ones where anything can be invalid: every text is a valid id in a path."""
    yield GenerationMode.POSITIVE
    described = DOCUMENT["paths"][operation.path][operation.method]
    parameters = [each for each in described.get("parameters", ()) if each["in"] != "header"]
    others = [each for each in parameters if each["schema"].get("type") != "string"]
    if others or "requestBody" in described:
        yield GenerationMode.NEGATIVE


@pytest.mark.parametrize(
    ("label", "mode"), [(label, mode) for label in OPERATIONS for mode in modes(OPERATIONS[label])]
)
def test_every_call_answers_as_its_schema_says(fuzz: Fuzz, played: Played, label: str, mode: GenerationMode) -> None:
    operation = OPERATIONS[label]

    def check(case: Case, real_ids: bool) -> None:
        if real_ids and label not in STREAMS:
            ids = played.ids(case.method)
            case.path_parameters = {name: ids.get(name, value) for name, value in (case.path_parameters or {}).items()}
        # With another path, or once an object is the text of a form's field, the request may have become a valid one.
        same = not real_ids and not str(case.media_type).startswith("multipart/")
        judging = [*CHECKS, checks.negative_data_rejection] if same else CHECKS
        answer = played.send(case)
        if label in ILL:
            return
        assert answer.status_code != 401 or label in SIGN_IN, "the administrator of this test is gone"
        case.validate_response(answer, checks=judging)
        is_a_problem(answer)
        if (case.method, case.path) not in OPEN:
            status = played.send(case, signed_in=False).status_code
            signed = "signature" in (case.query or {})  # an address that speaks for itself, and is not valid
            assert status in ((401, 403, 404) if signed else (401, 404))  # 404: no address has such characters

    fuzz(check, operation.as_strategy(generation_mode=mode), st.booleans(), examples=4)


@pytest.mark.parametrize("path", sorted({operation.path for operation in OPERATIONS.values()}))
def test_a_method_that_is_not_in_the_schema_is_refused(played: Played, path: str) -> None:
    known = {operation.method.upper() for operation in OPERATIONS.values() if operation.path == path}
    for method in METHODS:
        if method not in known:
            answer = played.client.request(method, filled(path, **played.kept.ids))
            assert answer.status_code in (404, 405, 422), (method, path)  # 422: another path's id, such as `import`
            is_a_problem(answer)


LISTS = ("/api/concepts", "/api/generations", "/api/jobs", "/api/members", "/api/tokens", "/api/webhooks")
FILTERS = ("cursor", "limit", "query", "tag", "kind", "owner", "concept", "state", "active", "base_model")


@pytest.mark.parametrize("path", LISTS)
def test_a_list_takes_any_bytes_as_filter_or_cursor(fuzz: Fuzz, played: Played, path: str) -> None:
    def check(name: str, value: bytes) -> None:
        is_a_problem(played.client.get(f"{path}?{name}={quote(value)}"))

    values = st.binary(max_size=40) | st.sampled_from([each.encode() for each in played.kept.secrets]).flatmap(
        lambda each: damaged([each])
    )
    fuzz(check, st.sampled_from(FILTERS), values, examples=15)


def test_any_bytes_are_a_path(fuzz: Fuzz, played: Played) -> None:
    def check(parts: list[bytes], prefix: str) -> None:
        path = "/".join(quote(part, safe="") for part in parts)
        answer = played.client.get(f"{prefix}/{path}")
        if prefix:
            is_a_problem(answer)

    fuzz(check, st.lists(st.binary(max_size=300), max_size=4), st.sampled_from(("/api", "/v1")), examples=40)


FILES = {
    "/api/generations/read": "image",
    "/api/pictures/check": "images",
    "/api/concepts": "images",
    "/api/concepts/{concept_id}/versions": "images",
    "/api/concepts/import": "file",
    "/api/generations": "init_image",
    "/v1/images/edits": "image",
    "/v1/images/variations": "image",
}
EVERYTHING = [*corpus.pictures(), *(each for files in corpus.embeddings().values() for each in files)]
FIELDS = ("prompt", "placeholder", "initializer", "name", "kind", "tags", "seed", "vectors", "steps_max", "size", "n")
NAMES = ("x.png", "x.pt", "x.safetensors", "..\\..\\x.png", "", "\u202egnp.x", "a" * 300 + ".png", 'x"; y="z.png')


@pytest.mark.parametrize("path", FILES)
def test_a_form_takes_damaged_files_and_any_text(fuzz: Fuzz, played: Played, path: str) -> None:
    def check(content: bytes, name: str, fields: dict[str, str], damage: int | None) -> None:
        fields = {key: text.encode("utf-8", "replace").decode() for key, text in fields.items()}
        data = {"prompt": "a cat", "placeholder": "<my-new>", "initializer": "mug"} | fields
        sent = requests.Request("POST", ADDRESS, data=data, files={FILES[path]: (name, content)}).prepare()
        body = bytearray(sent.body or b"")
        if damage is not None:  # of the form itself
            body[damage % len(body)] ^= 1 << damage % 8
        address = filled(path, **played.kept.ids)
        headers = {"Content-Type": sent.headers["Content-Type"]}
        is_a_problem(played.client.post(address, content=bytes(body), headers=headers))

    fields = st.dictionaries(st.sampled_from(FIELDS), texts("<my-kestrel>", "mug", "(", ":1.3)"), max_size=3)
    damage = st.none() | st.integers(0, 10**6)
    fuzz(check, damaged(EVERYTHING), st.sampled_from(NAMES), fields, damage, examples=15)
