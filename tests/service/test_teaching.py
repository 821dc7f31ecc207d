"""From an upload to a queued training."""

from fastapi.testclient import TestClient

from tests.service.conftest import photos

GOOD = {"placeholder": "<my-mug>", "initializer": "mug", "kind": "object", "base_model": "demo"}


def test_an_upload_becomes_a_concept_and_a_queued_job(member: TestClient, woken: list[str]) -> None:
    answer = member.post("/api/concepts", data=GOOD, files=photos())
    assert answer.status_code == 202, answer.text
    concept, job = answer.json()["concept"], answer.json()["job"]
    assert (concept["placeholder"], concept["state"], len(concept["pictures"])) == ("<my-mug>", "training", 4)
    assert (job["kind"], job["state"], job["concept"]["version"]) == ("training", "queued", 1)
    assert woken == [job["id"]]
    assert [each["id"] for each in member.get("/api/jobs").json()["items"]] == [job["id"]]
    assert [each["id"] for each in member.get("/api/concepts").json()["items"]] == [concept["id"]]
    picture = member.get(concept["pictures"][0]["url"])
    assert picture.headers["content-type"] == "image/png"
    assert picture.headers["x-content-type-options"] == "nosniff"


def test_the_same_idempotency_key_makes_one_concept(member: TestClient) -> None:
    headers = {"Idempotency-Key": "once"}
    first = member.post("/api/concepts", data=GOOD, files=photos(), headers=headers).json()
    again = member.post("/api/concepts", data=GOOD, files=photos(), headers=headers).json()
    assert again["job"]["id"] == first["job"]["id"]
    other = member.post("/api/concepts", data={**GOOD, "vectors": "2"}, files=photos(), headers=headers)
    assert (other.status_code, other.json()["field"]) == (409, "Idempotency-Key")


def test_a_stranger_sees_nothing_of_it(member: TestClient, stranger: TestClient) -> None:
    made = member.post("/api/concepts", data=GOOD, files=photos()).json()
    assert stranger.get(f"/api/concepts/{made['concept']['id']}").status_code == 404
    assert stranger.get(f"/api/jobs/{made['job']['id']}").status_code == 404
    assert stranger.get(f"/api/jobs/{made['job']['id']}/events").status_code == 404
    assert stranger.get(made["concept"]["pictures"][0]["url"]).status_code == 404
    assert stranger.get("/api/concepts").json()["items"] == []
