"""The end of a teaching: a report is stored whole, and one that fails costs nothing but itself."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from app.core.errors import LeaseLost, StorageFull
from app.core.storage import Storage, open_storage
from tests.support.reports import candidate
from worker.engine.base_models import BaseModel
from worker.engine.embeddings import formats
from worker.engine.errors import BaseModelError
from worker.engine.evaluation import EvaluationPlan, Scorer, load_scorer
from worker.handlers.report_files import Reporting, ReportInputs


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return open_storage(str(tmp_path))


@pytest.fixture
def model(tiny: Callable[[str], BaseModel], monkeypatch: pytest.MonkeyPatch) -> BaseModel:
    monkeypatch.setattr(EvaluationPlan, "for_model", lambda _: EvaluationPlan(steps=1, seeds=1, compare=True))
    return tiny("sd1")


@pytest.fixture
def lesson(pictures: list[Image.Image]) -> ReportInputs:
    return ReportInputs("<my-mug>", "cat", "object", pictures, {"base_model": "tiny"})


def reporting(storage: Storage, scorer: Scorer | None = None, **parts: Any) -> Reporting:
    defaults: dict[str, Any] = {"scorer_for": lambda _: scorer, "watch": lambda: None, "warnings": []}
    return Reporting(storage, "jobs/x/report", **{**defaults, **parts})


def test_what_a_report_names_is_stored(
    storage: Storage, model: BaseModel, lesson: ReportInputs, scorer_folder: Path
) -> None:
    scorer = load_scorer(scorer_folder, torch.device("cpu"))
    candidates = [candidate(model, 20), candidate(model, 10)]
    chosen, report = reporting(storage, scorer).judge(model, lesson, candidates)
    assert report is not None
    assert report["chosen"] == chosen.number
    assert [each["step"] for each in report["checkpoints"]] == [10, 20]
    assert len(report["drawings"]) == 3 * 5
    assert all(storage.get(drawing["key"])[8:12] == b"WEBP" for drawing in report["drawings"])
    assert all(len(storage.get(drawing["key"])) == drawing["bytes"] for drawing in report["drawings"])
    kept = formats.read(storage.get(report["checkpoints"][0]["oneword"]["key"]), "a.safetensors")
    assert torch.equal(kept.embedding.rows["text_encoder"], candidates[1].embedding.rows["text_encoder"])
    assert (kept.placeholder, kept.metadata["steps"]) == ("<my-mug>", "10")


def test_without_a_scorer_every_checkpoint_is_kept_and_the_preferred_one_drawn(
    storage: Storage, model: BaseModel, lesson: ReportInputs
) -> None:
    candidates = [candidate(model, 20), candidate(model, 10)]
    chosen, report = reporting(storage).judge(model, lesson, candidates)
    assert report is not None
    assert (chosen.number, report["scorer"], report["pictures"]) == (20, None, None)
    assert [each["step"] for each in report["checkpoints"]] == [10, 20]
    assert {drawing["step"] for drawing in report["drawings"]} == {20, None}


def test_a_scorer_that_cannot_be_read_costs_the_scores(
    storage: Storage, model: BaseModel, lesson: ReportInputs
) -> None:
    def broken(_: BaseModel) -> Scorer:
        raise BaseModelError("The scorer x lacks the file config.json.")

    asked = reporting(storage, scorer_for=broken)
    _, report = asked.judge(model, lesson, [candidate(model, 20)])
    assert report is not None
    assert report["drawings"]
    assert asked.warnings == ["The report has no scores. The scorer x lacks the file config.json."]


class Full:
    """A disk that takes nothing."""

    def put(self, key: str, content: bytes) -> None:
        raise StorageFull("There is no room left.")


class Broken:
    """A bug."""

    def put(self, key: str, content: bytes) -> None:
        raise ZeroDivisionError("division by zero")


@pytest.mark.parametrize(("storage", "said"), [(Full(), "no room left"), (Broken(), "ZeroDivisionError")])
def test_a_report_that_fails_costs_the_report_and_not_the_word(
    storage: Any, said: str, model: BaseModel, lesson: ReportInputs
) -> None:
    asked = reporting(storage)
    chosen, report = asked.judge(model, lesson, [candidate(model, 20), candidate(model, 10)])
    assert (chosen.number, report) == (20, None)
    (warning,) = asked.warnings
    assert said in warning


def test_a_report_that_cannot_be_drawn_keeps_what_could_become_the_word(
    storage: Storage, model: BaseModel, lesson: ReportInputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.handlers.report_files.draw_report", failing)
    candidates = [candidate(model, 20), candidate(model, 10)]
    asked = reporting(storage)
    chosen, report = asked.judge(model, lesson, candidates)
    assert report is not None
    assert (chosen.number, report["chosen"], report["drawings"]) == (20, 20, [])
    assert report["failed"] == "The scorer x lacks the file config.json."
    kept = [formats.read_native(storage.get(each["oneword"]["key"])) for each in report["checkpoints"]]
    assert torch.equal(kept[0].rows["text_encoder"], candidates[1].embedding.rows["text_encoder"])


def failing(*_: Any, **__: Any) -> Any:
    raise BaseModelError("The scorer x lacks the file config.json.")


def test_a_report_that_is_drawn_again_leaves_the_word_what_it_is(
    storage: Storage, model: BaseModel, lesson: ReportInputs, scorer_folder: Path
) -> None:
    scorer = load_scorer(scorer_folder, torch.device("cpu"))
    candidates = [candidate(model, 20), candidate(model, 10)]
    files = {each.number: {"oneword": {"key": f"kept-{each.number}"}} for each in candidates}
    asked = reporting(storage, scorer)
    first = asked.draw_again(model, lesson, candidates, files)
    second = asked.draw_again(model, lesson, candidates[::-1], files)
    assert (first["chosen"], second["chosen"]) == (20, 10)  # whichever of them draws better
    assert [each["oneword"]["key"] for each in first["checkpoints"]] == ["kept-10", "kept-20"]
    assert all(each["likeness"] is not None for each in first["checkpoints"])
    assert [blob.key for blob in storage.list("") if not blob.key.endswith(".webp")] == []


@pytest.mark.parametrize("raised", [LeaseLost("taken over"), KeyError("stopping")])
def test_whoever_watches_can_end_a_report(
    storage: Storage, model: BaseModel, lesson: ReportInputs, raised: Exception
) -> None:
    def watch() -> None:
        raise raised

    with pytest.raises(type(raised)):
        reporting(storage, watch=watch).judge(model, lesson, [candidate(model, 20)])
    assert list(storage.list("")) == []
