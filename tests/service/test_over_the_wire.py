"""The web service as it runs in production, asked byte by byte: what it answers, and whom it believes."""

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.accounts import service as accounts
from app.core.database import Database
from app.core.settings import Settings
from app.ops.migrate import upgrade
from tests.support.web_process import WebProcess, web_process

TRUSTED = "127.0.0.1"


def studio(folder: Path) -> str:
    """A studio's data folder, which others may enter as under earlier releases. Returns a token."""
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    database = Database(Settings(data_dir=folder).resolved_database_url)
    upgrade(database)
    with database.transaction() as session:
        user, team = accounts.first_administrator(session)
        _, token = accounts.create_token(session, user.id, team.id, "test")
    database.dispose()
    return token


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("studio") / "data"


@pytest.fixture(scope="module")
def token(folder: Path) -> str:
    return studio(folder)


@pytest.fixture(scope="module")
def web(folder: Path, token: str) -> Iterator[WebProcess]:
    with web_process(folder) as process:
        yield process


def problem(body: bytes) -> Any:
    return json.loads(body)


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "/api/concepts/%00", 404),
        ("GET", "/%00", 404),
        ("GET", f"/{'a' * 300}.js", 404),
        ("GET", f"/api/{'a/' * 3000}", 404),
        ("GET", "/api/concepts?query=%00", 422),
        ("POST", "/api/nothing", 404),
        ("DELETE", "/v1/nothing", 404),
        ("PROPFIND", "/api/concepts", 405),
        ("GET", "/docs/x", 404),
    ],
)
def test_a_strange_request_is_a_problem(web: WebProcess, token: str, method: str, target: str, status: int) -> None:
    answer = web.ask(method, target, f"Authorization: Bearer {token}")
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem(answer.body)["status"] == status
    assert {"x-request-id", "content-security-policy", "cache-control"} <= set(answer.headers)


@pytest.mark.parametrize("target", ["/healthz", "/api/me", "/api/nothing", "/openapi.json", "/metrics"])
def test_head_has_the_headers_of_get_and_no_body(web: WebProcess, token: str, target: str) -> None:
    head = web.ask("HEAD", target, f"Authorization: Bearer {token}")
    get = web.ask("GET", target, f"Authorization: Bearer {token}")
    assert head.body == b""
    assert head.status == get.status
    assert set(head.headers) == set(get.headers)


def test_head_of_a_stream_ends(web: WebProcess, token: str) -> None:
    bearer = f"Authorization: Bearer {token}"
    made = web.ask("POST", "/api/generations", bearer, "Content-Type: application/json",
                   body=b'{"prompt": "a cat", "count": 1}')  # fmt: skip
    job = json.loads(made.body)["job"]["id"]
    answer = web.ask("HEAD", f"/api/jobs/{job}/events", bearer)
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"


def test_options_is_answered_with_the_methods(web: WebProcess) -> None:
    answer = web.ask("OPTIONS", "/api/session")
    assert (answer.status, answer.body, answer.headers["allow"]) == (204, b"", "DELETE, OPTIONS, POST")
    assert web.ask("OPTIONS", "*").status in (204, 404)


def guesses(web: WebProcess, count: int, forwarded_for: str) -> list[int]:
    """The answers to sign-ins with a wrong code; `{}` in the address becomes the number of the attempt."""
    return [
        web.ask(
            "POST",
            "/api/session",
            "Content-Type: application/json",
            f"X-Forwarded-For: {forwarded_for.format(number)}",
            body=b'{"code": "guess"}',
        ).status
        for number in range(count)
    ]


def test_nobody_is_believed_who_says_where_a_request_came_from(web: WebProcess) -> None:
    """A caller on this machine, such as another user or a page of another service, changes the address each time."""
    assert guesses(web, 21, "203.0.113.{}")[-1] == 429


def test_a_proxy_that_is_set_is_believed_about_its_callers(tmp_path: Path) -> None:
    studio(tmp_path / "data")
    with web_process(tmp_path / "data", PROXIES=TRUSTED) as web:
        assert set(guesses(web, 21, "203.0.113.{}")) == {401}  # many people behind one proxy
        assert guesses(web, 21, "198.51.100.7")[-1] == 429  # one of them guesses
        assert guesses(web, 1, "198.51.100.8") == [401]
        # A caller may send the header too; the proxy adds the true address behind it.
        assert guesses(web, 21, "1.2.3.{}, 198.51.100.9")[-1] == 429
        # Figures go to this machine alone, and not through the proxy.
        assert web.ask("GET", "/metrics").status == 200
        assert web.ask("GET", "/metrics", "X-Forwarded-For: 127.0.0.1").status == 403
        # The scheme that the proxy ended is part of the origin.
        origin = f"Origin: https://127.0.0.1:{web.port}"
        assert web.ask("POST", "/api/session", origin, "X-Forwarded-Proto: https").status == 422
        assert web.ask("POST", "/api/session", origin).status == 403


def test_the_data_folder_is_closed_to_others_at_the_start(web: WebProcess, folder: Path) -> None:
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert "others could enter" in web.log.read_text()
    assert folder.stat().st_uid == os.geteuid()
