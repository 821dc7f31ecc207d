"""A few-step model draws in its own way, and words are taught on ordinary models alone."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.core.settings import Settings
from app.services import Services
from tests.support.base_models import DEMO, write_card
from tests.support.odd_folders import linked_copy, without
from tests.support.pictures import photos
from tests.support.worker import run_next
from worker.context import WorkerContext

FORM = {"placeholder": "<my-mug>", "initializer": "mug"}


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """A studio with the demo model, and with the same files under a few-step model's name."""
    few = linked_copy(DEMO, tmp_path / "demo-turbo")
    without("oneword.json")(few)
    return settings.model_copy(update={"base_models": f"demo,{few}"})


def test_a_few_step_model_says_how_it_draws_and_that_it_is_not_taught_on(member: TestClient) -> None:
    (demo, few) = member.get("/api/base-models").json()["items"]
    assert (demo["teachable"], demo["not_teachable_reason"]) == (True, None)
    assert (few["ready"], few["teachable"]) == (True, False)
    assert (few["steps"], few["guidance"], few["scheduler"]) == (4, 1.0, "euler-a")
    assert few["not_teachable_reason"].startswith("demo-turbo is a few-step model (Turbo: its name is demo-turbo)")
    asked = {"prompt": "a mug", "base_model": "demo-turbo", "count": 1}
    recipe = member.post("/api/generations", json=asked).json()["generation"]["recipe"]
    assert (recipe["steps"], recipe["guidance"], recipe["scheduler"]) == (4, 1.0, "euler-a")


def test_teaching_on_a_few_step_model_is_refused_and_names_its_field(member: TestClient) -> None:
    answer = member.post("/api/concepts", data={**FORM, "base_model": "demo-turbo"}, files=photos())
    assert answer.status_code == 422
    problem = answer.json()
    assert (problem["type"], problem["field"]) == ("/problems/base-model-not-taught", "base_model")
    assert "Teach on the model that it was distilled from" in problem["detail"]
    assert member.get("/api/concepts").json()["items"] == []


def test_a_job_that_waited_while_its_model_was_replaced_fails_at_its_first_attempt(
    member: TestClient, services: Services, tmp_path: Path
) -> None:
    write_card(tmp_path / "demo-turbo", distilled="none")
    answer = member.post("/api/concepts", data={**FORM, "base_model": "demo-turbo"}, files=photos())
    assert answer.status_code == 202, answer.text
    write_card(tmp_path / "demo-turbo", distilled="turbo")
    run_next(WorkerContext(services.settings, services.database, services.storage), "training")
    job = member.get(f"/api/jobs/{answer.json()['job']['id']}").json()
    assert (job["state"], job["attempt"]) == ("failed", 1)
    assert job["error"]["detail"].startswith("demo-turbo is a few-step model (Turbo: its card says so)")
