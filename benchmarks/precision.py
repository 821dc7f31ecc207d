"""Training in bf16 beside training in float32, on a CPU that has both: seconds and final scores of the examples."""

import statistics
import time
from collections import deque
from dataclasses import dataclass, replace

import torch

from app.core.settings import REPOSITORY
from benchmarks.examples import Example, held_out
from benchmarks.methods import DEMO, scores_of
from benchmarks.table import Row, ratio
from worker.engine.base_models import BaseModel, load
from worker.engine.base_models.precision import Precision
from worker.engine.evaluation import Scorer, load_scorer
from worker.engine.inversion import Inversion, Options

STEPS = 80


@dataclass(frozen=True)
class Outcome:
    """Cost and result of one run."""

    seconds: float  # of processor time
    evaluation: float
    likeness: float
    editability: float


def run() -> list[Row]:
    """Means over the examples; no rows on a machine that trains in float32 anyway."""
    model, scorer = load(DEMO), load_scorer(REPOSITORY / "models" / "demo" / "scorer", torch.device("cpu"))
    if model.precision.training == torch.float32:
        return []
    exact = replace(model, precision=Precision(torch.float32, torch.float32))
    for each in (model, exact):
        Inversion(each, held_out()[0].pictures, "cat", Options.for_model(each)).begin()  # warm up, outside the timing
    outcomes = [tuple(_train(each, scorer, example) for each in (model, exact)) for example in held_out()]
    here, there = zip(*outcomes, strict=True)
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


def _ends(words: tuple[Outcome, ...]) -> str:
    names = ("evaluation", "likeness", "editability")
    return ", ".join(f"{name} {statistics.fmean(getattr(word, name) for word in words):.4f}" for name in names)


def _train(model: BaseModel, scorer: Scorer, example: Example) -> Outcome:
    began = time.process_time()
    options = Options.for_model(model, kind=example.kind, steps_max=STEPS)
    run = Inversion(model, example.pictures, example.initializer, options)
    deque(run.steps(), maxlen=0)
    seconds = time.process_time() - began
    scores = scores_of(model, scorer, example, run.best)
    return Outcome(seconds, run.best_evaluation, scores["likeness"], scores["editability"])
