"""`If-Match`: a change of what somebody else has changed meanwhile is not made, and a condition is never ignored."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.core.settings import Settings
from app.main import create_app
from tests.support.http import MUG, filled, refused
from tests.support.pictures import photos

CONDITIONAL = {
    ("PATCH", "/api/concepts/{concept_id}"),
    ("DELETE", "/api/concepts/{concept_id}"),
    ("DELETE", "/api/generations/{generation_id}"),
    ("PATCH", "/api/boards/{board_id}"),
    ("DELETE", "/api/boards/{board_id}"),
}


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(data_dir=tmp_path / "data", database_url=database_url)


@pytest.fixture
def concept(member: TestClient) -> str:
    """The address of a concept."""
    made = member.post("/api/concepts", data=MUG, files=photos())
    return f"/api/concepts/{made.json()['concept']['id']}"


@pytest.fixture
def generation(member: TestClient) -> str:
    """The address of a generation."""
    made = member.post("/api/generations", json={"prompt": "a cat", "count": 1})
    return f"/api/generations/{made.json()['generation']['id']}"


def tag(member: TestClient, address: str) -> dict[str, str]:
    return {"If-Match": member.get(address).headers["etag"]}


def rename(member: TestClient, address: str, name: str, headers: dict[str, str]) -> Any:
    return member.patch(address, json={"name": name}, headers=headers)


def test_the_newest_tag_changes_and_a_stale_one_does_not(member: TestClient, concept: str) -> None:
    newest = tag(member, concept)
    assert rename(member, concept, "First", newest).status_code == 200
    refused(
        rename(member, concept, "Second", newest), "If-Match", "Read it again", status=412, code="changed-meanwhile"
    )
    assert member.get(concept).json()["name"] == "First"
    several = {"If-Match": f'"other", {tag(member, concept)["If-Match"]}'}
    assert rename(member, concept, "Third", several).status_code == 200
    assert rename(member, concept, "Fourth", {"If-Match": "*"}).status_code == 200


@pytest.mark.parametrize("stale", ['"other"', "garbage", "", 'W/"other"'])
def test_what_has_changed_is_not_deleted(member: TestClient, concept: str, generation: str, stale: str) -> None:
    for address in (concept, generation):
        refused(member.delete(address, headers={"If-Match": stale}), "If-Match", status=412)
        assert member.get(address).status_code == 200
        assert member.delete(address, headers=tag(member, address)).status_code == 204
        assert member.get(address).status_code == 404


def test_a_weak_tag_is_no_proof(member: TestClient, concept: str) -> None:
    refused(rename(member, concept, "x", {"If-Match": f"W/{tag(member, concept)['If-Match']}"}), "If-Match", status=412)


def test_of_two_changes_at_once_with_the_same_tag_one_is_made(member: TestClient, concept: str) -> None:
    newest, together = tag(member, concept), Barrier(2)

    def change(name: str) -> int:
        together.wait()
        return int(rename(member, concept, name, newest).status_code)

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(change, ["First", "Second"])) == [200, 412]


def test_a_missing_object_is_still_a_404(member: TestClient) -> None:
    assert rename(member, "/api/concepts/nothing", "x", {"If-Match": '"x"'}).status_code == 404


@pytest.mark.parametrize(
    ("header", "concerns"),
    [
        ("If-Match", lambda method, path: (method, path) not in CONDITIONAL),
        ("If-Unmodified-Since", lambda method, path: True),
        ("If-None-Match", lambda method, path: method != "GET"),
    ],
)
def test_a_condition_that_is_not_checked_is_refused_on_every_other_route(
    administrator: TestClient, header: str, concerns: Callable[[str, str], bool]
) -> None:
    paths = create_app(Settings()).openapi()["paths"]
    every = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert every >= CONDITIONAL
    for method, path in sorted(every):
        if concerns(method, path):
            answer = administrator.request(method, filled(path), headers={header: "*"})
            refused(answer, header, "does not check", code="condition-not-checked")
