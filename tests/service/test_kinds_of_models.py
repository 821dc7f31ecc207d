"""A word belongs to a kind of base model: another model of the same family and widths draws it, no other does."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from app.base_models.catalog import FAMILY_TITLES
from app.concepts.models import Concept, Version
from app.dependencies import Services
from app.settings import REPOSITORY, Settings
from tests.service.test_drawing import learned
from worker.base_models import FAMILIES

__all__ = ["learned"]


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


def test_the_service_and_the_worker_call_families_the_same() -> None:
    assert {family.name: family.title for family in FAMILIES} == FAMILY_TITLES
