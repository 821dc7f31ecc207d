"""A version's report is stored whole, and one that fails costs nothing but itself."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from app.core.errors import StorageFull
from app.core.storage import Storage, open_storage
from tests.support.reports import candidate
from worker.engine.base_models import BaseModel
from worker.engine.embeddings import formats
from worker.engine.errors import BaseModelError
from worker.engine.evaluation import EvaluationPlan, Scorer, load_scorer
from worker.engine.inversion import EmbeddingCandidate
from worker.engine.stepwise import run_to_end
from worker.handlers.report_files import Document, ReportInputs, ReportWriter, files_of


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return open_storage(str(tmp_path))


@pytest.fixture
def model(tiny: Callable[[str], BaseModel], monkeypatch: pytest.MonkeyPatch) -> BaseModel:
    monkeypatch.setattr(EvaluationPlan, "for_model", lambda _: EvaluationPlan(steps=1, seeds=1, compare=True))
    return tiny("sd1")


@pytest.fixture
def inputs(pictures: list[Image.Image]) -> ReportInputs:
    return ReportInputs("<my-mug>", "cat", "object", pictures, {"base_model": "tiny"})


def writer(storage: Storage, scorer: Scorer | None = None, **parts: Any) -> ReportWriter:
    defaults: dict[str, Any] = {"scorer_for": lambda _: scorer, "warnings": []}
    return ReportWriter(storage, "jobs/x/report", **{**defaults, **parts})


def chosen_of(
    asked: ReportWriter, model: BaseModel, inputs: ReportInputs, candidates: list[EmbeddingCandidate]
) -> tuple[EmbeddingCandidate, Document]:
    """The candidates are stored, and then evaluated to the end."""
    stored = asked.store_candidates(inputs, candidates, {}, "not yet")
    assert stored is not None
    return run_to_end(asked.choose(model, inputs, candidates, stored), lambda _: None)


def test_what_a_report_names_is_stored(
    storage: Storage, model: BaseModel, inputs: ReportInputs, scorer_folder: Path
) -> None:
    scorer = load_scorer(scorer_folder, torch.device("cpu"))
    candidates = [candidate(model, 20), candidate(model, 10)]
    chosen, report = chosen_of(writer(storage, scorer), model, inputs, candidates)
    assert report["chosen"] == chosen.number
    assert [each["step"] for each in report["checkpoints"]] == [10, 20]
    assert len(report["drawings"]) == 3 * 5
    assert all(storage.get(drawing["key"])[8:12] == b"WEBP" for drawing in report["drawings"])
    assert all(len(storage.get(drawing["key"])) == drawing["bytes"] for drawing in report["drawings"])
    kept = formats.read(storage.get(report["checkpoints"][0]["oneword"]["key"]), "a.safetensors")
    assert torch.equal(kept.embedding.rows["text_encoder"], candidates[1].embedding.rows["text_encoder"])
    assert (kept.placeholder, kept.metadata["steps"]) == ("<my-mug>", "10")


def test_without_a_scorer_every_checkpoint_is_kept_and_the_preferred_one_drawn(
    storage: Storage, model: BaseModel, inputs: ReportInputs
) -> None:
    candidates = [candidate(model, 20), candidate(model, 10)]
    chosen, report = chosen_of(writer(storage), model, inputs, candidates)
    assert (chosen.number, report["scorer"], report["pictures"]) == (20, None, None)
    assert [each["step"] for each in report["checkpoints"]] == [10, 20]
    assert {drawing["step"] for drawing in report["drawings"]} == {20, None}


def test_a_scorer_that_cannot_be_read_costs_the_scores(
    storage: Storage, model: BaseModel, inputs: ReportInputs
) -> None:
    def broken(_: BaseModel) -> Scorer:
        raise BaseModelError("The scorer x lacks the file config.json.")

    asked = writer(storage, scorer_for=broken)
    _, report = chosen_of(asked, model, inputs, [candidate(model, 20)])
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


@pytest.mark.parametrize(("full", "said"), [(Full(), "no room left"), (Broken(), "ZeroDivisionError")])
def test_candidates_that_cannot_be_stored_are_a_warning(
    full: Any, said: str, model: BaseModel, inputs: ReportInputs
) -> None:
    asked = writer(full)
    assert asked.store_candidates(inputs, [candidate(model, 20), candidate(model, 10)], {}, "not yet") is None
    (warning,) = asked.warnings
    assert said in warning


@pytest.mark.parametrize(("full", "said"), [(Full(), "no room left"), (Broken(), "ZeroDivisionError")])
def test_a_report_that_cannot_be_stored_keeps_the_candidates_and_says_why(
    storage: Storage, full: Any, said: str, model: BaseModel, inputs: ReportInputs
) -> None:
    candidates = [candidate(model, 20), candidate(model, 10)]
    stored = writer(storage).store_candidates(inputs, candidates, {}, "not yet")
    assert stored is not None
    asked = writer(full)
    chosen, report = run_to_end(asked.choose(model, inputs, candidates, stored), lambda _: None)
    assert (chosen.number, report["chosen"], report["drawings"]) == (20, 20, [])
    assert said in report["failed"]
    assert files_of(report["checkpoints"]) == files_of(stored["checkpoints"])
    assert len(asked.warnings) == 1


def test_a_report_that_cannot_be_drawn_keeps_what_could_become_the_version(
    storage: Storage, model: BaseModel, inputs: ReportInputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.handlers.report_files.evaluate", failing)
    candidates = [candidate(model, 20), candidate(model, 10)]
    chosen, report = chosen_of(writer(storage), model, inputs, candidates)
    assert (chosen.number, report["chosen"], report["drawings"]) == (20, 20, [])
    assert report["failed"] == "The scorer x lacks the file config.json."
    kept = [formats.read_native(storage.get(each["oneword"]["key"])) for each in report["checkpoints"]]
    assert torch.equal(kept[0].rows["text_encoder"], candidates[1].embedding.rows["text_encoder"])


def failing(*_: Any, **__: Any) -> Any:
    raise BaseModelError("The scorer x lacks the file config.json.")


def test_a_report_that_is_drawn_again_leaves_the_version_what_it_is(
    storage: Storage, model: BaseModel, inputs: ReportInputs, scorer_folder: Path
) -> None:
    scorer = load_scorer(scorer_folder, torch.device("cpu"))
    candidates = [candidate(model, 20), candidate(model, 10)]
    files = {each.number: {"oneword": {"key": f"kept-{each.number}"}} for each in candidates}
    asked = writer(storage, scorer)
    first = run_to_end(asked.rerender(model, inputs, candidates, files), lambda _: None)
    second = run_to_end(asked.rerender(model, inputs, candidates[::-1], files), lambda _: None)
    assert (first["chosen"], second["chosen"]) == (20, 10)  # whichever of them draws better
    assert [each["oneword"]["key"] for each in first["checkpoints"]] == ["kept-10", "kept-20"]
    assert all(each["likeness"] is not None for each in first["checkpoints"])
    assert [blob.key for blob in storage.list("") if not blob.key.endswith(".webp")] == []


def test_an_evaluation_that_is_given_up_stores_nothing(
    storage: Storage, model: BaseModel, inputs: ReportInputs
) -> None:
    def stop(_: object) -> None:
        raise KeyError("the worker is to stop")

    steps = writer(storage).choose(model, inputs, [candidate(model, 20)], {"checkpoints": []})
    with pytest.raises(KeyError):
        run_to_end(steps, stop)
    assert list(storage.list("")) == []
