"""Several concepts trained in one batch, against the same concepts one after another: single steps and whole jobs."""

import time
from collections.abc import Sequence

from PIL import Image

from app.core.settings import REPOSITORY
from benchmarks.running_studio import RunningStudio, running_studio, succeeded
from benchmarks.table import Row, ratio
from worker.engine.base_models import BaseModel, load
from worker.engine.inversion import Inversion, Options, advance

JOBS = 8
STEPS = 6
JOB_STEPS = 60
PICTURES = sorted((REPOSITORY / "examples" / "king-purr").glob("*.jpg"))


def run() -> list[Row]:
    """Seconds for a step of each of eight words, and for eight whole jobs."""
    return [_steps(), _jobs()]


def _steps() -> Row:
    model = load(REPOSITORY / "models" / "demo")
    pictures = [Image.open(path) for path in PICTURES]
    words = [Inversion(model, pictures, "cat", Options.for_model(model, seed=seed)) for seed in range(JOBS)]
    for word in words:
        word.begin()
    advance(model, words)
    together = _seconds(model, [words])
    in_a_row = _seconds(model, [[word] for word in words])
    what = f"{JOBS} words learned together, a step of each"
    return Row(what, f"{together:.2f} s", f"{in_a_row:.2f} s (in a row)", ratio(in_a_row, together))


def _seconds(model: BaseModel, groups: Sequence[Sequence[Inversion]]) -> float:
    began = time.perf_counter()
    for _ in range(STEPS):
        for group in groups:
            advance(model, group)
    return (time.perf_counter() - began) / STEPS


def _jobs() -> Row:
    together, in_a_row = (_whole_jobs(at_once) for at_once in (JOBS, 1))
    what = f"{JOBS} jobs of {JOB_STEPS} steps, from the first upload to the last word"
    return Row(what, f"{together:.0f} s", f"{in_a_row:.0f} s (in a row)", ratio(in_a_row, together))


def _whole_jobs(at_once: int) -> float:
    """With previews, checkpoints, reports and all."""
    with running_studio(ONEWORD_TEACH_TOGETHER=str(at_once)) as studio:
        succeeded(studio, _submit(studio, "<first>", 1))  # the model is warm from here on
        began = time.perf_counter()
        jobs = [_submit(studio, f"<word-{number}>", JOB_STEPS) for number in range(JOBS)]
        for job in jobs:
            succeeded(studio, job)
        return time.perf_counter() - began


def _submit(studio: RunningStudio, placeholder: str, steps: int) -> str:
    files = [("images", (path.name, path.read_bytes())) for path in PICTURES]
    fields = {"placeholder": placeholder, "initializer": "cat", "steps_max": steps}
    answer = studio.client.post("/api/concepts", data=fields, files=files).raise_for_status().json()
    return str(answer["job"]["id"])
