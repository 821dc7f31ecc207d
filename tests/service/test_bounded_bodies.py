"""Bodies that are read: JSON of any depth and digits, and forms with more parts than an endpoint takes."""

import json
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError

from app.concepts.schemas import ConceptPatch
from app.core.request_model import NODES_MAX
from app.pictures.cleaning import PictureCleaner
from app.web import bounded_bodies
from app.web.bounded_bodies import FIELDS_MAX, ON_LOOP_BYTES_MAX, SPARE_FILES
from app.webhooks.schemas import WebhookPatch
from tests.support.asgi import send
from tests.support.http import filled, refused, unusable
from tests.support.pictures import photo

DEEP = b"[" * 100_000
HOSTILE = {
    "nested too deeply": DEEP,
    "nested too deeply, in a field": b'{"prompt": ' + DEEP + b"]" * 100_000 + b"}",
    "nested as deeply as the parser goes": b'{"name": ' + b"[" * 900 + b"]" * 900 + b"}",
    "an integer of 400 digits": b'{"seed": ' + b"7" * 400 + b', "name": ' + b"7" * 400 + b"}",
    "an integer of 5,000 digits": b'{"seed": ' + b"7" * 5000 + b"}",
    "no UTF-8": b'{"prompt": "\xff\xfe"}',
    "not a number": b'{"guidance": NaN, "steps": Infinity}',
    "the bare word": b"NaN",
}


