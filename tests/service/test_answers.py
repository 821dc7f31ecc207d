"""Every answer is a proper one: unexpected errors, addresses that nobody has, HEAD and OPTIONS."""

import asyncio
from typing import Any

import pytest
import structlog
from fastapi.testclient import TestClient
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.testing import capture_logs

from app.core.settings import Settings
from app.main import create_app
from app.services import Services
from app.web.failures import Failures
from app.web.head_requests import HeadRequests
from app.web.request_id import Tracing
from tests.support import asgi
from tests.support.http import every_route, filled, refused

SECRET = "the secret of an exception"
# The headers that every answer has.
EVERYWHERE = {
    "x-request-id", "x-content-type-options", "referrer-policy", "content-security-policy", "permissions-policy",
    "cross-origin-opener-policy", "cross-origin-resource-policy", "cache-control",
}  # fmt: skip


def broken(*_: object, **__: object) -> Any:
    raise RuntimeError(SECRET)


# --- Unexpected errors ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/jobs", "/v1/models"])
def test_an_unexpected_error_is_a_problem_with_every_header_and_its_request_id(
    member: TestClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr("app.jobs.views.page", broken)
    monkeypatch.setattr("app.compat.openai.base_models.ModelList", broken)
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
        answer = member.get(path, headers={"X-Request-ID": "id-7"})
    problem = refused(answer, None, "id-7", status=500, code="internal")
    assert problem["request_id"] == answer.headers["x-request-id"] == "id-7"
    assert set(answer.headers) >= EVERYWHERE
    assert SECRET not in answer.text
    assert "RuntimeError" not in answer.text
    assert ("error" in problem) == path.startswith("/v1")
    (line,) = [line for line in logs if line["event"] == "unexpected error"]
    assert isinstance(line["exc_info"], Exception)
    assert line["exc_info"].__traceback__ is not None
    assert line["request_id"] == "id-7"
    assert [line["status"] for line in logs if line["event"] == "answered"] == [500]


def test_an_error_after_the_answer_began_is_logged_with_its_request_id() -> None:
    async def half_an_answer(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        broken()

    app = Tracing(Failures(half_an_answer))
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs, pytest.raises(RuntimeError):
        asgi.send(app, "GET", "/api/audit.csv", {"X-Request-ID": "id-7"})
    assert [(line["event"], line["request_id"]) for line in logs] == [
        ("unexpected error after the answer began", "id-7"),
        ("answered", "id-7"),
    ]
    assert logs[1]["status"] == 200


class _BrokenMiddleware:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            broken()
        await self._app(scope, receive, send)


def test_an_error_of_the_middleware_itself_is_a_problem_too(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, anonymous: TestClient
) -> None:
    monkeypatch.setattr("app.main.Rates", lambda app, per_minute: _BrokenMiddleware(app))
    client = TestClient(create_app(settings), base_url="http://localhost:8000", raise_server_exceptions=False)
    answer = client.get("/healthz")
    refused(answer, None, answer.headers["x-request-id"], status=500, code="internal")
    assert set(answer.headers) >= EVERYWHERE


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/healthz"), ("GET", "/api/me"), ("GET", "/api/nothing"), ("PUT", "/api/jobs"), ("OPTIONS", "/api/jobs")],
)
def test_every_answer_has_the_security_headers(anonymous: TestClient, method: str, path: str) -> None:
    answer = anonymous.request(method, path)
    assert set(answer.headers) >= EVERYWHERE
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=()" in answer.headers["permissions-policy"]
    assert "strict-transport-security" not in answer.headers  # there is no TLS


def test_answers_of_the_api_are_stored_nowhere_and_pictures_privately(member: TestClient, learned: str) -> None:
    concept = member.get(f"/api/concepts/{learned}")
    assert concept.headers["cache-control"] == "no-store"
    assert "etag" in concept.headers
    assert member.post("/api/tokens", json={"name": "x"}).headers["cache-control"] == "no-store"
    assert member.get(f"/api/concepts/{learned}/embedding").headers["cache-control"] == "no-store"
    picture = member.get(concept.json()["pictures"][0]["url"])
    assert picture.headers["cache-control"].startswith("private, ")
    unchanged = member.get(f"/api/concepts/{learned}", headers={"If-None-Match": concept.headers["etag"]})
    assert (unchanged.status_code, unchanged.headers["cache-control"]) == (304, "no-store")


# --- Addresses --------------------------------------------------------------------------------------------------------

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/api/concepts/x/y/z", "/v1/nothing", "/v1",
                                  "/sdapi/v1/nothing", "/mcp/nothing", "/docs/x"])  # fmt: skip
