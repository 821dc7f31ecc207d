"""What a training writes and tells: each preview once, the seconds that are left, and the report before it is drawn."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch
from PIL import Image as Pillow
from sqlalchemy import func, select

from app.contracts.training import TrainingSpec
from app.core.database import Database, utc_now
from app.core.settings import Settings
from app.core.storage import open_storage
from app.generation.models import Image
from app.jobs import ledger
from app.jobs.models import Job, JobEvent
from tests.support.databases import lose_the_next_answer
from tests.support.ledger import LEASE, add_team, submit
from tests.support.worker import opened
from worker.context import WorkerContext
from worker.engine.inversion import Options, TrainingStep
from worker.handlers.training import TrainingHandler, training_run
from worker.handlers.training.earlier_trainings import likely_last_step, stops_before
from worker.handlers.training.training_record import TrainingRecord
from worker.handlers.training.training_run import TrainingRun, start_inversion
from worker.job_run import JobRun

SPEC = TrainingSpec(
    concept_id="c",
    version_id="v",
    base_model="demo",
    placeholder="<my-mug>",
    initializer="mug",
    kind="object",
    pictures=[],
)


@pytest.fixture
def run(database: Database, tmp_path: Path) -> JobRun[TrainingRun]:
    """A claimed training."""
    submit(database, add_team(database, "team"), kind="training")
    with database.transaction() as session:
        job = ledger.claim(session, "training", "w", LEASE)
    assert job is not None
    context = WorkerContext(Settings(data_dir=tmp_path), database, open_storage(str(tmp_path)))
    return opened(context, TrainingHandler(context), job)


def test_a_preview_whose_commit_was_not_heard_of_is_shown_once(
    database: Database, run: JobRun[TrainingRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    record = TrainingRecord(run, SPEC)
    lose_the_next_answer(database, monkeypatch)
    record.preview(Pillow.new("RGB", (8, 8)), 25, "a photo of <my-mug>", seed=7)
    with database.reading() as session:
        events = select(func.count()).where(JobEvent.job_id == run.job.id, JobEvent.type == "preview")
        assert session.execute(events).scalar_one() == 1
        (image,) = session.scalars(select(Image))
    assert record.sample is not None
    assert record.sample.id == image.id


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What `time.monotonic` says to a training."""
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(training_run, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


@pytest.fixture
def seconds_left(clock: SimpleNamespace) -> Callable[..., float | None]:
    """What a training of 100 steps tells that loads for `loading` seconds and then takes `steps` of `each` seconds."""

    def train(
        began_at: int, loading: float, steps: int, each: float, stops_before: Sequence[int] = (), name: str = "left"
    ) -> float | None:
        told: list[float | None] = []
        context = SimpleNamespace(settings=SimpleNamespace(checkpoint_seconds=1e9))
        run: Any = SimpleNamespace(context=context, cancellation=None, raise_if_stopped=lambda: None)
        record: Any = SimpleNamespace(
            progress=lambda progress, _: told.append(progress[f"seconds_{name}"]), warnings=[]
        )
        work = TrainingRun(run, SPEC, record, model=cast("Any", None), pictures=[], stops_before=stops_before)
        taken = iter(range(began_at + 1, 1000))
        inversion: Any = SimpleNamespace(steps_max=100, take_step=lambda _: step(next(taken)))
        clock.now += loading
        work.begin(inversion, step(began_at), resumed=began_at > 0)
        for _ in range(steps):
            clock.now += each
            work.take_step(torch.zeros(()))
            work.between_steps()
        return told[-1]

    return train


def step(number: int) -> TrainingStep:
    return TrainingStep(number, torch.zeros(()), 0.5, (), None)


def test_what_is_left_is_told_at_the_pace_of_the_steps_and_not_of_the_loading_before(
    seconds_left: Callable[..., float | None],
) -> None:
    assert seconds_left(began_at=0, loading=60.0, steps=20, each=1.0) == pytest.approx(80.0)


def test_a_training_that_was_taken_over_counts_only_its_own_steps(
    seconds_left: Callable[..., float | None],
) -> None:
    assert seconds_left(began_at=50, loading=60.0, steps=20, each=2.0) == pytest.approx(60.0)


def test_nothing_is_said_of_what_is_left_while_it_would_be_a_guess(
    seconds_left: Callable[..., float | None],
) -> None:
    assert seconds_left(began_at=0, loading=60.0, steps=5, each=1.0) is None


def test_a_training_tells_the_seconds_to_its_likely_end_beside_those_to_its_last_step(
    seconds_left: Callable[..., float | None],
) -> None:
    told = partial(seconds_left, began_at=0, loading=60.0, steps=20, each=1.0, stops_before=[50])
    assert told() == pytest.approx(80.0)
    assert told(name="likely") == pytest.approx(30.0)
    assert told(name="likely", stops_before=[]) is None


def test_the_likely_end_is_told_from_where_the_earlier_trainings_stopped_that_came_this_far() -> None:
    assert likely_last_step([110, 130, 150, 900], step=0, steps_max=300) == 140
    assert likely_last_step([110, 130, 150, 900], step=120, steps_max=300) == 150
    assert likely_last_step([110, 130], step=130, steps_max=300) is None
    assert likely_last_step([110, 900, 900], step=20, steps_max=300) == 300


def test_only_trainings_with_the_same_options_that_stopped_by_themselves_say_where_the_next_one_stops(
    database: Database, run: JobRun[TrainingRun]
) -> None:
    team_id = run.job.team_id
    cases: list[tuple[int, int, dict[str, Any], str]] = [
        (120, 300, {}, "succeeded"),
        (60, 60, {}, "succeeded"),  # out of steps
        (40, 300, {}, "cancelled"),
        (260, 300, {"prefer": "likeness"}, "succeeded"),
        (80, 300, {"kind": "style"}, "succeeded"),
        (90, 300, {"base_model": "another"}, "succeeded"),
    ]
    ids = [submit(database, team_id, kind="training") for _ in cases]
    with database.transaction() as session:
        for id_, (step, steps_max, options, state) in zip(ids, cases, strict=True):
            spec = SPEC.model_copy(update={"steps_max": steps_max, **options})
            job = session.get_one(Job, id_)
            job.spec, job.base_model, job.state = spec.model_dump(mode="json"), spec.base_model, state
            job.progress, job.finished_at = {"step": step, "steps_max": steps_max}, utc_now()
    assert run.read(partial(stops_before, team_id=team_id, spec=SPEC)) == [120]
    assert run.read(partial(stops_before, team_id="another", spec=SPEC)) == []


def test_who_prefers_likeness_waits_twice_as_long_before_a_concept_counts_as_trained(
    run: JobRun[TrainingRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    def window(**asked: Any) -> int:
        options: list[Options] = []

        def inversion(_: Any, __: Any, ___: Any, given: Options, ____: Any) -> Any:
            options.append(given)
            return SimpleNamespace(begin=lambda _: step(0))

        monkeypatch.setattr(training_run, "Inversion", inversion)
        model: Any = SimpleNamespace(card=SimpleNamespace(mirror=False, teaching={"stop_window": 120}))
        spec = SPEC.model_copy(update=asked)
        start_inversion(TrainingRun(run, spec, TrainingRecord(run, spec), model, pictures=[]))
        return options[0].stop_window

    assert window() == window(prefer="balance") == 120
    assert window(prefer="likeness") == 240
