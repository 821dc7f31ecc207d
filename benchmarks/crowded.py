"""A worker that shares its cores: seconds of a training step with our thread settings and with the defaults."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

from app.core.settings import REPOSITORY
from benchmarks.table import Row, ratio
from worker.engine.base_models import load
from worker.engine.inversion import Inversion, Options, advance

SECONDS = 10.0
PICTURES = sorted((REPOSITORY / "examples" / "king-purr").glob("*.jpg"))
BY_DEFAULT = {"GOMP_SPINCOUNT": "300000"}  # libgomp's default
BUSY = "while True: pass"


def run() -> list[Row]:
    """A step alone, beside a second worker, and beside a program that needs one core."""
    rows = [
        _row("a training step, alone on the machine", 1),
        _row("… beside a second worker on the same cores", 2),
    ]
    with _busy():
        rows.append(_row("… beside a program that keeps one core busy", 1))
    return rows


def _row(what: str, workers: int) -> Row:
    ours, plain = _step_seconds(workers), _step_seconds(workers, plain=True)
    return Row(what, f"{ours:.2f} s", f"{plain:.2f} s (threads spin)", ratio(plain, ours))


def _step_seconds(workers: int, *, plain: bool = False) -> float:
    command = [sys.executable, "-m", "benchmarks.crowded"]
    environment = os.environ | (BY_DEFAULT if plain else {})
    running = [
        subprocess.Popen(command, env=environment, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
        for _ in range(workers)
    ]
    return max(float(process.communicate()[0]) for process in running)


@contextmanager
def _busy() -> Iterator[None]:
    program = subprocess.Popen([sys.executable, "-c", BUSY])
    try:
        yield
    finally:
        program.kill()
        program.wait()


def _steps() -> float:
    """Seconds for one step, measured for a while."""
    model = load(REPOSITORY / "models" / "demo")
    word = Inversion(model, [Image.open(path) for path in PICTURES], "cat", Options.for_model(model))
    word.begin()
    advance(model, [word])
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < SECONDS:
        advance(model, [word])
        count += 1
    return (time.perf_counter() - began) / count


if __name__ == "__main__":
    print(_steps())
