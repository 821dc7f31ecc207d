"""Two workers that compute on the same cores at once: what a step takes then, with our waiting and with spinning."""

import os
import subprocess
import sys
import time

from PIL import Image

from app.settings import REPOSITORY
from benchmarks.table import Row, ratio
from worker.base_models import load
from worker.inversion import Inversion, Options, advance

SECONDS = 10.0
PICTURES = sorted((REPOSITORY / "examples" / "king-purr").glob("*.jpg"))


def run() -> list[Row]:
    """A step alone, and a step beside a second worker."""
    rows = []
    for workers, what in ((1, "a training step, alone on the machine"), (2, "… beside a second one on the same cores")):
        ours, default = _step_seconds(workers, {}), _step_seconds(workers, {"GOMP_SPINCOUNT": "infinity"})
        rows.append(Row(what, f"{ours:.2f} s", f"{default:.2f} s (threads spin)", ratio(default, ours)))
    return rows


def _step_seconds(workers: int, environment: dict[str, str]) -> float:
    command = [sys.executable, "-m", "benchmarks.crowded"]
    running = [
        subprocess.Popen(command, env=os.environ | environment, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
        for _ in range(workers)
    ]
    return max(float(process.communicate()[0]) for process in running)


def _steps() -> float:
    """Seconds for one step, measured for a while."""
    model = load(REPOSITORY / "models" / "demo")
    word = Inversion(model, [Image.open(path) for path in PICTURES], "cat", Options.for_model(model))
    advance(model, [word])
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < SECONDS:
        advance(model, [word])
        count += 1
    return (time.perf_counter() - began) / count


if __name__ == "__main__":
    print(_steps())
