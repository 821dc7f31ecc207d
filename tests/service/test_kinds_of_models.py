"""A word belongs to a kind of base model: another model of the same family and widths draws it, no other does."""

import shutil
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from app.base_models.catalog import AllowedModel
from app.concepts.models import Concept, Version
from app.core.settings import REPOSITORY, Settings
from app.jobs.models import JobEvent
from app.services import Services
from tests.support.worker import run_next
from worker.context import WorkerContext


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A studio with two base models of one kind: `demo`, and the same files as `demo-2`."""
    return settings.model_copy(update={"base_models": f"demo,{REPOSITORY / 'models' / 'demo'}"})


def learned_as(services: Services, concept_id: str, family: str, widths: dict[str, int]) -> None:
    """Make it look as if the word had been learned on another kind of model."""
    with services.database.transaction() as session:
        files = session.scalars(select(Version.files).where(Version.concept_id == concept_id)).one()
        changed = {"oneword": {**files["oneword"], "widths": widths}}
        session.execute(update(Version).where(Version.concept_id == concept_id).values(files=changed))
        session.execute(update(Concept).where(Concept.id == concept_id).values(family=family))


def test_another_model_of_the_same_kind_draws_it(member: TestClient, services: Services, learned: str) -> None:
    learned_as(services, learned, "sd1", {"text_encoder": 128})
    answer = member.post("/api/generations", json={"prompt": "a <my-mug>", "base_model": "demo-2"})
    assert answer.status_code == 202, answer.text
    assert answer.json()["generation"]["recipe"]["base_model"] == "demo-2"


@pytest.mark.parametrize(
    ("family", "widths", "said"),
    [
        ("sd1", {"text_encoder": 768}, "(Stable Diffusion 1, vectors 768 wide)"),
        ("sd2", {"text_encoder": 128}, "(Stable Diffusion 2, vectors 128 wide)"),
        ("sdxl", {"text_encoder": 768, "text_encoder_2": 1280}, "(Stable Diffusion XL, vectors 768 and 1280 wide)"),
    ],
)
def test_a_model_of_another_kind_is_refused_with_both_kinds(
    member: TestClient, services: Services, learned: str, family: str, widths: dict[str, int], said: str
) -> None:
    learned_as(services, learned, family, widths)
    answer = member.post("/api/generations", json={"prompt": "a <my-mug>", "base_model": "demo-2"})
    assert (answer.status_code, answer.json()["field"]) == (422, "prompt")
    assert f"<my-mug> was learned on demo {said}" in answer.json()["detail"]
    assert "(Stable Diffusion 1, vectors 128 wide)" in answer.json()["detail"]


def drawn_events(member: TestClient, services: Services) -> list[str]:
    """Draw once as a worker does, and what happened."""
    job_id = member.post("/api/generations", json={"prompt": "a <my-mug>", "steps": 1, "count": 1}).json()["job"]["id"]
    run_next(WorkerContext(services.settings, services.database, services.storage), "generation")
    assert member.get(f"/api/jobs/{job_id}").json()["state"] == "succeeded"
    with services.database.reading() as session:
        return [str(event.data) for event in session.scalars(select(JobEvent).where(JobEvent.job_id == job_id))]


@pytest.mark.parametrize(("learned_on", "warned"), [("0" * 64, True), ("its own", False), (None, False)])
def test_a_word_is_drawn_with_a_model_that_has_changed_but_not_without_a_word(
    member: TestClient, services: Services, learned: str, learned_on: str | None, warned: bool
) -> None:
    (model, _) = member.get("/api/base-models").json()["items"]
    values = {"base_model_hash": model["weights_hash"] if learned_on == "its own" else learned_on}
    with services.database.transaction() as session:
        session.execute(update(Version).where(Version.concept_id == learned).values(values))
    said = "The files of demo have changed since <my-mug>"
    assert any(said in event for event in drawn_events(member, services)) is warned


def test_a_base_models_hash_follows_its_files(tmp_path: Path) -> None:
    model = AllowedModel("demo", str(shutil.copytree(REPOSITORY / "models" / "demo", tmp_path / "demo")))
    before = model.weights_hash
    assert before == AllowedModel("demo", str(REPOSITORY / "models" / "demo")).weights_hash
    (tmp_path / "demo" / "vae" / "diffusion_pytorch_model.safetensors").write_bytes(b"another")
    assert model.weights_hash not in (None, before)
    assert AllowedModel("gone", str(tmp_path / "gone")).weights_hash is None
