"""From an upload to a queued training."""

import io
from functools import partial

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from app.concepts.models import Picture
from app.jobs.models import Job
from app.services import Services
from tests.support.http import refused
from tests.support.pictures import photo, photos

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


def test_a_repeated_request_gets_the_present_state_of_its_job_as_the_schema_says(member: TestClient) -> None:
    send = partial(member.post, "/api/concepts", data=GOOD, headers={"Idempotency-Key": "once"})
    first = send(files=photos()).json()["job"]
    member.post(f"/api/jobs/{first['id']}/cancel").raise_for_status()
    again = send(files=photos()).json()["job"]
    assert (first["state"], again["id"], again["state"]) == ("queued", first["id"], "cancelled")
    parameters = member.get("/openapi.json").json()["paths"]["/api/concepts"]["post"]["parameters"]
    (key,) = [each for each in parameters if each["name"] == "Idempotency-Key"]
    assert "present state" in key["description"]


def test_a_stranger_sees_nothing_of_it(member: TestClient, stranger: TestClient) -> None:
    made = member.post("/api/concepts", data=GOOD, files=photos()).json()
    assert stranger.get(f"/api/concepts/{made['concept']['id']}").status_code == 404
    assert stranger.get(f"/api/jobs/{made['job']['id']}").status_code == 404
    assert stranger.get(f"/api/jobs/{made['job']['id']}/events").status_code == 404
    assert stranger.get(made["concept"]["pictures"][0]["url"]).status_code == 404
    assert stranger.get("/api/concepts").json()["items"] == []


def cut_out(seed: int) -> bytes:
    """A photo whose left half is transparent."""
    picture = Image.open(io.BytesIO(photo(seed))).convert("RGBA")
    picture.paste((0, 0, 0, 0), (0, 0, picture.width // 2, picture.height))
    content = io.BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()


def test_a_transparent_picture_is_taught_with_its_mask_and_so_it_is_the_next_time(
    services: Services, member: TestClient
) -> None:
    files = [*photos(2), ("images", ("cut-out.png", cut_out(7), "image/png"))]
    checked = member.post("/api/pictures/check", data={"base_model": "demo"}, files=files).json()
    assert [each["masked"] for each in checked["pictures"]] == [False, False, True]
    made = member.post("/api/concepts", data=GOOD, files=files).json()
    with services.database.reading() as session:
        masks = [each["mask_key"] for each in session.get_one(Job, made["job"]["id"]).spec["pictures"]]
    assert [mask is not None for mask in masks] == [False, False, True]
    assert services.storage.exists(masks[2])
    member.post(f"/api/jobs/{made['job']['id']}/cancel").raise_for_status()
    again = member.post(f"/api/concepts/{made['concept']['id']}/versions").json()
    with services.database.reading() as session:
        assert session.get_one(Job, again["job"]["id"]).spec["pictures"][2]["mask_key"] == masks[2]
        assert session.query(Picture).filter(Picture.mask_key == masks[2]).count() == 2


def test_how_a_word_is_learned_reaches_the_worker(services: Services, member: TestClient) -> None:
    asked = {"vectors": 3, "steps_max": 50, "mirror": True, "seed": 4, "method": "directional", "kappa": 0.5}
    asked |= {"start": "encoded", "context_weight": 0.2, "snr_gamma": 5.0, "prefer": "likeness"}
    asked |= {"batch": 2, "resolution": 32}
    made = member.post("/api/concepts", data=GOOD | asked, files=photos()).json()
    with services.database.reading() as session:
        spec = session.get_one(Job, made["job"]["id"]).spec
    assert {name: spec[name] for name in asked} == asked


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kappa", "1.5"),
        ("kappa", "nan"),
        ("snr_gamma", "-1"),
        ("context_weight", "inf"),
        ("batch", "0"),
        ("batch", "64"),
        ("resolution", "8"),
        ("resolution", "63"),
        ("resolution", "128"),
    ],
)
def test_an_option_out_of_range_is_named(member: TestClient, name: str, value: str) -> None:
    answer = member.post("/api/concepts", data=GOOD | {name: value}, files=photos())
    refused(answer, name, value, code=name)


def test_an_unknown_method_is_named(member: TestClient) -> None:
    answer = member.post("/api/concepts", data=GOOD | {"method": "magic"}, files=photos())
    assert (answer.status_code, answer.json()["field"]) == (422, "method")
