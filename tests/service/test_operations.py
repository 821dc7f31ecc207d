"""What operators see: which part is ill, and figures for Prometheus that give nothing away."""

import json
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from app.core import broker
from app.core.database import Database, now, utc_now
from app.core.settings import REPOSITORY, Settings
from app.jobs import ledger
from app.jobs.ledger import Lease
from app.jobs.models import Job
from app.ops.doctor import examine
from app.ops.migrate import revisions, upgrade
from app.services import Services
from app.workers.models import Worker
from worker.context import WorkerContext
from worker.heartbeat import WorkerHeartbeat, kinds_of

DASHBOARD = json.loads((REPOSITORY / "docs" / "grafana" / "oneword.json").read_text())
WELL = {"database": "ok", "broker": "ok", "storage": "ok", "base_models": "ok", "workers": "ok"}


@pytest.fixture
def broker_answers(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Makes the broker answer or not."""

    def answering(there: bool) -> None:
        monkeypatch.setattr(broker, "is_reachable", lambda _: there)

    answering(True)
    return answering


def seen(services: Services, seconds_ago: float = 0.0, skew: float = 0.0, **values: object) -> None:
    with services.database.transaction() as session:
        moment = now(session) - timedelta(seconds=seconds_ago)
        row = {"name": "w", "kinds": {"generation": 16}, "device": "gpu", "metrics": {}} | values
        session.merge(Worker(**row, started_at=moment, seen_at=moment, clock_at=moment + timedelta(seconds=skew)))


def waits_since(services: Services, minutes: float) -> None:
    with services.database.transaction() as session:
        session.execute(update(Job).values(created_at=utc_now() - timedelta(minutes=minutes)))


def draw(member: TestClient) -> str:
    answer = member.post("/api/generations", json={"prompt": "x", "count": 1})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job"]["id"])


def test_a_studio_in_which_all_is_well_is_ready(anonymous: TestClient, broker_answers: object) -> None:
    assert anonymous.get("/readyz").json() == WELL


def test_a_broker_that_is_away_is_named(anonymous: TestClient, broker_answers: Callable[[bool], None]) -> None:
    broker_answers(False)
    answer = anonymous.get("/readyz")
    assert answer.status_code == 503
    assert {part for part, state in answer.json().items() if state != "ok"} == {"broker"}


def test_jobs_that_wait_while_no_worker_is_there_make_the_workers_ill(
    member: TestClient, services: Services, broker_answers: object
) -> None:
    draw(member)
    assert member.get("/readyz").json()["workers"] == "ok"  # a worker may be about to start
    waits_since(services, 2)
    seen(services, seconds_ago=60)
    assert "no worker that draws is there, and 1 job waits for one" in member.get("/readyz").json()["workers"]
    seen(services)
    assert member.get("/readyz").json()["workers"] == "ok"


def test_a_worker_that_is_there_and_takes_nothing_is_called_stuck(
    member: TestClient, services: Services, broker_answers: object
) -> None:
    draw(member)
    seen(services)
    waits_since(services, 10)
    assert "takes nothing" in member.get("/readyz").json()["workers"]


def test_a_worker_says_what_it_takes_and_leaves_in_good_order(services: Services) -> None:
    context = WorkerContext(services.settings, services.database, services.storage)
    presence = WorkerHeartbeat(context, kinds_of(["generation"]))
    context.metrics.generated(8, 4.0)
    presence.begin()
    presence.beat()
    with services.database.reading() as session:
        row = session.get_one(Worker, context.name)
    assert row.kinds == {"generation": 16, "import": 1}
    assert (row.metrics["batch_pictures"], row.metrics["pictures_per_second"]) == (8, 2.0)
    presence.end()
    with services.database.reading() as session:
        assert session.get(Worker, context.name) is None


def figures(client: TestClient) -> dict[str, float]:
    answer = client.get("/metrics")
    assert answer.status_code == 200, answer.text
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def worked(member: TestClient, services: Services) -> None:
    """One drawing that failed, one that waits, and a worker that tells all it can."""
    draw(member)
    draw(member)
    with services.database.transaction() as session:
        job = ledger.claim(session, "generation", "w", 60)
        assert job is not None
        ledger.finish(session, Lease(job.id, 1), "failed", error={"type": "/problems/prompt"})
    numbers = {"steps_per_second": 3, "pictures_per_second": 2, "batch_pictures": 8, "gpu_memory_bytes": 1}
    seen(services, metrics=numbers)


def test_the_figures_tell_of_the_queue_the_ended_and_the_workers(member: TestClient, services: Services) -> None:
    worked(member, services)
    found = figures(member)
    assert found['oneword_jobs{kind="generation",state="queued"}'] == 1
    assert found['oneword_jobs_ended_total{kind="generation",reason="prompt",state="failed"}'] == 1
    assert found['oneword_workers{kind="generation"}'] == 1
    assert found['oneword_worker_pictures_per_second{device="gpu",worker="w"}'] == 2
    assert found['oneword_http_requests_total{method="POST",route="/api/generations",status="202"}'] == 2


def test_requests_are_counted_by_route_and_never_by_what_was_asked_for(member: TestClient) -> None:
    member.get("/api/concepts/nothing/versions/7/report")
    member.get("/some/where/else")
    member.put("/api/jobs")
    routes = set(re.findall(r'oneword_http_requests_total\{method="\w+",route="([^"]+)"', "\n".join(figures(member))))
    assert {"/api/concepts/{concept_id}/versions/{number}/report", "page"} <= routes
    assert not any("nothing" in route or "where" in route for route in routes)


def test_every_query_of_the_dashboard_names_figures_that_exist(member: TestClient, services: Services) -> None:
    worked(member, services)
    there = {name.partition("{")[0] for name in figures(member)}
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            assert set(re.findall(r"oneword_[a-z_]+", target["expr"])) <= there, panel["title"]


def test_figures_go_to_this_machine_alone_and_not_through_a_proxy(anonymous: TestClient) -> None:
    assert anonymous.get("/metrics").status_code == 200
    assert anonymous.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 403


def test_with_a_token_set_only_its_holder_reads_the_figures(anonymous: TestClient, services: Services) -> None:
    services.settings.__dict__["metrics_token"] = type(services.settings.metrics_token)("figures")
    assert anonymous.get("/metrics").status_code == 403
    wrong, right = {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer figures", "X-Forwarded-For": "x"}
    assert anonymous.get("/metrics", headers=wrong).status_code == 403
    assert anonymous.get("/metrics", headers=right).status_code == 200


@pytest.fixture
def found(services: Services, monkeypatch: pytest.MonkeyPatch) -> Callable[[], dict[str, tuple[bool, str]]]:
    """What the doctor says, by part."""
    monkeypatch.setattr(broker, "depth", lambda *_: 0)
    monkeypatch.setattr("app.ops.doctor.LOOK_AT_DEVICE", "print('no GPU')")

    def look() -> dict[str, tuple[bool, str]]:
        return {finding.part: (finding.well, finding.detail) for finding in examine(services.settings)}

    return look


def test_the_doctor_finds_a_studio_well(services: Services, found: Callable[[], dict[str, tuple[bool, str]]]) -> None:
    seen(services)
    assert [part for part, (well, _) in found().items() if not well] == []


def test_the_doctor_says_that_no_worker_is_there(found: Callable[[], dict[str, tuple[bool, str]]]) -> None:
    well, detail = found()["workers"]
    assert not well
    assert "oneword serve" in detail


def test_the_doctor_names_the_worker_whose_clock_is_wrong(
    services: Services, found: Callable[[], dict[str, tuple[bool, str]]]
) -> None:
    seen(services, skew=-600)
    well, detail = found()["clocks"]
    assert not well
    assert "that of w is 600 s off" in detail


def test_the_doctor_looks_on_when_the_schema_is_old(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "depth", lambda *_: None)
    monkeypatch.setattr("app.ops.doctor.LOOK_AT_DEVICE", "print('no GPU')")
    settings.data_dir.mkdir(parents=True)
    database = Database(settings.resolved_database_url)
    upgrade(database, revisions()[0])
    database.dispose()
    findings = {finding.part: finding for finding in examine(settings)}
    assert "oneword migrate" in findings["database"].detail
    assert "ONEWORD" in findings["broker"].detail or "oneword serve" in findings["broker"].detail
    assert not findings["workers"].well
