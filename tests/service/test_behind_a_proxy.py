"""A studio behind a proxy that ends TLS: whose word it takes for where a request came from, and what a cookie says."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.accounts import service as accounts
from app.core.settings import Settings
from app.services import Services

PUBLIC = "https://studio.example.org"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", public_url=PUBLIC, host="0.0.0.0")


def sign_in(client: TestClient, services: Services, headers: dict[str, str]) -> int:
    with services.database.transaction() as session:
        user, team = accounts.first_administrator(session)
        link = accounts.sign_in_link(session, services.settings, user.id, team.id)
    assert link.startswith(f"{PUBLIC}/sign-in#")
    return client.post("/api/session", json={"code": link.partition("#")[2]}, headers=headers).status_code


@pytest.mark.parametrize("host", ["studio.example.org", "127.0.0.1:8000"])
def test_the_page_signs_in_whether_the_proxy_keeps_the_host_header_or_not(
    anonymous: TestClient, services: Services, host: str
) -> None:
    assert sign_in(anonymous, services, {"Host": host, "Origin": PUBLIC, "Sec-Fetch-Site": "same-origin"}) == 204


def test_its_cookie_is_only_sent_over_tls(anonymous: TestClient, services: Services) -> None:
    with services.database.transaction() as session:
        user, team = accounts.first_administrator(session)
        code = accounts.sign_in_link(session, services.settings, user.id, team.id).partition("#")[2]
    answer = anonymous.post("/api/session", json={"code": code}, headers={"Host": "studio.example.org"})
    cookie = answer.headers["set-cookie"].lower()
    assert all(f"; {word}" in cookie for word in ("secure", "httponly", "samesite=lax"))


@pytest.mark.parametrize("origin", ["https://elsewhere.example.org", "null", "http://studio.example.org.evil.example"])
def test_another_sites_page_does_not(anonymous: TestClient, services: Services, origin: str) -> None:
    assert sign_in(anonymous, services, {"Host": "127.0.0.1:8000", "Origin": origin}) == 403


def test_other_names_are_not_answered(anonymous: TestClient) -> None:
    assert anonymous.get("/healthz", headers={"Host": "elsewhere.example.org"}).status_code == 403