def json_endpoints(client: TestClient) -> list[tuple[str, str]]:
    paths = client.get("/openapi.json").json()["paths"]
    return [
        (method.upper(), path)
        for path, methods in paths.items()
        for method, operation in methods.items()
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    ]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_json_is_refused_and_never_a_500_at_every_address(administrator: TestClient, name: str) -> None:
    endpoints = json_endpoints(administrator)
    assert len(endpoints) >= 5
    for method, path in endpoints:
        answer = administrator.request(
            method, filled(path), content=HOSTILE[name], headers={"Content-Type": "application/json"}
        )
        other = {404} if "{" in path else {413} if path.startswith("/api/session") else set()  # ids of nothing, 4 KB
        assert answer.status_code in {unusable(path)} | other, (method, path, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("size", [ON_LOOP_BYTES_MAX - 100, ON_LOOP_BYTES_MAX + 100])
def test_json_above_64_kilobytes_is_parsed_in_a_thread(
    member: TestClient, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[str] = []

    def noted(step: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def in_this_thread(value: Any) -> Any:
            threads.append(threading.current_thread().name)
            return step(value)

        return in_this_thread

    for step in ("parsed", "refuse_unstorable"):
        monkeypatch.setattr(bounded_bodies, step, noted(getattr(bounded_bodies, step)))
    assert member.post("/api/tokenize", json={"text": "x" * size}).status_code == 422
    assert [name == "AnyIO worker thread" for name in threads] == [size > ON_LOOP_BYTES_MAX] * 2


@pytest.mark.parametrize(
    ("method", "path", "field", "body"),
    [
        ("PATCH", "/api/concepts/x", "tags", {"tags": [{}] * 300_000}),
        ("POST", "/api/webhooks", "events", {"url": "https://example.org", "events": ["x"] * 200_000}),
        ("POST", "/api/tokenize", None, {"text": {"A" * 400_000: {str(number): 1 for number in range(50_000)}}}),
        ("POST", "/api/tokenize", None, {"text": [[[]] * 5_000] * 2}),
    ],
)
def test_json_of_many_values_is_refused_before_it_is_validated(
    administrator: TestClient, method: str, path: str, field: str | None, body: Any
) -> None:
    tracemalloc.start()
    try:
        answer = administrator.request(method, path, json=body)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    problem = refused(answer, field or answer.json()["field"], f"more than {NODES_MAX} values", code="invalid-input")
    assert len(problem["field"]) <= 80
    assert peak < 100_000_000


@pytest.mark.parametrize("count", [30, 5_000])
def test_a_list_is_refused_at_its_first_fault(count: int) -> None:
    for model, name, item in ((ConceptPatch, "tags", 7), (WebhookPatch, "events", "x")):
        with pytest.raises(ValidationError) as caught:
            model.model_validate({name: [item] * count})
        assert len(caught.value.errors()) == 1


@pytest.mark.parametrize("field", ["init_image", "mask"])
@pytest.mark.parametrize(
    "text", ["[" * 60_000, '{"image_id": ' + "[" * 400, '{"image_id": ' + "[" * 200 + "]" * 200 + "}", "9" * 5000]
)
def test_a_picture_that_is_named_by_hostile_json_in_a_form_is_a_422(member: TestClient, field: str, text: str) -> None:
    answer = form(member, "/api/generations", iter([part("prompt", b"x"), part(field, text.encode()), b"--x--\r\n"]))
    assert answer.status == 422, answer.content
    assert answer.json()["field"].startswith(field)


def part(name: str, content: bytes = b"", file: str = "", headers: str = "") -> bytes:
    """One part of a form."""
    what = f'form-data; name="{name}"' + (f'; filename="{file}"' if file else "")
    return f"--x\r\nContent-Disposition: {what}\r\n{headers}\r\n".encode() + content + b"\r\n"


def form(member: TestClient, path: str, parts: Iterator[bytes]) -> Any:
    headers = {"Content-Type": "multipart/form-data; boundary=x", "Transfer-Encoding": "chunked"}
    headers["Authorization"] = member.headers["authorization"]
    return send(member.app, "POST", path, headers, parts)


def files(field: str) -> Iterator[bytes]:
    for number in range(1000):
        yield part(field, photo(0), f"{number}.jpg")


@pytest.mark.parametrize(
    ("path", "field", "files_max"),
    [
        ("/api/pictures/check", "images", 5 + SPARE_FILES),
        ("/api/concepts", "images", 5 + SPARE_FILES),
        ("/api/concepts/nothing/versions", "images", 5 + SPARE_FILES),
        ("/api/concepts/import", "file", 21),
        ("/api/generations", "init_image", 2),
        ("/api/generations/read", "image", 1),
        ("/v1/images/edits", "image", 17),
    ],
)
def test_files_are_counted_before_any_is_decoded_and_reading_stops(
    member: TestClient, path: str, field: str, files_max: int, monkeypatch: pytest.MonkeyPatch, cleaner: PictureCleaner
) -> None:
    monkeypatch.setattr(cleaner._decoders, "submit", lambda *_: pytest.fail("a picture was decoded"))
    answer = form(member, path, files(field))
    assert answer.status == unusable(path), answer.content
    assert answer.json()["type"] == "/problems/form"
    assert f"Send at most {files_max} files" in answer.json()["detail"]
    assert answer.bytes_read <= (files_max + 2) * len(next(files(field)))
    assert ("error" in answer.json()) == path.startswith("/v1/")


def test_fields_are_counted_and_bounded(member: TestClient) -> None:
    many = form(member, "/api/concepts", (part("tags", b"x") for _ in range(10_000)))
    assert (many.status, many.json()["type"]) == (422, "/problems/form")
    assert many.bytes_read <= (FIELDS_MAX + 2) * len(part("tags", b"x"))
    long = form(member, "/api/concepts", iter([part("description", b"x" * 200_000)]))
    assert (long.status, long.json()["type"]) == (422, "/problems/form")
    assert "64 KB" in long.json()["detail"]


@pytest.mark.parametrize(
    "headers", ["X-Padding: " + "x" * 10_000 + "\r\n", "".join(f"X-{number}: y\r\n" for number in range(1000))]
)
def test_the_headers_of_a_part_are_bounded(member: TestClient, headers: str) -> None:
    answer = form(member, "/api/pictures/check", iter([part("images", photo(0), "0.jpg", headers), b"--x--\r\n"]))
    assert (answer.status, answer.json()["type"]) == (422, "/problems/form")


@pytest.mark.parametrize("body", [b"", b"--y\r\n", b"\x00" * 100, part("images", b"x", "0.jpg")[:20]])
def test_a_form_that_is_none_is_a_422(member: TestClient, body: bytes) -> None:
    answer = member.post(
        "/api/pictures/check", content=body, headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert answer.status_code in (200, 422)
    without = member.post("/api/pictures/check", content=body or b"x", headers={"Content-Type": "multipart/form-data"})
    refused(without, None, code="form")


def test_a_picture_in_a_form_with_few_parts_is_taken(member: TestClient) -> None:
    body = b"".join(part("images", photo(number), f"{number}.jpg") for number in range(3)) + b"--x--\r\n"
    answer = form(member, "/api/pictures/check", iter([body]))
    assert (answer.status, json.loads(answer.content)["ok"]) == (200, True)
