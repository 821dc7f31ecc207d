"""Deleting goes to the bin: out of every other sight, restorable for thirty days, and then gone for good."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from app.bin import queries
from app.concepts.models import Concept, SearchTerm, Version
from app.core.database import Database, utc_now
from app.core.settings import Settings
from app.generation.models import Generation, GenerationConcept, GenerationUpload, Image
from app.jobs import ledger
from app.jobs.ledger import Lease
from app.jobs.models import Job, JobEvent
from app.main import create_app
from app.retention.service import tidy
from app.services import Services
from tests.support.http import filled, refused
from tests.support.library import MUG, drawn, ids_of, taught
from tests.support.pictures import photos
from tests.support.stand_in_worker import sweep
from tests.support.stored import blobs, written

LONG_TIME = timedelta(days=31)


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(data_dir=tmp_path / "data", database_url=database_url, orphan_seconds=0)


@pytest.fixture
def concept(member: TestClient, services: Services) -> dict[str, Any]:
    return taught(member, services)


def delete(client: TestClient, what: str, thing: dict[str, Any]) -> None:
    assert client.delete(f"/api/{what}/{thing['id']}").status_code == 204


def bin_of(client: TestClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/api/bin").json()["items"]
    return found


def let_pass(services: Services, time: timedelta) -> None:
    """Let everything in the bin have been there for some time, and let the sweep come."""
    with services.database.transaction() as session:
        for table in (Concept, Generation):
            in_bin = update(table).where(table.deleted_at.is_not(None))
            session.execute(in_bin.values(deleted_at=utc_now() - time))
    tidy(services.database, services.settings)
    sweep(services)


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
    refused(member.post(f"/api/bin/{generation['id']}/restore", json=given), "placeholder", "no placeholder")


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


# --- Gone for good ----------------------------------------------------------------------------------------------------


def test_removing_a_concept_for_good_leaves_no_row_and_its_training_pictures_go_at_once(
    member: TestClient, services: Services, concept: dict[str, Any]
) -> None:
    with_it = drawn(member, services, "a <my-mug>")
    delete(member, "concepts", concept)
    assert any(key.startswith("pictures/") for key in blobs(services))
    assert member.delete(f"/api/bin/{concept['id']}").status_code == 204
    assert not any(key.startswith("pictures/") for key in blobs(services))
    rows = written(services)
    assert [rows[t.__tablename__] for t in (Concept, Version, SearchTerm, GenerationConcept)] == [0, 0, 0, 0]
    assert (rows["pictures"], rows["jobs"], rows["images"]) == (0, 1, 1)  # of the drawing
    sweep(services)
    assert len(blobs(services)) == 1
    assert member.get(with_it["images"][0]["url"]).status_code == 200
    assert member.get(concept["sample"]).status_code == 404


def test_after_thirty_days_the_sweep_removes_what_is_in_the_bin_and_nothing_else(
    member: TestClient, services: Services, concept: dict[str, Any]
) -> None:
    generation, kept = drawn(member, services), taught(member, services, placeholder="<kept>")
    stays = blobs(services)
    gone = taught(member, services, placeholder="<gone>")
    for what, thing in (("concepts", concept), ("generations", generation), ("concepts", gone)):
        delete(member, what, thing)
    let_pass(services, timedelta(days=29))
    assert len(bin_of(member)) == 3
    assert member.post(f"/api/bin/{concept['id']}/restore").status_code == 200
    assert member.post(f"/api/bin/{generation['id']}/restore").status_code == 200
    let_pass(services, LONG_TIME)
    assert bin_of(member) == []
    assert blobs(services) == stays
    assert {each["id"] for each in member.get("/api/concepts").json()["items"]} == {concept["id"], kept["id"]}
    assert member.get(f"/api/generations/{generation['id']}").json() == generation


def test_an_administrator_empties_the_bin(
    member: TestClient, administrator: TestClient, services: Services, concept: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("app.bin.service.EMPTIED_AT_ONCE", 2)
    for number in range(3):
        delete(member, "generations", drawn(member, services, str(number)))
    delete(member, "concepts", concept)
    assert administrator.delete("/api/bin").status_code == 204
    assert bin_of(member) == []
    tables = (Concept, Version, Generation, GenerationUpload, Image, Job, JobEvent)
    assert {written(services)[table.__tablename__] for table in tables} == {0}
    sweep(services)
    assert blobs(services) == set()


def test_without_a_bin_deleting_removes_at_once(member: TestClient, services: Services) -> None:
    app = create_app(services.settings.model_copy(update={"bin_days": 0.0}))
    off = TestClient(app, base_url="http://localhost:8000", headers=member.headers)
    concept, generation = taught(off, services), drawn(off, services)
    delete(off, "concepts", concept)
    delete(off, "generations", generation)
    assert off.get("/api/bin").json() == {"items": [], "next": None, "days": 0}
    rows = written(services)
    assert {rows[table.__tablename__] for table in (Concept, Version, Generation, Image, Job)} == {0}
    app.state.services.database.dispose()


def test_a_job_that_still_runs_when_its_thing_is_removed_ends_and_goes_too(
    member: TestClient, services: Services, concept: dict[str, Any]
) -> None:
    training = member.post(f"/api/concepts/{concept['id']}/versions", files=photos()).json()["job"]
    drawing = member.post("/api/generations", json={"prompt": "y", "count": 1}).json()
    leases = []
    with services.database.transaction() as session:
        for kind in ("training", "generation"):
            job = ledger.claim(session, kind, "w", 60)  # type: ignore[arg-type]
            assert job is not None
            leases.append(Lease(job.id, job.attempt))
    delete(member, "concepts", concept)
    delete(member, "generations", drawing["generation"])
    for item in (concept, drawing["generation"]):
        assert member.delete(f"/api/bin/{item['id']}").status_code == 204
    assert bin_of(member) == []
    tidy(services.database, services.settings)
    assert member.get(f"/api/jobs/{training['id']}").json()["state"] == "running"
    with services.database.transaction() as session:
        for lease in leases:
            ledger.finish(session, lease, "cancelled")
    tidy(services.database, services.settings)
    rows = written(services)
    assert {rows[table.__tablename__] for table in (Concept, Version, Generation, Image, Job, JobEvent)} == {0}


def test_a_failed_import_is_in_no_bin(member: TestClient, services: Services) -> None:
    made = member.post(
        "/api/concepts/import", data=MUG, files={"file": ("mug.pt", b"x", "application/octet-stream")}
    ).json()
    delete(member, "concepts", made["concept"])
    assert member.get(f"/api/jobs/{made['job']['id']}").json()["state"] == "cancelled"
    assert bin_of(member) == []  # there is nothing to restore


def test_a_request_that_is_repeated_after_its_concept_is_gone_for_good_is_told_so(
    member: TestClient, services: Services
) -> None:
    key = {"Idempotency-Key": "once"}
    made = member.post("/api/concepts", data=MUG, files=photos(), headers=key).json()
    with services.database.transaction() as session:
        assert ledger.claim(session, "training", "w", 60) is not None
    delete(member, "concepts", made["concept"])
    again = member.post("/api/concepts", data=MUG, files=photos(), headers=key)
    assert (again.status_code, again.json()["concept"]["id"]) == (202, made["concept"]["id"])
    assert member.delete(f"/api/bin/{made['concept']['id']}").status_code == 204
    refused(member.post("/api/concepts", data=MUG, files=photos(), headers=key), None, "deleted for good", status=404)


def test_what_was_deleted_before_there_was_a_bin_is_not_in_it(
    member: TestClient, services: Services, concept: dict[str, Any]
) -> None:
    with services.database.transaction() as session:
        session.execute(update(Concept).values(deleted_at=utc_now()))
    assert bin_of(member) == []
    assert member.post(f"/api/bin/{concept['id']}/restore").status_code == 404


def test_the_jobs_of_things_that_are_there_stay(
    member: TestClient, services: Services, concept: dict[str, Any]
) -> None:
    drawn(member, services)
    with services.database.transaction() as session:
        assert queries.remove_jobs(session, 100) == 0
        assert len(session.scalars(select(Job.id)).all()) == 2


# --- At the same moment -----------------------------------------------------------------------------------------------


def waits_for_a_lock(database: Database) -> bool:
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    with database.reading() as session:
        return bool(session.execute(waiting).scalar_one())


def meanwhile(services: Services, first: Callable[[Session], object], second: Callable[[], Response]) -> Response:
    """Answer a request that begins while another transaction has not committed yet what it did first."""
    with ThreadPoolExecutor(1) as other:
        with services.database.transaction() as session:
            first(session)
            session.flush()
            answer = other.submit(second)
            while not answer.done() and not waits_for_a_lock(services.database):
                pass
        return answer.result()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("path", ["/{id}", ""])
@pytest.mark.parametrize("what", ["concepts", "generations"])
def test_what_is_restored_at_the_moment_of_its_removal_stays(
    member: TestClient, administrator: TestClient, services: Services, path: str, what: str
) -> None:
    thing = taught(member, services) if what == "concepts" else drawn(member, services)
    delete(member, what, thing)
    table: Any = Concept if what == "concepts" else Generation

    def restore(session: Session) -> None:
        item = session.get_one(table, thing["id"])
        item.deleted_at = item.deleted_by = None

    answer = meanwhile(services, restore, lambda: administrator.delete(f"/api/bin{path.format(**thing)}"))
    assert answer.status_code == (404 if path else 204)
    assert member.get(f"/api/{what}/{thing['id']}").status_code == 200
    assert member.get(thing["images" if what == "generations" else "pictures"][0]["url"]).status_code == 200


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("what", ["concepts", "generations"])
def test_what_is_removed_at_the_moment_of_its_restoration_is_not_in_the_bin(
    member: TestClient, services: Services, what: str
) -> None:
    thing = taught(member, services) if what == "concepts" else drawn(member, services)
    delete(member, what, thing)
    team = member.get("/api/me").json()["team"]["id"]

    def remove(session: Session) -> None:
        if what == "concepts":
            queries.remove_concept(session, team, thing["id"])
        else:
            queries.remove_generations(session, team, [thing["id"]])

    answer = meanwhile(services, remove, lambda: member.post(f"/api/bin/{thing['id']}/restore"))
    refused(answer, None, "removed for good", status=404)


def test_the_removal_of_what_is_in_no_bin_changes_nothing(
    member: TestClient, services: Services, concept: dict[str, Any]
) -> None:
    generation, team = drawn(member, services), member.get("/api/me").json()["team"]["id"]
    before = written(services)
    with services.database.transaction() as session:
        assert queries.remove_concept(session, team, concept["id"]) == set()
        assert queries.remove_generations(session, team, [generation["id"]]) == []
    assert written(services) == before


def test_a_change_of_a_row_that_is_gone_is_a_conflict(
    member: TestClient, concept: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stale(*_: Any, **__: Any) -> None:
        raise StaleDataError("0 rows matched")

    monkeypatch.setattr("app.concepts.service.change", stale)
    answer = member.patch(f"/api/concepts/{concept['id']}", json={"name": "x"})
    refused(answer, None, "same change at the same moment", status=409)


def test_each_part_of_emptying_has_its_entries_in_the_audit(
    member: TestClient, administrator: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.bin.service.EMPTIED_AT_ONCE", 2)
    names = ["<mug-1>", "<mug-2>", "<mug-3>"]
    for placeholder in names:
        delete(member, "concepts", taught(member, services, placeholder=placeholder))
    removed, parts = queries.remove_concept, []

    def breaking_off(session: Session, team_id: str, concept_id: str) -> set[str]:
        parts.append(concept_id)
        if len(parts) == 3:
            raise OSError("the power is cut")
        return removed(session, team_id, concept_id)

    monkeypatch.setattr(queries, "remove_concept", breaking_off)
    assert administrator.delete("/api/bin").status_code == 500
    found = administrator.get("/api/audit", params={"action": "concept.purged"}).json()["items"]
    assert [each["subject"]["label"] for each in found] == names[1:]
    (whole,) = administrator.get("/api/audit", params={"action": "bin.emptied"}).json()["items"]
    assert whole["details"] == {"concepts": 2, "generations": 0}