@pytest.mark.parametrize("method", METHODS)
def test_a_missing_address_of_the_interfaces_is_a_404_for_every_method(
    anonymous: TestClient, method: str, path: str
) -> None:
    answer = anonymous.request(method, path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    if method != "HEAD":
        problem = refused(answer, None, status=404, code="not-found")
        assert ("error" in problem) == path.startswith(("/v1", "/sdapi"))


def test_a_missing_address_is_an_error_in_the_form_of_openai(anonymous: TestClient) -> None:
    answer = anonymous.post("/v1/chat/completions", json={})
    error = refused(answer, None, status=404)["error"]
    assert error["type"] == "invalid_request_error"
    assert error["message"] == answer.json()["detail"]
    assert int(answer.headers["content-length"]) == len(answer.content)


def test_a_method_that_an_address_does_not_take_is_a_405_with_those_that_it_takes(anonymous: TestClient) -> None:
    for path, allow in (
        ("/api/concepts/x", "DELETE, GET, HEAD, OPTIONS, PATCH"),
        ("/api/session", "DELETE, OPTIONS, POST"),
        ("/healthz", "GET, HEAD, OPTIONS"),
        ("/queue", "GET, HEAD, OPTIONS"),  # a view of the page
    ):
        answer = anonymous.request("PUT", path)
        refused(answer, None, status=405, code="method")
        assert answer.headers["allow"] == allow
        options = anonymous.options(path)
        assert (options.status_code, options.content, options.headers["allow"]) == (204, b"", allow)
    assert anonymous.get("/api/session").status_code == 405


def test_every_route_answers_options_with_its_methods(anonymous: TestClient) -> None:
    paths = create_app(Settings()).openapi()["paths"]
    for path, methods in paths.items():
        answer = anonymous.options(filled(path))
        assert answer.status_code == 204, path
        assert {each.upper() for each in methods} <= set(answer.headers["allow"].split(", ")), path


LONG = "a" * 300


def test_a_method_that_somebody_invents_makes_no_figure_of_its_own(anonymous: TestClient) -> None:
    for number in range(3):
        refused(anonymous.request(f"INVENTED{number}", "/api/jobs"), None, status=405, code="method")
    figures = anonymous.get("/metrics").text
    assert 'method="other"' in figures
    assert "INVENTED" not in figures


STRANGE = [
    f"/{LONG}", f"/assets/{LONG}", f"/{'x/' * 2000}", f"/api/{LONG}", "/%00", "/assets/%00.js", "/api/%00",
    f"/api/concepts/{LONG}", f"/api/jobs/{LONG}/events", "/api/concepts/%00", "/api/concepts/%0a",
    "/api/concepts/%ed%a0%80", "/api/concepts/..%2f..%2fetc", "/api/concepts/'%20or%201=1", "/api/images/%F0%9F%98%80",
    "/%2e%2e/%2e%2e/etc/passwd",
]  # fmt: skip


@pytest.mark.parametrize("path", STRANGE)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_strange_address_is_no_error_of_ours(member: TestClient, method: str, path: str) -> None:
    answer = member.request(method, path)
    assert answer.status_code in (200, 204, 404, 503), answer.text  # 503: the page is not built
    if path.startswith("/api") and method == "GET":
        refused(answer, None, status=404, code="not-found")


@pytest.fixture
def page(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, anonymous: TestClient
) -> TestClient:
    """A client of a studio whose page is built."""
    folder = tmp_path_factory.mktemp("dist")
    (folder / "assets").mkdir()
    (folder / "index.html").write_text("<title>the page</title>")
    (folder / "docs.html").write_text("<title>the reference</title>")
    (folder / "assets" / "app-1.js").write_text("1")
    monkeypatch.setattr("app.main.PAGE", folder)
    return anonymous


@pytest.mark.parametrize("path", ["/", "/queue", "/concepts/x/teach", f"/concepts/{'a' * 300}", "/library?query=x&y=z"])
def test_the_views_of_the_page_are_the_page(page: TestClient, path: str) -> None:
    answer = page.get(path)
    assert (answer.status_code, answer.text) == (200, "<title>the page</title>")
    assert answer.headers["cache-control"] == "no-cache"


def test_the_reference_of_the_interface_is_a_page_of_its_own(page: TestClient) -> None:
    answer = page.get("/docs")
    assert (answer.status_code, answer.text) == (200, "<title>the reference</title>")
    assert answer.headers["cache-control"] == "no-cache"
    assert page.post("/docs").status_code == 405


def test_a_missing_file_of_the_page_is_not_the_page(page: TestClient) -> None:
    assert page.get("/assets/app-1.js").text == "1"
    for path in (
        "/assets/app-2.js",
        "/assets/x",
        "/assets/",
        "/favicon.ico",
        "/.env",
        f"/assets/{LONG}.js",
        "/assets/%00.js",
    ):
        answer = page.get(path)
        assert answer.status_code == 404, path
        assert "the page" not in answer.text


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [("*/*", "image/jpeg"), ("application/octet-stream", "application/octet-stream"), ("image/*,*/*", "image/jpeg")],
)
def test_a_picture_is_octets_for_clients_that_know_no_pictures(
    member: TestClient, accept: str, media_type: str
) -> None:
    answer = member.get("/api/lessons/king-purr/pictures/1", headers={"Accept": accept})
    assert (answer.headers["content-type"], answer.headers["vary"]) == (media_type, "Accept")
    assert answer.content.startswith(b"\xff\xd8"), "the JPEG itself"


