"""Grids: one job draws a cell for each combination of the axes, and keeps every cell that it has drawn."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from app.bin.queries import remove_jobs
from app.core.settings import Settings
from app.jobs.models import Job
from app.services import Services
from tests.support.http import refused
from worker.engine.base_models import BaseModel
from worker.handlers import generation as handler

FAST = {"steps": 2, "width": 64, "height": 64}
GRID: dict[str, Any] = {**FAST, "prompts": ["a red cat", "a dog"], "guidance": [2.0, 6.0], "seeds": [3, 9, 27]}


@pytest.fixture
def settings(tmp_path: Any) -> Settings:
    """A studio that draws four pictures in a pass."""
    return Settings(
        data_dir=tmp_path / "data", orphan_seconds=0, batch_pictures_max=4, grid_cells_max=24, queued_jobs_max=5,
        count_max=4,
    )  # fmt: skip


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> tuple[list[list[tuple[str, int, float]]], dict[int, Callable[[], Any]]]:
    """What each pass drew (prompt, seed and guidance), and what happens at the end of the pass of that number."""
    drawn: list[list[tuple[str, int, float]]] = []
    then: dict[int, Callable[[], Any]] = {}
    draw = handler.draw

    def observed(model: BaseModel, requests: list[Any], *arguments: Any, **options: Any) -> Any:
        drawn.append([(each.prompt, each.seed, each.guidance) for each in requests])
        pictures = draw(model, requests, *arguments, **options)
        then.pop(len(drawn), lambda: None)()
        return pictures

    monkeypatch.setattr(handler, "draw", observed)
    return drawn, then


def ask(member: TestClient, **changes: Any) -> Any:
    return member.post("/api/grids", json=GRID | changes)


def made(member: TestClient, answer: Any) -> Any:
    assert answer.status_code == 202, answer.text
    return member.get(f"/api/grids/{answer.json()['generation']['id']}").json()


def pixels(client: TestClient, image: Any) -> bytes:
    return Image.open(io.BytesIO(client.get(image["url"]).content)).tobytes()


def test_a_grid_is_one_job_whose_passes_mix_prompts_guidance_and_seeds(
    member: TestClient, work: Callable[[], None], passes: Any
) -> None:
    drawn, _ = passes
    answer = ask(member, title="Cats and dogs")
    work()
    grid = made(member, answer)
    assert grid["state"] == "succeeded"
    assert grid["prompt"] == grid["grid"]["title"] == "Cats and dogs"
    assert [(axis["name"], axis["values"]) for axis in grid["grid"]["axes"]] == [
        ("prompts", GRID["prompts"]), ("guidance", GRID["guidance"]), ("seeds", GRID["seeds"]),
    ]  # fmt: skip
    expected = [
        (prompt, seed, scale) for prompt in GRID["prompts"] for scale in GRID["guidance"] for seed in (3, 9, 27)
    ]
    assert [each for one in drawn for each in one] == expected
    assert [len(one) for one in drawn] == [4, 4, 4]
    recipes = [image["recipe"] for image in grid["images"]]
    assert [(each["prompt"], each["seed"], each["guidance"]) for each in recipes] == expected
    # A cell is a picture like any other: drawn again alone it is the same to the last bit.
    order = member.get(f"/api/images/{grid['images'][7]['id']}/order").json()["order"]
    again = member.post("/api/generations", json=order)
    work()
    alone = member.get(f"/api/generations/{again.json()['generation']['id']}").json()["images"][0]
    assert pixels(member, alone) == pixels(member, grid["images"][7])
    listed = member.get("/api/grids").json()["items"]
    assert [each["id"] for each in listed] == [grid["id"]]
    assert len(listed[0]["images"]) == 8
    assert listed[0]["count"] == 12


def test_a_worker_that_dies_leaves_its_cells_and_the_next_draws_only_the_others(
    member: TestClient, work: Callable[[], None], passes: Any
) -> None:
    drawn, then = passes

    def die() -> None:
        raise RuntimeError("the device was lost")

    then[2] = die
    answer = ask(member)
    work()
    grid = made(member, answer)
    assert grid["state"] == "succeeded"
    assert len(grid["images"]) == 12
    stored_first = {each for each in drawn[0]}
    assert stored_first.isdisjoint(each for one in drawn[1:] for each in one), "the first pass was not drawn again"


def test_a_cancelled_grid_keeps_its_cells_and_goes_on_when_it_is_asked_to(
    member: TestClient, colleague: TestClient, work: Callable[[], None], passes: Any, services: Services
) -> None:
    drawn, then = passes
    answer = ask(member)
    job_id = answer.json()["job"]["id"]
    then[1] = lambda: member.post("/api/generations", json={**FAST, "prompt": "small", "count": 1}) and None
    then[2] = lambda: member.post(f"/api/jobs/{job_id}/cancel") and None
    refused(member.post(f"/api/grids/{answer.json()['generation']['id']}/resume"), None, "drawn already", status=409)
    work()
    grid = made(member, answer)
    assert (grid["state"], len(grid["images"])) == ("cancelled", 4)
    first = {image["index"]: pixels(member, image) for image in grid["images"]}
    path = f"/api/grids/{grid['id']}"
    refused(colleague.post(f"{path}/resume"), None, status=403)
    drawn.clear()
    resumed = member.post(f"{path}/resume")
    assert resumed.status_code == 202, resumed.text
    with services.database.reading() as session:
        job = session.get_one(Job, resumed.json()["job"]["id"])
        assert job.cost == 8 * 2 * 64 * 64, "what is drawn already costs nothing again"
    work()
    whole = member.get(path).json()
    assert (whole["state"], len(whole["images"])) == ("succeeded", 12)
    assert sum(map(len, drawn)) == 8
    assert {each["index"]: pixels(member, each) for each in whole["images"][:4]} == first
    refused(member.post(f"{path}/resume"), None, "Every cell", status=409)
    # The job before is swept away; its pictures belong to the new one.
    with services.database.transaction() as session:
        remove_jobs(session, 100)
    assert member.get(f"/api/jobs/{job_id}").status_code == 404
    assert len(member.get(path).json()["images"]) == 12
    # Deleting and restoring is that of any drawing.
    member.delete(f"/api/generations/{grid['id']}")
    assert member.get(path).status_code == 404
    member.post(f"/api/bin/{grid['id']}/restore", json={})
    assert member.get(path).status_code == 200


def test_concepts_and_versions_take_the_place_of_the_placeholder(
    member: TestClient, learned: str, services: Services
) -> None:
    def prompts(**changes: Any) -> list[str]:
        answer = ask(member, seeds=[1], guidance=[], **changes)
        assert answer.status_code == 202, answer.text
        with services.database.reading() as session:
            spec = session.get_one(Job, answer.json()["job"]["id"]).spec
            member.post(f"/api/jobs/{answer.json()['job']['id']}/cancel")
            return [each["prompt"] for each in spec["pictures"]]

    assert prompts(prompts=["a photo of <my-mug>", "<*>, drawn"], concepts=["<my-mug>", "<my-mug@1>"]) == [
        "a photo of <my-mug>", "a photo of <my-mug@1>", "<my-mug>, drawn", "<my-mug@1>, drawn",
    ]  # fmt: skip
    assert prompts(prompts=["a <my-mug>"], versions=[1]) == ["a <my-mug@1>"]
    refused(ask(member, prompts=["a cat"], concepts=["<my-mug>"]), "prompts", "names no concept", "<*>")
    refused(ask(member, prompts=["a <*>"]), "prompts", "has none", code="prompt-no-concepts")
    refused(ask(member, prompts=["a <*>"], versions=[1]), "prompts", "Name the concept")
    refused(ask(member, prompts=["a <my-mug>"], versions=[7]), "prompts", "no version 7")
    refused(ask(member, prompts=["a <my-mug>"], concepts=["my-mug"]), "concepts", "placeholder")
    refused(ask(member, prompts=["<*>"], concepts=["<my-mug@1>"], versions=[1]), "concepts", "Leave one of them out")
    refused(ask(member, prompts=["<*>"], concepts=["<my-mugg>"]), "prompts", "<my-mug>")
    refused(ask(member, prompts=["a", "a"]), "prompts", "twice")


def test_a_grid_counts_as_many_changes_and_waiting_jobs_as_its_pictures(member: TestClient) -> None:
    refused(ask(member, seeds=list(range(9))), "prompts", "36 pictures", "at most 24", code="grid-too-large")
    before = left(member.post("/api/generations", json={"prompt": "x", "count": 1}))
    assert before - left(ask(member)) == 3, "12 pictures, of which a request draws four"
    assert member.get("/api/usage").json()["queued_jobs"]["used"] == 4
    answer = ask(member)
    refused(answer, None, "counts as 3 waiting jobs", "may add 1", status=429)
    assert int(answer.headers["retry-after"]) >= 1


def left(answer: Any) -> int:
    return int(answer.headers["ratelimit"].split("r=")[1].split(";")[0])


def test_a_grid_is_saved_as_one_picture_and_as_a_zip(
    member: TestClient, stranger: TestClient, work: Callable[[], None]
) -> None:
    answer = ask(member, title="Cats und Hündchen <my-mug>")
    path = f"/api/grids/{answer.json()['generation']['id']}"
    empty = Image.open(io.BytesIO(member.get(f"{path}/picture").content))
    work()
    response = member.get(f"{path}/picture?download=1")
    assert response.headers["cache-control"] == "private, no-cache"
    assert "attachment" in response.headers["content-disposition"]
    sheet = Image.open(io.BytesIO(response.content))
    assert sheet.size == empty.size
    assert sheet.tobytes() != empty.tobytes()
    assert sheet.height > 4 * 160, "four rows: two prompts, two scales"
    turned = Image.open(io.BytesIO(member.get(f"{path}/picture?columns=prompts&format=webp").content))
    assert (turned.format, turned.height > sheet.height) == ("WEBP", True)
    archived = member.get(f"{path}/archive")
    assert archived.headers["etag"]
    with zipfile.ZipFile(io.BytesIO(archived.content)) as file:
        assert file.testzip() is None
        names = file.namelist()
        assert names[0] == "001-a-red-cat-guidance-2-seed-3.png"
        assert len(names) == 13
        assert json.loads(file.read("grid.json"))["pictures"][names[7]] == 7
        assert "oneword" in Image.open(io.BytesIO(file.read(names[7]))).info
    for end in ("", "/picture", "/archive"):
        assert stranger.get(path + end).status_code == 404


def test_the_same_key_makes_one_grid(member: TestClient) -> None:
    key = {"Idempotency-Key": "one"}
    first = member.post("/api/grids", json=GRID, headers=key).json()
    assert member.post("/api/grids", json=GRID, headers=key).json()["job"]["id"] == first["job"]["id"]
    refused(member.post("/api/grids", json=GRID | {"seeds": [1]}, headers=key), "Idempotency-Key", status=409)
