"""Prompts become jobs; what cannot be drawn says which word is at fault."""

import json

import pytest
from fastapi.testclient import TestClient
from safetensors.numpy import load
from sqlalchemy import select

from app.generation.models import Image
from app.jobs import ledger
from app.jobs.ledger import Lease
from app.jobs.models import Job
from app.services import Services
from tests.support.embeddings import native
from tests.support.pictures import photo, photos


def finish(services: Services, job_id: str) -> None:
    """What a worker does, without drawing."""
    services.storage.put("jobs/y/0.png", photo(0, format="PNG"))
    with services.database.transaction() as session:
        job = ledger.claim(session, "generation", "test", 60)
        assert job is not None
        assert job.id == job_id
        session.add(
            Image(team_id=job.team_id, job_id=job.id, generation_id=job.generation_id, position=0, key="jobs/y/0.png",
                  seed=7, width=64, height=64, recipe={"prompt": "x"})
        )  # fmt: skip
        session.flush()
        ledger.finish(session, Lease(job.id, job.attempt), "succeeded")


def test_a_drawing_is_queued_with_the_models_own_defaults(
    member: TestClient, services: Services, learned: str, woken: list[str]
) -> None:
    answer = member.post("/api/generations", json={"prompt": "a photo of <my-mug> in snow", "seed": 7})
    assert answer.status_code == 202, answer.text
    recipe = answer.json()["generation"]["recipe"]
    assert (recipe["steps"], recipe["scheduler"], recipe["width"], recipe["seed"]) == (20, "ddim", 64, 7)
    assert recipe["concepts"] == [{"concept_id": learned, "placeholder": "<my-mug>", "version": 1}]
    assert woken[-1] == answer.json()["job"]["id"]
    with services.database.reading() as session:
        spec = session.scalars(select(Job.spec).where(Job.kind == "generation")).one()
    assert spec["concepts"][0]["key"] == "jobs/x/embedding"


def test_what_was_drawn_is_served_with_its_recipe(member: TestClient, services: Services, learned: str) -> None:
    made = member.post("/api/generations", json={"prompt": "<my-mug@1>", "count": 1}).json()
    finish(services, made["job"]["id"])
    generation = member.get(f"/api/generations/{made['generation']['id']}").json()
    assert generation["state"] == "succeeded"
    (image,) = generation["images"]
    served = member.get(image["url"])
    assert served.headers["content-type"] == "image/png"
    assert "sandbox" in served.headers["content-security-policy"]
    assert member.get(f"{image['url']}/recipe").json()["seed"] == 7
    assert member.delete(f"/api/generations/{generation['id']}").status_code == 204
    assert member.get(image["url"]).status_code == 404


def test_events_of_a_finished_job_are_streamed_and_the_stream_ends(
    member: TestClient, services: Services, learned: str, anonymous: TestClient
) -> None:
    made = member.post("/api/generations", json={"prompt": "<my-mug>", "count": 1}).json()
    finish(services, made["job"]["id"])
    url = f"/api/jobs/{made['job']['id']}/events"
    headers = {"Authorization": member.headers["Authorization"]}
    text = anonymous.get(url, headers=headers).text
    states = [json.loads(line[6:])["state"] for line in text.splitlines() if line.startswith("data: ")]
    assert states == ["queued", "running", "succeeded"]
    last = [line[4:] for line in text.splitlines() if line.startswith("id: ")][-1]
    again = anonymous.get(url, headers={**headers, "Last-Event-ID": last})
    assert (again.status_code, again.text) == (200, "")


def test_exactly_as_many_tokens_as_the_model_reads_are_fine(member: TestClient, learned: str) -> None:
    # Three windows of 30, and one that the three rows of the concept fill up.
    assert member.post("/api/generations", json={"prompt": "cat " * 117 + "<my-mug>"}).status_code == 202


