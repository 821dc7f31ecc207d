"""Pictures that are larger than their base model draws: refused where they are asked for, and named in a sentence."""

import io
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from app.core.settings import Settings
from app.services import Services
from tests.support.http import FAST, form, refused
from tests.support.pictures import png
from tests.support.worker import run_all
from worker.context import WorkerContext


def test_the_limit_of_every_base_model_is_shown(member: TestClient) -> None:
    sizes = {"pixels_max": 16384, "side_max": 256, "side_multiple": 8}
    (demo,) = member.get("/api/base-models").json()["items"]
    assert demo | sizes == demo
    assert member.get("/api/me").json()["limits"]["sizes"] == {"demo": sizes}


@pytest.mark.parametrize(
    ("fields", "field", "nearest"),
    [
        ({"width": 1024, "height": 1024}, "width", "128×128"),
        ({"width": 512, "height": 1024}, "height", "88×176"),
        ({"height": 1024}, "height", "64×256"),
        ({"width": 136, "height": 128}, "width", "128×120"),
    ],
)
def test_a_larger_picture_is_refused_with_the_nearest_size_of_its_shape(
    member: TestClient, woken: list[str], fields: dict[str, int], field: str, nearest: str
) -> None:
    problem = refused(
        member.post("/api/generations", json=FAST | fields),
        field,
        "at most 16384 pixels (a square of 128×128) with no side above 256",
        f"Ask for {nearest}",
        "leave width and height out for 64×64",
        code="size-too-large",
    )
    assert problem["suggestions"] == [nearest.replace("×", "x")]
    assert woken == []
    width, height = map(int, nearest.split("×"))
    assert member.post("/api/generations", json=FAST | {"width": width, "height": height}).status_code == 202


@pytest.mark.parametrize(("size", "drawn"), [((1024, 1024), (64, 64)), ((1024, 64), (256, 64))])
def test_an_initial_picture_is_drawn_within_the_limit_and_not_above_it_by_request(
    member: TestClient, size: tuple[int, int], drawn: tuple[int, int]
) -> None:
    recipe = form(member, {"init_image": png(size)}, **FAST, strength=0.5).json()["generation"]["recipe"]
    assert (recipe["width"], recipe["height"]) == drawn
    larger = member.post(
        "/api/generations", data={**FAST, "width": 1024, "height": 1024}, files={"init_image": ("a.png", png(size))}
    )
    refused(larger, "width", "Ask for 128×128")


def test_the_request_of_a_picture_that_is_too_large_here_comes_at_the_nearest_size(member: TestClient) -> None:
    info, content = PngInfo(), io.BytesIO()
    info.add_text("parameters", "a cat\nSteps: 20, Sampler: DDIM, CFG scale: 3, Seed: 1, Size: 512x1024")
    Image.new("RGB", (8, 8)).save(content, "PNG", pnginfo=info)
    read = member.post("/api/generations/read", files={"image": ("a.png", content.getvalue())}).json()
    assert (read["order"]["width"], read["order"]["height"]) == (88, 176)
    assert "The size 512×1024 is larger than Demo draws; 88×176 is taken." in read["notes"]
    assert member.post("/api/generations", json=read["order"]).status_code == 202


def test_a_worker_with_a_lower_limit_refuses_what_was_queued_before(
    member: TestClient, services: Services, context: WorkerContext
) -> None:
    made = member.post("/api/generations", json=FAST | {"width": 128, "height": 128}).json()
    settings = Settings(data_dir=services.settings.data_dir, pixels_max=4096)
    run_all(WorkerContext(settings, services.database, services.storage), "generation")
    job: dict[str, Any] = member.get(f"/api/jobs/{made['job']['id']}").json()
    assert (job["state"], job["error"]["type"]) == ("failed", "/problems/size-too-large")
    assert "at most 4096 pixels" in job["error"]["detail"]
    assert job["error"]["detail"].endswith("Ask for 64×64.")
