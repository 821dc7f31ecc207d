"""`?wait=` on every request that makes a job: the finished state with 200, or 202 when the time is up."""

import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from app.services import Services
from tests.support.foreign_files import kohya
from tests.support.http import MUG
from tests.support.pictures import photos
from tests.support.stand_in_worker import teach
from tests.support.waiting import until
from tests.support.worker import run_import
from worker.context import WorkerContext
from worker.engine.evaluation import EvaluationPlan


@pytest.fixture(autouse=True)
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Imports without a sample."""
    monkeypatch.setattr(WorkerContext, "base_model", lambda *_: None)
    monkeypatch.setattr(EvaluationPlan, "for_model", lambda _: EvaluationPlan(steps=1, seeds=1, compare=False))


def while_waiting(send: Callable[[], httpx.Response], work: Callable[[], Any]) -> httpx.Response:
    """The answer to a request that waits while `work` is done."""
    answers: list[httpx.Response] = []
    thread = threading.Thread(target=lambda: answers.append(send()))
    thread.start()
    work()
    thread.join()
    return answers[0]


def waiting_job(member: TestClient) -> str:
    """The id of the job that waits."""
    return str(until(lambda: member.get("/api/jobs?state=queued").json()["items"], "a job")[0]["id"])


def test_a_teaching_is_answered_when_it_has_ended(member: TestClient, services: Services) -> None:
    key = {"Idempotency-Key": "once"}

    def send() -> httpx.Response:
        return member.post("/api/concepts?wait=60", data=MUG, files=photos(), headers=key)

    answer = while_waiting(send, lambda: teach(services, waiting_job(member)))
    assert (answer.status_code, answer.json()["job"]["state"]) == (200, "succeeded")
    assert answer.json()["concept"]["state"] == "ready"
    again = member.post("/api/concepts", data=MUG, files=photos(), headers=key)
    assert (again.status_code, again.json()["job"]["id"]) == (200, answer.json()["job"]["id"])
    concept = answer.json()["concept"]["id"]
    taught = while_waiting(
        lambda: member.post(f"/api/concepts/{concept}/versions?wait=60"), lambda: teach(services, waiting_job(member))
    )
    assert (taught.status_code, taught.json()["concept"]["version_count"]) == (200, 2)


def test_an_import_is_answered_when_it_has_ended(member: TestClient, services: Services) -> None:
    def work() -> None:
        waiting_job(member)
        run_import(services)

    files = {"file": ("blue-mug.safetensors", kohya())}
    answer = while_waiting(lambda: member.post("/api/concepts/import?wait=60", files=files), work)
    assert (answer.status_code, answer.json()["concept"]["state"]) == (200, "ready")


def test_when_the_time_is_up_the_answer_is_as_without_waiting(member: TestClient) -> None:
    answer = member.post("/api/concepts?wait=0.01", data=MUG, files=photos())
    assert (answer.status_code, answer.json()["job"]["state"]) == (202, "queued")
    assert member.post("/api/concepts?wait=61", data=MUG, files=photos()).json()["field"] == "wait"
