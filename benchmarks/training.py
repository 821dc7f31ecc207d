"""Several words learned together, against the same words one after another."""

import time
from collections.abc import Sequence

from PIL import Image

from app.settings import REPOSITORY
from benchmarks.table import Row, ratio
from worker.base_models import BaseModel, load
from worker.inversion import Inversion, Options, advance

JOBS = 8
STEPS = 6


def run() -> list[Row]:
    """Seconds for a few steps of eight jobs: in one batch, and in a row."""
    model = load(REPOSITORY / "models" / "demo")
    pictures = [Image.open(path) for path in sorted((REPOSITORY / "examples" / "king-purr").glob("*.jpg"))]
    jobs = [Inversion(model, pictures, "cat", Options.for_model(model, seed=seed)) for seed in range(JOBS)]
    advance(model, jobs)
    together = _seconds(model, [jobs])
    in_a_row = _seconds(model, [[job] for job in jobs])
    return [
        Row(
            f"{JOBS} words learned together, a step of each",
            f"{together:.2f} s",
            f"{in_a_row:.2f} s (in a row)",
            ratio(in_a_row, together),
        )
    ]


def _seconds(model: BaseModel, groups: Sequence[Sequence[Inversion]]) -> float:
    began = time.perf_counter()
    for _ in range(STEPS):
        for group in groups:
            advance(model, group)
    return (time.perf_counter() - began) / STEPS
