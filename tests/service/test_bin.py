"""Deleting goes to the bin: out of every other sight, and restorable for thirty days."""

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from app.core.database import utc_now
from app.core.settings import Settings
from app.generation.models import Generation, Image
from app.jobs import ledger
from app.main import create_app
from app.services import Services
from tests.support.http import filled, refused
from tests.support.library import MUG, bin_of, delete, drawn, ids_of, taught
from tests.support.pictures import photos
from tests.support.stand_in_worker import sweep


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(data_dir=tmp_path / "data", database_url=database_url, orphan_seconds=0)


@pytest.fixture
def concept(member: TestClient, services: Services) -> dict[str, Any]:
    return taught(member, services)


# --- Out of sight -----------------------------------------------------------------------------------------------------


def test_no_address_of_a_thing_in_the_bin_answers(
    member: TestClient, services: Services, concept: dict[str, Any]
) -> None:
    generation = drawn(member, services, "a <my-mug>")
    ids = ids_of(services, concept, generation)
    addresses = [
        filled(path, **ids)
        for path, methods in create_app().openapi()["paths"].items()
        if "get" in methods
        and not path.endswith("/mask")  # these pictures have none
        and any(
            f"{{{name}}}" in path for name in ("concept_id", "picture_id", "generation_id", "image_id", "upload_id")
        )
    ]
    addresses += [picture["url"] for picture in concept["pictures"]]
    addresses.append(concept["sample"])  # a preview
    assert len(addresses) > 10
    assert {path: member.get(path).status_code for path in addresses} == dict.fromkeys(addresses, 200)
    delete(member, "concepts", concept)
    delete(member, "generations", generation)
    assert {path: member.get(path).status_code for path in addresses} == dict.fromkeys(addresses, 404)


def test_no_list_search_prompt_or_recipe_knows_a_concept_in_the_bin(
    member: TestClient, services: Services, concept: dict[str, Any]
) -> None:
    generation = drawn(member, services, "a <my-mug>")
    image = generation["images"][0]["id"]
    with services.database.transaction() as session:
        session.get_one(Image, image).recipe = generation["recipe"]
    delete(member, "concepts", concept)
    for query in ("", "?query=mug", f"?owner={concept['owner']['id']}", "?kind=object", "?base_model=demo"):
        assert member.get(f"/api/concepts{query}").json()["items"] == []
    assert member.get(f"/api/generations?concept={concept['id']}").json()["items"] == []
    assert len(member.get("/api/generations").json()["items"]) == 1  # what was drawn with it stays
    refused(
        member.post("/api/generations", json={"prompt": "a <my-mug>", "count": 1}),
        "prompt",
        "<my-mug>",
        code="prompt-unknown-placeholder",
    )
    assert "not in your library" in member.get(f"/api/images/{image}/order").json()["notes"][0]
    assert member.post("/api/tokenize", json={"text": "mug"}).json()["placeholder"] == "<my-mug>"


def test_a_viewer_sees_the_bin_and_another_team_does_not(
    member: TestClient, viewer: TestClient, stranger: TestClient, concept: dict[str, Any]
) -> None:
    delete(member, "concepts", concept)
    (item,) = bin_of(viewer)
    assert item["may_change"] is False
    assert bin_of(stranger) == []


# --- In the bin -------------------------------------------------------------------------------------------------------


def test_the_bin_says_what_who_when_and_until_when(
    member: TestClient, administrator: TestClient, services: Services, concept: dict[str, Any]
) -> None:
    generation = drawn(member, services)
    delete(administrator, "concepts", concept)
    delete(member, "generations", generation)
    page = member.get("/api/bin").json()
    assert page["days"] == 30
    first, second = page["items"]
    assert (first["kind"], first["id"], first["label"]) == ("generation", generation["id"], "a cat")
    assert (second["kind"], second["id"], second["label"]) == ("concept", concept["id"], "<my-mug>")
    assert second["owner"] == concept["owner"]
    assert second["deleted_by"]["name"] == "admin"
    assert first["may_change"]
    assert second["may_change"]


