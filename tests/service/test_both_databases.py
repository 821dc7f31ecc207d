"""The flows that matter, once on SQLite and once on PostgreSQL: teach, look, draw, delete, and two at once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, func, select, update
from sqlalchemy.orm import Session

from app.accounts.models import Token
from app.concepts.models import Concept
from app.core.database import Database, utc_now
from app.core.idempotency import Submission
from app.core.settings import Settings
from app.generation.models import Generation
from app.jobs.models import Job
from app.services import Services
from tests.support.http import MUG
from tests.support.pictures import photo, photos
from tests.support.stand_in_worker import draw, sweep, teach
from tests.support.stored import blobs
from tests.support.worker import run_next
from worker.context import WorkerContext


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(data_dir=tmp_path / "data", database_url=database_url, orphan_seconds=0)


@pytest.fixture
def taught(member: TestClient, services: Services) -> dict[str, Any]:
    made = member.post("/api/concepts", data=MUG, files=photos()).json()
    teach(services, made["job"]["id"])
    concept: dict[str, Any] = member.get(f"/api/concepts/{made['concept']['id']}").json()
    return concept


def test_a_word_is_taught_found_drawn_and_described(
    member: TestClient, services: Services, taught: dict[str, Any]
) -> None:
    assert (taught["state"], taught["current_version"]["number"]) == ("ready", 1)
    changed = member.patch(f"/api/concepts/{taught['id']}", json={"name": "Blaue Tasse", "tags": ["küche", "50%"]})
    assert changed.status_code == 200, changed.text
    for query, found in (
        ("query=TASSE", 1), ("query=my-mug", 1), ("query=%25", 0), ("query=_", 0), ("tag=küche", 1), ("tag=50%25", 1),
        ("tag=k%C3%BC", 0), ("kind=object", 1), ("kind=style", 0), ("base_model=demo", 1), ("owner=nobody", 0),
    ):  # fmt: skip
        assert len(member.get(f"/api/concepts?{query}").json()["items"]) == found, query
    made = member.post("/api/generations", json={"prompt": "a <my-mug>", "count": 1})
    assert made.status_code == 202, made.text
    draw(services)
    (drawn,) = member.get("/api/generations").json()["items"]
    assert (drawn["state"], len(drawn["images"])) == ("succeeded", 1)
    assert {job["state"] for job in member.get("/api/jobs").json()["items"]} == {"succeeded"}


def test_a_library_is_read_page_by_page(member: TestClient, services: Services, taught: dict[str, Any]) -> None:
    for number in range(4):
        assert member.post("/api/generations", json={"prompt": f"{number}", "count": 1}).status_code == 202
    seen, cursor = [], ""
    while cursor is not None:
        page = member.get(f"/api/generations?limit=2{cursor and f'&cursor={cursor}'}").json()
        seen += [each["prompt"] for each in page["items"]]
        cursor = page["next"]
    assert seen == ["3", "2", "1", "0"]


def test_a_deleted_concept_is_out_of_reach_and_the_sweep_removes_its_blobs(
    member: TestClient, services: Services, taught: dict[str, Any]
) -> None:
    member.post("/api/generations", json={"prompt": "<my-mug>", "count": 1})
    draw(services)
    (drawn,) = member.get("/api/generations").json()["items"]
    sweep(services)
    assert len(blobs(services)) == 4 + 2 + 1  # pictures; embedding and preview; what was drawn
    assert member.delete(f"/api/concepts/{taught['id']}").status_code == 204
    gone = [
        f"/api/concepts/{taught['id']}",
        f"/api/concepts/{taught['id']}/versions",
        f"/api/concepts/{taught['id']}/embedding",
        taught["sample"],
        *(picture["url"] for picture in taught["pictures"]),
    ]
    assert {url: member.get(url).status_code for url in gone} == dict.fromkeys(gone, 404)
    assert member.get("/api/concepts").json()["items"] == []
    assert member.delete(f"/api/concepts/{taught['id']}").status_code == 404
    sweep(services)
    assert len(blobs(services)) == 4 + 2 + 1  # it could still be restored
    assert member.delete(f"/api/bin/{taught['id']}").status_code == 204
    sweep(services)
    assert len(blobs(services)) == 1
    assert member.get(drawn["images"][0]["url"]).status_code == 200  # what was drawn with it stays
    again = member.post("/api/concepts", data=MUG, files=photos())
    assert again.status_code == 202, again.text  # its placeholder is free


def test_a_deleted_generation_is_out_of_reach_and_the_sweep_removes_its_pictures(
    member: TestClient, services: Services, taught: dict[str, Any]
) -> None:
    made = member.post("/api/generations", json={"prompt": "<my-mug>", "count": 1}, headers={"Idempotency-Key": "k"})
    draw(services)
    generation = member.get(f"/api/generations/{made.json()['generation']['id']}").json()
    before = blobs(services)
    assert member.delete(f"/api/generations/{generation['id']}").status_code == 204
    (image,) = generation["images"]
    for url in (f"/api/generations/{generation['id']}", image["url"], f"{image['url']}/recipe"):
        assert member.get(url).status_code == 404
    assert member.delete(f"/api/bin/{generation['id']}").status_code == 204
    sweep(services)
    assert len(before - blobs(services)) == 1
    assert member.get(taught["sample"]).status_code == 200


def test_deleting_a_concept_stops_its_teaching(member: TestClient, services: Services) -> None:
    made = member.post("/api/concepts", data=MUG, files=photos()).json()
    member.delete(f"/api/concepts/{made['concept']['id']}")
    assert member.get(f"/api/jobs/{made['job']['id']}").json()["state"] == "cancelled"
    assert member.delete(f"/api/bin/{made['concept']['id']}").status_code == 204
    sweep(services)
    assert blobs(services) == set()


def test_a_token_says_when_it_was_last_used_but_does_not_write_each_time(
    member: TestClient, services: Services
) -> None:
    def used() -> Any:
        with services.database.reading() as session:
            return session.scalars(select(Token.last_used_at)).one()

    assert used() is None
    (token,) = member.get("/api/tokens").json()["items"]
    assert token["last_used_at"] is not None
    first = used()
    member.get("/api/me")
    assert used() == first
    with services.database.transaction() as session:
        session.execute(update(Token).values(last_used_at=utc_now() - timedelta(minutes=6)))
    member.get("/api/me")
    assert used() >= first


def together(database: Database, *requests: Callable[[], httpx.Response]) -> list[httpx.Response]:
    """Send requests that all reach their first write before any of them may make it."""
    gate = threading.Barrier(len(requests))
    waited = threading.local()

    def hold(session: Session, *_: object) -> None:
        if session.new and not getattr(waited, "once", False):
            waited.once = True
            if database.engine.dialect.name == "postgresql":  # SQLite lets one writer in at a time
                gate.wait(timeout=30)

    event.listen(Session, "before_flush", hold)
    try:
        with ThreadPoolExecutor(len(requests)) as pool:
            return [future.result() for future in [pool.submit(request) for request in requests]]
    finally:
        event.remove(Session, "before_flush", hold)


def test_the_same_upload_twice_at_once_makes_one_concept(member: TestClient, services: Services) -> None:
    member.get("/api/me")

    def request() -> httpx.Response:
        return member.post("/api/concepts", data=MUG, files=photos(), headers={"Idempotency-Key": "once"})

    one, two = together(services.database, request, request)
    assert (one.status_code, two.status_code) == (202, 202), (one.text, two.text)
    assert one.json()["job"]["id"] == two.json()["job"]["id"]
    with services.database.reading() as session:
        rows = {
            t: session.execute(select(func.count()).select_from(t)).scalar_one() for t in (Concept, Job, Submission)
        }
    assert set(rows.values()) == {1}
    assert len(blobs(services)) == 4


def test_two_uploads_of_one_placeholder_at_once_make_one_concept_and_one_sentence(
    member: TestClient, services: Services
) -> None:
    member.get("/api/me")

    def request(first: int) -> Callable[[], httpx.Response]:
        files = [("images", (f"{n}.jpg", photo(first + n), "image/jpeg")) for n in range(3)]
        return lambda: member.post("/api/concepts", data=MUG, files=files)

    answers = together(services.database, request(0), request(10))
    assert sorted(answer.status_code for answer in answers) == [202, 422]
    (refused,) = [answer.json() for answer in answers if answer.status_code == 422]
    assert (refused["type"], refused["field"]) == ("/problems/placeholder-taken", "placeholder")
    assert len(blobs(services)) == 3


def test_the_same_drawing_twice_at_once_is_drawn_once(member: TestClient, services: Services) -> None:
    member.get("/api/me")

    def request() -> httpx.Response:
        return member.post("/api/generations", json={"prompt": "a cat"}, headers={"Idempotency-Key": "once"})

    one, two = together(services.database, request, request)
    assert one.json()["job"]["id"] == two.json()["job"]["id"]
    with services.database.reading() as session:
        assert session.execute(select(func.count()).select_from(Generation)).scalar_one() == 1


@pytest.mark.parametrize("text", ["a\0b", "x" * 6000])
def test_what_a_database_cannot_store_is_never_an_unknown_error(member: TestClient, text: str) -> None:
    for answer in (
        member.post("/api/concepts", data={**MUG, "name": text}, files=photos()),
        member.post("/api/generations", json={"prompt": text}),
        member.post("/api/tokens", json={"name": text}),
        member.get("/api/concepts", params={"query": text}),
        member.get("/api/concepts", params={"cursor": text}),
        member.get("/api/concepts", params={"owner": text}),
        member.get("/api/jobs", params={"cursor": text}),
    ):
        assert answer.status_code < 500, answer.text


@pytest.mark.parametrize("number", [2**31, 2**63])
def test_a_number_too_large_for_a_database_is_never_an_unknown_error(
    member: TestClient, taught: dict[str, Any], number: int
) -> None:
    url = f"/api/concepts/{taught['id']}"
    for answer in (
        member.patch(url, json={"current_version": number}),
        member.get(f"{url}/embedding", params={"version": number}),
        member.get(f"/api/jobs/{taught['current_version']['job_id']}/events", headers={"Last-Event-ID": str(number)}),
    ):
        assert answer.status_code < 500, answer.text


def test_a_drawing_that_waits_for_a_deleted_concept_ends_with_a_sentence(
    member: TestClient, services: Services, taught: dict[str, Any]
) -> None:
    made = member.post("/api/generations", json={"prompt": "a <my-mug>", "count": 1}).json()
    member.delete(f"/api/concepts/{taught['id']}")
    run_next(WorkerContext(services.settings, services.database, services.storage), "generation")
    ended = member.get(f"/api/jobs/{made['job']['id']}").json()
    assert (ended["state"], ended["attempt"]) == ("failed", 1)
    assert ended["error"]["type"] == "/problems/concept-deleted"
