"""The written side of a teaching: what it shows is there once, whatever the database does, and what is left is true."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch
from PIL import Image as Pillow
from sqlalchemy import func, select

from app.core.database import Database
from app.core.settings import Settings
from app.core.storage import open_storage
from app.generation.models import Image
from app.jobs import ledger
from app.jobs.ledger import Lease
from app.jobs.models import Job, JobEvent
from tests.support.databases import lose_the_next_answer
from tests.support.ledger import LEASE, add_team, submit
from worker.context import WorkerContext
from worker.engine.inversion import Options
from worker.handlers.training import training_run as teachings
from worker.handlers.training.training_record import TrainingRecord
from worker.handlers.training.training_run import Interrupted, TrainingRun
from worker.shutdown import SharedFlag

SPEC = {
    "concept_id": "c", "version_id": "v", "base_model": "demo", "placeholder": "<my-mug>", "initializer": "mug",
    "kind": "object", "pictures": [],
}  # fmt: skip


@pytest.fixture
def record(database: Database, tmp_path: Path) -> TrainingRecord:
    """Of a teaching that runs."""
    submit(database, add_team(database, "team"), kind="training")
    with database.transaction() as session:
        job = ledger.claim(session, "training", "w", LEASE)
    assert job is not None
    context = WorkerContext(Settings(data_dir=tmp_path), database, open_storage(str(tmp_path)))
    return TrainingRecord(context, job, Lease(job.id, job.attempt), spec=cast("Any", None))


def test_a_preview_whose_commit_was_not_heard_of_is_shown_once(
    database: Database, record: TrainingRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose_the_next_answer(database, monkeypatch)
    record.preview(Pillow.new("RGB", (8, 8)), 25, "a photo of <my-mug>", seed=7)
    with database.reading() as session:
        events = select(func.count()).where(JobEvent.job_id == record.job.id, JobEvent.type == "preview")
        assert session.execute(events).scalar_one() == 1
        (image,) = session.scalars(select(Image))
    assert record.sample is not None
    assert record.sample.id == image.id


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What `time.monotonic` says to a teaching."""
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(teachings, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


@pytest.fixture
def seconds_left(clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> Callable[..., float | None]:
    """What a teaching of 100 steps tells that loads for `loading` seconds and then takes `steps` of `each` seconds."""

    def teach(began_at: int, loading: float, steps: int, each: float) -> float | None:
        told: list[float | None] = []
        step = SimpleNamespace(number=began_at, steps_max=100, last=False, warnings=())

        def load(*_: Any) -> Any:
            clock.now += loading
            return step

        def take_step(_: Any) -> Any:
            step.number += 1
            return step

        monkeypatch.setattr(TrainingRun, "_stand", load)
        monkeypatch.setattr(teachings, "write", lambda *_: None)
        monkeypatch.setattr(TrainingRecord, "progress", lambda _, step, left, share, stage: told.append(left))
        context: Any = SimpleNamespace(
            database=None, storage=None, base_model=lambda _: None, settings=SimpleNamespace(checkpoint_seconds=1e9)
        )
        heartbeat: Any = SimpleNamespace(wanted=lambda _: None)
        teaching = TrainingRun(context, Job(spec=SPEC), Lease("job", 1), heartbeat, SharedFlag())
        teaching.begin()
        teaching.inversion = cast("Any", SimpleNamespace(take_step=take_step))
        for _ in range(steps):
            clock.now += each
            teaching.take_step(torch.zeros(()))
            teaching.between_steps()
        return told[-1]

    return teach


def test_what_is_left_is_told_at_the_pace_of_the_steps_and_not_of_the_loading_before(
    seconds_left: Callable[..., float | None],
) -> None:
    assert seconds_left(began_at=0, loading=60.0, steps=20, each=1.0) == pytest.approx(80.0)


def test_a_teaching_that_was_taken_over_counts_only_its_own_steps(
    seconds_left: Callable[..., float | None],
) -> None:
    assert seconds_left(began_at=50, loading=60.0, steps=20, each=2.0) == pytest.approx(60.0)


def test_nothing_is_said_of_what_is_left_while_it_would_be_a_guess(
    seconds_left: Callable[..., float | None],
) -> None:
    assert seconds_left(began_at=0, loading=60.0, steps=5, each=1.0) is None


def test_who_prefers_likeness_waits_twice_as_long_before_a_word_is_taken_for_learned(
    record: TrainingRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    def windows(**asked: str) -> int:
        learning: list[Options] = []

        def inversion(_: Any, __: Any, ___: Any, options: Options) -> Any:
            learning.append(options)
            return SimpleNamespace(begin=lambda _: SimpleNamespace(number=0))

        monkeypatch.setattr(teachings, "Inversion", inversion)
        model = SimpleNamespace(card=SimpleNamespace(mirror=False, teaching={"stop_window": 120}))
        context: Any = SimpleNamespace(database=record.context.database, storage=None, base_model=lambda _: model)
        record.job.spec = SPEC | asked
        monkeypatch.setattr(teachings, "write", lambda *_: None)
        TrainingRun(context, record.job, record.lease, cast("Any", None), SharedFlag()).begin()
        return learning[0].stop_window

    assert windows() == windows(prefer="balance") == 120
    assert windows(prefer="likeness") == 240


def test_whoever_watches_is_told_that_the_report_is_drawn_before_it_is(
    record: TrainingRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    def judge(_: Any) -> Any:
        with record.context.database.reading() as session:
            told = session.scalars(select(JobEvent).where(JobEvent.type == "progress")).all()
        assert [each.data["stage"] for each in told] == ["report"]
        raise Interrupted

    monkeypatch.setattr(teachings, "judge", judge)
    monkeypatch.setattr(teachings, "provenance", lambda *_: {})
    heartbeat: Any = SimpleNamespace(wanted=lambda _: None)
    teaching = TrainingRun(record.context, record.job, record.lease, heartbeat, SharedFlag())
    teaching.record, teaching.spec, teaching.pictures, teaching.model = record, cast("Any", None), [], cast("Any", None)
    teaching.inversion = cast("Any", SimpleNamespace(options=None))
    teaching.step = cast(
        "Any", SimpleNamespace(number=40, steps_max=100, candidates=[], loss_value=lambda: 0.5, evaluation=0.5)
    )
    teaching.began = 0.0
    with pytest.raises(Interrupted):
        teaching.finish()