def test_a_long_bin_is_read_page_by_page(member: TestClient, services: Services) -> None:
    prompts = [f"picture {number}" for number in range(5)]
    for prompt in prompts:
        delete(member, "generations", drawn(member, services, prompt))
    with services.database.transaction() as session:  # deleted in the same moment, as when a bin is filled by a script
        session.execute(update(Generation).values(deleted_at=utc_now()))
    seen, cursor = [], ""
    while cursor is not None:
        page = member.get(f"/api/bin?limit=2{cursor and f'&cursor={cursor}'}").json()
        seen += [item["label"] for item in page["items"]]
        cursor = page["next"]
    assert seen == prompts[::-1]
    refused(member.get("/api/bin?cursor=garbage"), "cursor", code="cursor")


def test_a_running_training_of_a_deleted_concept_is_cancelled(
    member: TestClient, services: Services, concept: dict[str, Any]
) -> None:
    job = member.post(f"/api/concepts/{concept['id']}/versions", files=photos()).json()["job"]
    with services.database.transaction() as session:
        assert ledger.claim(session, "training", "w", 60) is not None
    delete(member, "concepts", concept)
    assert member.get(f"/api/jobs/{job['id']}").json()["cancel"] == "discard"


# --- Restored ---------------------------------------------------------------------------------------------------------


def test_a_restored_concept_is_as_it_was(member: TestClient, services: Services, concept: dict[str, Any]) -> None:
    delete(member, "concepts", concept)
    sweep(services)
    restored = member.post(f"/api/bin/{concept['id']}/restore")
    assert restored.json() == {"kind": "concept", "id": concept["id"], "label": "<my-mug>"}
    after = member.get(f"/api/concepts/{concept['id']}").json()
    assert after | {"updated_at": None} == concept | {"updated_at": None}
    assert [each["id"] for each in member.get("/api/concepts?query=mug").json()["items"]] == [concept["id"]]
    assert member.get(f"/api/concepts/{concept['id']}/embedding").status_code == 200
    assert member.get(concept["pictures"][0]["url"]).status_code == 200
    assert member.post("/api/generations", json={"prompt": "a <my-mug>", "count": 1}).status_code == 202
    assert bin_of(member) == []


def test_a_restored_generation_is_as_it_was(member: TestClient, services: Services) -> None:
    generation = drawn(member, services)
    delete(member, "generations", generation)
    sweep(services)
    assert member.post(f"/api/bin/{generation['id']}/restore").status_code == 200
    assert member.get(f"/api/generations/{generation['id']}").json() == generation
    assert member.get(generation["images"][0]["url"]).status_code == 200
    given = {"placeholder": "<x>"}
    delete(member, "generations", generation)
    refused(
        member.post(f"/api/bin/{generation['id']}/restore", json=given), "placeholder", "Only a word has a placeholder"
    )


def test_a_placeholder_is_free_while_its_concept_is_in_the_bin_and_a_taken_one_gets_a_proposal(
    member: TestClient, services: Services, concept: dict[str, Any]
) -> None:
    delete(member, "concepts", concept)
    delete(member, "concepts", taught(member, services))
    successor = member.post("/api/concepts", data=MUG, files=photos())  # the third with this placeholder
    assert successor.status_code == 202, successor.text
    path = f"/api/bin/{concept['id']}/restore"
    problem = refused(member.post(path), "placeholder", "another concept", status=409, code="placeholder-taken")
    assert problem["suggestions"] == ["<my-mug-2>"]
    assert len(bin_of(member)) == 2
    refused(member.post(path, json={"placeholder": "mug"}), "placeholder", code="placeholder-is-word")
    assert member.post(path, json={"placeholder": "<my-mug-2>"}).json()["label"] == "<my-mug-2>"
    assert member.get(f"/api/concepts/{concept['id']}").json()["placeholder"] == "<my-mug-2>"


def test_only_the_owner_and_administrators_restore_and_remove(
    member: TestClient, colleague: TestClient, administrator: TestClient, concept: dict[str, Any]
) -> None:
    delete(administrator, "concepts", concept)
    for method, path in (("POST", f"/api/bin/{concept['id']}/restore"), ("DELETE", f"/api/bin/{concept['id']}")):
        refused(colleague.request(method, path), None, "Only member and the administrators", status=403)
    assert colleague.delete("/api/bin").status_code == 403
    assert member.post(f"/api/bin/{concept['id']}/restore").status_code == 200


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_what_is_not_in_the_bin_is_not_found_there(member: TestClient, concept: dict[str, Any], method: str) -> None:
    path = f"/api/bin/{concept['id']}{'/restore' if method == 'POST' else ''}"
    refused(member.request(method, path), None, "not in the bin", status=404)