def test_what_was_drawn_with_a_word_is_found(member: TestClient, stranger: TestClient, learned: str) -> None:
    asked = {"prompt": "a <my-mug> and <my-mug@1>", "negative_prompt": "<my-mug>"}
    drawn = member.post("/api/generations", json=asked).json()
    member.post("/api/generations", json={"prompt": "a cat"})
    found = member.get(f"/api/generations?concept={learned}").json()["items"]
    assert [each["id"] for each in found] == [drawn["generation"]["id"]]
    assert member.get("/api/generations?concept=nothing").json()["items"] == []
    assert stranger.get(f"/api/generations?concept={learned}").json()["items"] == []


def test_another_team_cannot_draw_it(stranger: TestClient, learned: str) -> None:
    answer = stranger.post("/api/generations", json={"prompt": "<my-mug>"})
    assert answer.json()["type"] == "/problems/prompt-unknown-placeholder"


def test_the_embedding_is_downloaded_under_its_own_name(member: TestClient, learned: str) -> None:
    answer = member.get(f"/api/concepts/{learned}/embedding")
    rows, stored = load(answer.content), load(native())
    assert {name: array.tolist() for name, array in rows.items()} == {
        name: array.tolist() for name, array in stored.items()
    }
    assert 'filename="my-mug.safetensors"' in answer.headers["content-disposition"]
    unknown = member.get(f"/api/concepts/{learned}/embedding?format=zip")
    assert (unknown.status_code, unknown.json()["field"]) == (422, "format")
    assert "diffusers" in unknown.json()["suggestions"]


def test_a_word_gets_another_name_everywhere(member: TestClient, learned: str) -> None:
    changed = member.patch(f"/api/concepts/{learned}", json={"placeholder": "<blue-mug>"})
    assert changed.json()["placeholder"] == "<blue-mug>"
    assert member.post("/api/generations", json={"prompt": "a <blue-mug>"}).status_code == 202
    assert member.post("/api/generations", json={"prompt": "a <my-mug>"}).status_code == 422
    file = member.get(f"/api/concepts/{learned}/embedding?format=diffusers")
    assert list(load(file.content)) == ["<blue-mug>"]
    assert len(member.get("/api/concepts?query=blue").json()["items"]) == 1


@pytest.mark.parametrize(
    ("placeholder", "code"),
    [("blue mug", "malformed"), ("<cat>", "is-word"), ("", "empty"), ("<my-hat>", "taken")],
)
def test_a_word_gets_no_name_that_is_none(member: TestClient, learned: str, placeholder: str, code: str) -> None:
    member.post("/api/concepts", data={"placeholder": "<my-hat>", "initializer": "hat"}, files=photos())
    answer = member.patch(f"/api/concepts/{learned}", json={"placeholder": placeholder})
    assert (answer.status_code, answer.json()["field"]) == (422, "placeholder")
    assert answer.json()["type"] == f"/problems/placeholder-{code}"


def test_a_concept_is_taught_again_from_its_own_pictures(member: TestClient, learned: str) -> None:
    answer = member.post(f"/api/concepts/{learned}/versions", data={"vectors": "2"})
    assert answer.status_code == 202, answer.text
    assert answer.json()["concept"]["state"] == "ready"
    assert answer.json()["concept"]["training_job"] == answer.json()["job"]["id"]
    numbers = [each["number"] for each in member.get(f"/api/concepts/{learned}/versions").json()["items"]]
    assert numbers == [2, 1]
    assert member.post(f"/api/concepts/{learned}/versions").status_code == 409


def test_the_library_is_searched_changed_and_cleared(member: TestClient, learned: str) -> None:
    changed = member.patch(f"/api/concepts/{learned}", json={"name": "Blue mug", "tags": ["küche", "küche"]})
    assert changed.json()["tags"] == ["küche"]
    for query, found in (("query=blue", 1), ("query=%25", 0), ("tag=küche", 1), ("tag=k", 0), ("kind=style", 0)):
        assert len(member.get(f"/api/concepts?{query}").json()["items"]) == found, query
    assert member.patch(f"/api/concepts/{learned}", json={"current_version": 5}).json()["field"] == "current_version"
    assert member.delete(f"/api/concepts/{learned}").status_code == 204
    assert member.get(f"/api/concepts/{learned}").status_code == 404
