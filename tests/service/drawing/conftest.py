"""A worker with the demo model beside the service, and what the tests of drawing say to both."""

import io
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image as Pillow

from app.core.settings import Settings
from app.jobs import ledger
from app.services import Services
from tests.engine.conftest import DEMO
from worker.context import WorkerContext
from worker.engine.base_models import BaseModel, load
from worker.handlers.generation import draw_batch

FAST = {"prompt": "a photo of a red cat", "steps": 2, "count": 1, "seed": 7}


@pytest.fixture
def settings(tmp_path: Any) -> Settings:
    return Settings(data_dir=tmp_path / "data", orphan_seconds=0)


@pytest.fixture(scope="session")
def model() -> BaseModel:
    return load(DEMO, device="cpu")


@pytest.fixture
def context(services: Services, model: BaseModel, monkeypatch: pytest.MonkeyPatch) -> WorkerContext:
    """A worker's studio with a warm model."""
    monkeypatch.setattr(WorkerContext, "base_model", lambda _self, _name: model)
    return WorkerContext(services.settings, services.database, services.storage)


@pytest.fixture
def work(context: WorkerContext) -> Callable[[], None]:
    """Draws everything that waits."""

    def run() -> None:
        while True:
            with context.database.transaction() as session:
                leader = ledger.claim(session, "generation", "test", 60)
                mates = [] if leader is None else ledger.claim_mates(session, leader, "test", 60, 16)
                session.expunge_all()
            if leader is None:
                return
            draw_batch(context, [leader, *mates], threading.Event())

    return run


def png(size: tuple[int, int] = (64, 64), colour: str = "skyblue") -> bytes:
    content = io.BytesIO()
    Pillow.new("RGB", size, colour).save(content, "PNG")
    return content.getvalue()


def mask(size: tuple[int, int] = (64, 64), box: tuple[int, int, int, int] = (16, 16, 48, 48)) -> bytes:
    content, white = io.BytesIO(), Pillow.new("L", size)
    white.paste(255, box)
    white.save(content, "PNG")
    return content.getvalue()


def form(member: TestClient, files: dict[str, bytes], **fields: Any) -> Any:
    sent = {name: (f"{name}.png", content, "image/png") for name, content in files.items()}
    return member.post("/api/generations", data={name: str(value) for name, value in fields.items()}, files=sent)


def picture(member: TestClient, made: Any) -> Pillow.Image:
    """The first picture of a generation, as served."""
    assert made.status_code == 202, made.text
    generation = member.get(f"/api/generations/{made.json()['generation']['id']}").json()
    assert generation["state"] == "succeeded", member.get(f"/api/jobs/{generation['job_id']}").json()["error"]
    return Pillow.open(io.BytesIO(member.get(generation["images"][0]["url"]).content))


def levels(image: Pillow.Image) -> np.ndarray[Any, Any]:
    return np.asarray(image.convert("RGB"), dtype=int)
