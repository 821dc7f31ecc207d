"""What a teaching ends with: which of the kept rows become the word, and what is said of them.

How they are judged is in `worker.engine.evaluation`; here a teaching's own things are handed to it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image as Pillow

from app.contracts.training import TrainingSpec
from worker.engine.base_models import BaseModel
from worker.engine.inversion import EmbeddingCandidate
from worker.handlers.report_files import Reporting, ReportInputs
from worker.handlers.training.training_record import TrainingRecord


@dataclass(frozen=True)
class Ending:
    """All there is to judge by."""

    model: BaseModel
    spec: TrainingSpec
    pictures: Sequence[Pillow.Image]  # as they were learned from
    candidates: Sequence[EmbeddingCandidate]  # rows of several steps, the lowest evaluation loss first
    metadata: Mapping[str, str]  # what the kept files say of where they come from
    record: TrainingRecord  # where pictures and warnings go
    watch: Callable[[], None]  # to be called often by what takes long; raises when nobody wants it any more


@dataclass(frozen=True)
class Verdict:
    """What becomes of the word."""

    chosen: EmbeddingCandidate
    report: dict[str, Any] | None = None  # `Version.report`


def judge(ending: Ending) -> Verdict:
    """Choose the rows that become the word, by what they draw."""
    record, spec = ending.record, ending.spec
    reporting = Reporting(
        record.context.storage, record.key("report"), record.context.scorer, ending.watch, record.warnings
    )
    lesson = ReportInputs(
        spec.placeholder, spec.initializer, spec.kind, ending.pictures, ending.metadata, spec.prefer or "balance"
    )
    chosen, report = reporting.judge(ending.model, lesson, ending.candidates)
    return Verdict(chosen, report)
