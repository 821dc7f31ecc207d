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
    assert all(f"; {word}" in cookie for word in ("secure", "httponly", "samesite=lax", "path=/"))
    assert cookie.startswith("__host-oneword_session=")  # which a browser takes from this host alone
    assert "domain=" not in cookie


def signed_in(services: Services) -> str:
    """The secret of a browser's session."""
    with services.database.transaction() as session:
        user, team = accounts.first_administrator(session)
        code = accounts.sign_in_link(session, services.settings, user.id, team.id).partition("#")[2]
        return accounts.start_session(session, services.settings, code)


def test_a_session_ends_with_its_cookie(anonymous: TestClient, services: Services) -> None:
    cookie = f"__Host-oneword_session={signed_in(services)}"
    headers = {"Host": "studio.example.org", "Cookie": cookie, "Origin": PUBLIC}
    assert anonymous.get("/api/me", headers=headers).status_code == 200
    answer = anonymous.delete("/api/session", headers=headers)
    assert answer.status_code == 204
    (ended,) = answer.headers.get_list("set-cookie")
    assert ended.startswith('__Host-oneword_session="";')
    assert "; Secure" in ended
    anonymous.cookies.clear()
    assert anonymous.get("/api/me", headers=headers).status_code == 401


def test_a_session_that_a_neighbouring_subdomain_plants_signs_nobody_in(
    anonymous: TestClient, services: Services
) -> None:
    attackers = {"Host": "studio.example.org", "Cookie": f"oneword_session={signed_in(services)}", "Origin": PUBLIC}
    answer = anonymous.get("/api/me", headers=attackers)
    assert (answer.status_code, "set-cookie" in answer.headers) == (401, False)
    assert anonymous.delete("/api/sessions", headers=attackers).status_code == 401


def test_the_new_name_counts_where_a_browser_sends_both(anonymous: TestClient, services: Services) -> None:
    both = f"oneword_session=planted; __Host-oneword_session={signed_in(services)}"
    assert anonymous.get("/api/me", headers={"Host": "studio.example.org", "Cookie": both}).status_code == 200


@pytest.mark.parametrize("name", ["__Host-oneword_session", "oneword_session"])
def test_a_token_beside_a_cookie_is_no_way_around_the_check_of_the_origin(
    anonymous: TestClient, services: Services, name: str
) -> None:
    headers = {"Authorization": "Bearer x", "Cookie": f"{name}=x", "Origin": "https://evil.example"}
    answer = anonymous.post("/api/tokens", json={"name": "x"}, headers={"Host": "studio.example.org", **headers})
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/origin")


@pytest.mark.parametrize("host", ["studio.example.org", "studio.example.org:443", "127.0.0.1:8000"])
@pytest.mark.parametrize(
    "origin",
    [
        "https://elsewhere.example.org", "null", "http://studio.example.org.evil.example",
        "http://studio.example.org", "https://studio.example.org:8443", "https://studio.example.org@evil.example",
    ],
)  # fmt: skip
def test_another_sites_page_does_not(anonymous: TestClient, services: Services, origin: str, host: str) -> None:
    assert sign_in(anonymous, services, {"Host": host, "Origin": origin}) == 403


def test_a_page_that_was_opened_on_this_machine_itself_does(anonymous: TestClient, services: Services) -> None:
    assert sign_in(anonymous, services, {"Host": "127.0.0.1:8000", "Origin": "http://127.0.0.1:8000"}) == 204


def test_browsers_are_told_to_come_over_tls_alone(anonymous: TestClient) -> None:
    for path in ("/healthz", "/api/nothing"):
        answer = anonymous.get(path, headers={"Host": "studio.example.org"})
        assert int(answer.headers["strict-transport-security"].partition("max-age=")[2]) >= 31_536_000


def test_other_names_are_not_answered(anonymous: TestClient) -> None:
    assert anonymous.get("/healthz", headers={"Host": "elsewhere.example.org"}).status_code == 403
