"""From an upload to a queued training."""

import pytest
from fastapi.testclient import TestClient

from app.dependencies import Services
from tests.service.conftest import photo, photos

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


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"placeholder": "my-mug"}, "placeholder", "between < and >"),
        ({"placeholder": "<my mug>"}, "placeholder", "space"),
        ({"placeholder": "<mug>"}, "placeholder", "already knows"),
        ({"placeholder": "mug"}, "placeholder", "already knows"),
        ({"placeholder": ""}, "placeholder", "empty"),
        ({"placeholder": "<my_2>"}, "placeholder", "character"),
        ({"initializer": ""}, "initializer", "empty"),
        ({"initializer": "mugg"}, "initializer", "mug"),
        ({"initializer": "qxzzy"}, "initializer", "does not know"),
        ({"base_model": "nothing"}, "base_model", "There is: demo"),
        ({"kind": "smell"}, "kind", "object or a style"),
        ({"vectors": "17"}, "vectors", "1 to 16"),
    ],
)
def test_a_bad_field_is_named_with_what_to_do(
    member: TestClient, services: Services, change: dict[str, str], field: str, says: str
) -> None:
    answer = member.post("/api/concepts", data={**GOOD, **change}, files=photos())
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["field"] == field
    assert says in answer.json()["detail"]
    assert list(services.storage.list("")) == []


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ([photo(0), photo(1)], "2 pictures were sent"),
        ([photo(n) for n in range(6)], "6 pictures were sent"),
        ([photo(0), photo(1), b"just text"], "a text file"),
        ([photo(0), photo(1), photo(2)[:2000]], "damaged"),
        ([photo(0), photo(1), b""], "0 bytes"),
        ([photo(0), photo(1), photo(0)], "same picture as Picture 1"),
    ],
)
def test_bad_pictures_are_refused_with_a_sentence(
    member: TestClient, services: Services, names: list[bytes], says: str
) -> None:
    files = [("images", (f"{index}.jpg", content, "image/jpeg")) for index, content in enumerate(names)]
    answer = member.post("/api/concepts", data=GOOD, files=files)
    assert (answer.status_code, answer.json()["field"]) == (422, "images")
    assert says in answer.json()["detail"]
    assert list(services.storage.list("")) == []


def test_a_placeholder_of_the_library_is_taken(member: TestClient) -> None:
    member.post("/api/concepts", data=GOOD, files=photos())
    answer = member.post("/api/concepts", data=GOOD, files=photos())
    assert answer.json()["type"] == "/problems/placeholder-taken"
    assert answer.json()["suggestions"] == ["<my-mug-2>"]


def test_a_concept_that_is_being_learned_cannot_be_drawn_yet(member: TestClient) -> None:
    member.post("/api/concepts", data=GOOD, files=photos())
    answer = member.post("/api/generations", json={"prompt": "a photo of <my-mug>"})
    assert answer.json()["type"] == "/problems/prompt-still-learning"


def test_a_stranger_sees_nothing_of_it(member: TestClient, stranger: TestClient) -> None:
    made = member.post("/api/concepts", data=GOOD, files=photos()).json()
    assert stranger.get(f"/api/concepts/{made['concept']['id']}").status_code == 404
    assert stranger.get(f"/api/jobs/{made['job']['id']}").status_code == 404
    assert stranger.get(f"/api/jobs/{made['job']['id']}/events").status_code == 404
    assert stranger.get(made["concept"]["pictures"][0]["url"]).status_code == 404
    assert stranger.get("/api/concepts").json()["items"] == []