# --- HEAD -------------------------------------------------------------------------------------------------------------


def test_head_answers_wherever_get_does_with_the_same_headers_and_no_body(
    administrator: TestClient, member: TestClient, learned: str
) -> None:
    drawn = member.post("/api/generations", json={"prompt": "a cat", "count": 1}).json()
    ids = {"concept_id": learned, "generation_id": drawn["generation"]["id"], "job_id": drawn["job"]["id"]}
    for route in every_route(administrator.app):  # type: ignore[arg-type]
        path = filled(route.path_format, **ids)
        if "GET" not in route.methods or path.endswith("/events"):
            continue
        head, get = administrator.head(path), administrator.get(path)
        assert head.content == b"", path
        assert head.status_code == get.status_code, path
        moving = {"x-request-id"} | ({"content-length", "etag"} if path in ("/metrics", "/api/jobs") else set())
        assert {k: v for k, v in head.headers.items() if k not in moving} == {
            k: v for k, v in get.headers.items() if k not in moving
        }, path


def test_head_of_a_stream_answers_at_once_and_leaves_no_watcher(member: TestClient, services: Services) -> None:
    job = member.post("/api/generations", json={"prompt": "a cat", "count": 1}).json()["job"]  # waits for ever
    with capture_logs() as logs:
        answer = member.head(f"/api/jobs/{job['id']}/events")
    assert [line["event"] for line in logs if line["log_level"] == "error"] == []
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert set(answer.headers) >= EVERYWHERE
    assert services.feed.watching == 0


def test_a_stream_is_abandoned_once_its_headers_are_known() -> None:
    """A stream that nobody reads, and that does not look whether its reader is still there."""
    sent: list[str] = []

    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["method"] == "GET"
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        raise AssertionError("the stream goes on")

    async def take(message: Message) -> None:
        sent.append(message["type"])

    async def nothing() -> Message:
        return {"type": "http.request"}

    asyncio.run(HeadRequests(endless)({"type": "http", "method": "HEAD"}, nothing, take))
    assert sent == ["http.response.start", "http.response.body"]
