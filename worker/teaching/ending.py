"""What a teaching ends with: which of the kept rows become the word, and what is said of them.

`judge` is the place for whoever knows better than the evaluation loss.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image as Pillow

from app.training.spec import TrainingSpec
from worker.base_models import BaseModel
from worker.inversion import Candidate
from worker.teaching.record import Record


@dataclass(frozen=True)
class Ending:
    """All there is to judge by."""

    model: BaseModel
    spec: TrainingSpec
    pictures: Sequence[Pillow.Image]  # as they were learned from
    candidates: Sequence[Candidate]  # rows of several steps, the lowest evaluation loss first
    record: Record  # where pictures and warnings go
    watch: Callable[[], None]  # to be called often by what takes long; raises when nobody wants it any more


@dataclass(frozen=True)
class Verdict:
    """What becomes of the word."""

    chosen: Candidate
    report: dict[str, Any] | None = None  # `Version.report`


def judge(ending: Ending) -> Verdict:
    """Choose the rows that become the word."""
    return Verdict(ending.candidates[0])
