"""A worker that draws and has nothing to do loads its base model, so that the first drawing need not wait for it."""

from pathlib import Path
from typing import Any

import pytest

from app.contracts.jobs import Kind
from app.core.database import Database
from app.core.settings import Settings
from app.core.storage import open_storage
from worker import warm_up, work_loop
from worker.context import WorkerContext
from worker.shutdown import SharedFlag
from worker.work_loop import WorkLoop


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a warm-up does, in order, with an engine that only takes notes."""
    notes: list[str] = []

    def load(_: WorkerContext, name: str) -> None:
        notes.append(f"load {name}")

    def draw(*_: Any) -> None:
        notes.append("draw")

    monkeypatch.setattr(warm_up, "draw", draw)
    monkeypatch.setattr(warm_up.SamplerSettings, "for_model", lambda *_, **__: None)
    monkeypatch.setattr(WorkerContext, "base_model", load)
    return notes


def context(database: Database, folder: Path, **settings: Any) -> WorkerContext:
    return WorkerContext(Settings(data_dir=folder, **settings), database, open_storage(str(folder)))


def test_a_job_that_arrives_ends_the_warm_up_at_the_next_part(
    database: Database, tmp_path: Path, done: list[str]
) -> None:
    for parts, expected in enumerate([[], ["load demo"], ["load demo", "draw"]]):
        done.clear()
        warm_up.warm_up(context(database, tmp_path, base_models="demo"), lambda parts=parts: len(done) < parts)
        assert done == expected


def test_nothing_is_loaded_while_nobody_knows_which_model_the_first_job_needs(
    database: Database, tmp_path: Path, done: list[str]
) -> None:
    warm_up.warm_up(context(database, tmp_path, base_models="demo,another/model"), lambda: True)
    assert done == []


def test_a_model_that_cannot_be_loaded_ends_the_warm_up_and_nothing_else(
    database: Database, tmp_path: Path, done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: WorkerContext, __: str) -> None:
        raise RuntimeError("no such file")

    monkeypatch.setattr(WorkerContext, "base_model", broken)
    warm_up.warm_up(context(database, tmp_path, base_models="demo"), lambda: True)
    assert done == []


@pytest.mark.parametrize(
    ("kinds", "settings", "warms"),
    [
        (("import", "generation"), {}, True),
        (("training",), {}, False),
        (("generation",), {"warm_up": False}, False),
    ],
)
def test_only_workers_that_draw_are_warmed_and_only_if_the_settings_say_so(
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kinds: tuple[Kind, ...],
    settings: dict[str, Any],
    warms: bool,
) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(work_loop, "warm_up", lambda _, is_wanted: asked.append(is_wanted()))
    shutdown = SharedFlag()
    worker = context(database, tmp_path, **settings)
    loop = WorkLoop.of(worker, kinds, shutdown)
    for expected in (True, False):
        loop.warm_up(worker)
        loop.run_waiting()  # behind the warm-up, in the same thread
        assert asked == ([expected] if warms else [])
        asked.clear()
        shutdown.set()
