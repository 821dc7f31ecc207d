"""Teaching in bf16 beside teaching in float32, on a CPU that has both: the examples, and how they end."""

import statistics
import time
from dataclasses import dataclass, replace

import torch

from app.core.settings import REPOSITORY
from benchmarks.lessons import Lesson, held_out
from benchmarks.methods import DEMO, scores_of
from benchmarks.table import Row, ratio
from worker.engine.base_models import BaseModel, load
from worker.engine.base_models.precision import Precision
from worker.engine.evaluation import Scorer, load_scorer
from worker.engine.inversion import Options, invert

STEPS = 80


@dataclass(frozen=True)
class Taught:
    """How one word ended."""

    seconds: float  # of processor time
    evaluation: float
    likeness: float
    editability: float


def run() -> list[Row]:
    """Means over the examples; no rows where this machine teaches in float32 anyway."""
    model, scorer = load(DEMO), load_scorer(REPOSITORY / "models" / "demo" / "scorer", torch.device("cpu"))
    if model.precision.training == torch.float32:
        return []
    exact = replace(model, precision=Precision(torch.float32, torch.float32))
    for each in (model, exact):
        next(invert(each, held_out()[0].pictures, "cat", Options.for_model(each)))  # what is paid once is not counted
    taught = [tuple(_taught(each, scorer, lesson) for each in (model, exact)) for lesson in held_out()]
    here, there = zip(*taught, strict=True)
    seconds, in_float32 = (statistics.fmean(each.seconds for each in side) for side in (here, there))
    return [
        Row(
            f"a word of {STEPS} steps in bf16, processor time",
            f"{seconds:.1f} s",
            f"{in_float32:.1f} s (float32)",
            ratio(in_float32, seconds),
        ),
        Row("… how it ends", _ends(here), _ends(there)),
    ]


def _ends(words: tuple[Taught, ...]) -> str:
    names = ("evaluation", "likeness", "editability")
    return ", ".join(f"{name} {statistics.fmean(getattr(word, name) for word in words):.4f}" for name in names)


def _taught(model: BaseModel, scorer: Scorer, lesson: Lesson) -> Taught:
    began = time.process_time()
    options = Options.for_model(model, kind=lesson.kind, steps_max=STEPS)
    *_, end = invert(model, lesson.pictures, lesson.initializer, options)
    seconds = time.process_time() - began
    scores = scores_of(model, scorer, lesson, end.best)
    return Taught(seconds, end.best_evaluation, scores["likeness"], scores["editability"])
