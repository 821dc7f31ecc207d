"""Many embedding files in one request: one job, a concept for each file, and a sentence for each that is none."""

from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from app.embeddings.importing.bulk import FILES_MAX
from app.services import Services
from tests.support.foreign_files import kohya
from tests.support.http import refused
from tests.support.stored import blobs
from tests.support.worker import run_import

MUG, CUP = ("mug.safetensors", kohya()), ("cup.safetensors", kohya(3))
TORN = ("torn.safetensors", b"\0" * 40)
LARGE = ("wide.safetensors", kohya(2, 768))
NOTES = ("notes.docx", b"hello")


def send(client: TestClient, *files: tuple[str, bytes], key: str | None = None, **form: str) -> httpx.Response:
    sent = [("file", (name, content, "application/octet-stream")) for name, content in files]
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post("/api/concepts/import-many", data=form, files=sent, headers=headers)


def library(client: TestClient) -> dict[str, Any]:
    return {each["placeholder"]: each for each in client.get("/api/concepts").json()["items"]}


def test_the_good_files_come_in_and_each_bad_one_has_its_own_sentence(
    member: TestClient, services: Services, woken: list[str]
) -> None:
    answer = send(member, MUG, NOTES, TORN, CUP, LARGE, MUG, tags="from-elsewhere")
    assert answer.status_code == 202, answer.text
    made = answer.json()
    assert woken == [made["job"]["id"]]
    assert [each["placeholder"] for each in made["concepts"]] == [
        "<my-mug>", "<my-torn>", "<my-cup>", "<my-wide>", "<my-mug-2>",
    ]  # fmt: skip
    (left_out,) = made["refused"]
    assert left_out["name"] == "notes.docx"
    assert "not an embedding file" in left_out["detail"]

    run_import(services)
    job = member.get(f"/api/jobs/{made['job']['id']}").json()
    assert (job["state"], job["kind"], job["concept"]) == ("succeeded", "import", None)
    found = library(member)
    assert set(found) == {"<my-mug>", "<my-mug-2>", "<my-cup>"}
    assert {each["state"] for each in found.values()} == {"ready"}
    assert {each["current_version"]["vectors"] for each in found.values()} == {2, 3}
    assert all(each["tags"] == ["from-elsewhere"] for each in found.values())
    assert member.get(f"/api/concepts/{found['<my-cup>']['id']}/embedding").status_code == 200
    with member.stream("GET", f"/api/jobs/{made['job']['id']}/events") as events:
        told = [line for line in events.iter_lines() if "torn.safetensors" in line or "wide.safetensors" in line]
    assert len(told) == 2
    assert member.get("/api/bin").json()["items"] == []  # nothing that could be restored
    assert not any(key.startswith("imports/") for key in blobs(services))


def test_a_job_without_a_good_file_fails_and_leaves_no_concept(member: TestClient, services: Services) -> None:
    made = send(member, TORN, LARGE).json()
    run_import(services)
    job = member.get(f"/api/jobs/{made['job']['id']}").json()
    assert job["state"] == "failed"
    assert "torn.safetensors" in job["error"]["detail"]
    assert "wide.safetensors" in job["error"]["detail"]
    assert library(member) == {}


def test_a_concept_deleted_meanwhile_stays_deleted_and_the_others_come_in(
    member: TestClient, services: Services
) -> None:
    made = send(member, MUG, CUP).json()
    gone = made["concepts"][0]["id"]
    assert member.delete(f"/api/concepts/{gone}").status_code == 204
    assert member.get(f"/api/jobs/{made['job']['id']}").json()["state"] == "queued"
    run_import(services)
    assert set(library(member)) == {"<my-cup>"}


def test_cancelling_the_job_takes_all_of_its_concepts_back(member: TestClient, services: Services) -> None:
    made = send(member, MUG, CUP).json()
    assert member.post(f"/api/jobs/{made['job']['id']}/cancel").status_code < 300
    assert library(member) == {}
    assert [each["placeholder"] for each in send(member, MUG).json()["concepts"]] == ["<my-mug>"]


def test_the_same_request_twice_imports_once(member: TestClient) -> None:
    one, two = (send(member, MUG, NOTES, CUP, key="once") for _ in range(2))
    assert one.json()["job"]["id"] == two.json()["job"]["id"]
    assert one.json()["refused"] == two.json()["refused"]
    assert len(library(member)) == 2
    assert send(member, MUG, key="once").status_code == 409


@pytest.mark.parametrize("files", [(), (NOTES,)])
def test_a_request_without_a_usable_file_is_refused(member: TestClient, files: tuple[tuple[str, bytes], ...]) -> None:
    refused(send(member, *files), "file", "can be imported")


def test_more_files_than_one_import_takes_are_refused(member: TestClient) -> None:
    files = [(f"{number}.safetensors", b"x") for number in range(FILES_MAX + 1)]
    refused(send(member, *files), "file", "at most 100")
    assert library(member) == {}
