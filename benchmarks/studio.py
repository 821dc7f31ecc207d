"""The first five minutes, through every part: upload to accepted, accepted to learned, learned to four pictures."""

import time
from pathlib import Path

from app.core.settings import REPOSITORY
from benchmarks.running_studio import RunningStudio, running_studio, succeeded
from benchmarks.table import Row

EXAMPLE = REPOSITORY / "examples" / "king-purr"


def run() -> list[Row]:
    """One concept of `examples/`, taught and drawn by a studio that has just started, and once more when it is warm."""
    rows = []
    with running_studio() as studio:
        for name, placeholder in (("just started", "<first>"), ("warm", "<second>")):
            accepted, learned, steps = _teach(studio, placeholder)
            drawn = _draw(studio, f"a photo of {placeholder} on the beach")
            rows += [
                Row(f"demo model: 4 pictures accepted, {name}", f"{accepted:.2f} s"),
                Row(f"demo model: upload to learned, {name} ({steps} steps)", f"{learned:.1f} s"),
                Row(f"demo model: 4 pictures drawn, {name}", f"{drawn:.1f} s"),
            ]
    return rows


def _teach(studio: RunningStudio, placeholder: str) -> tuple[float, float, int]:
    files = [("images", (path.name, path.read_bytes())) for path in pictures()]
    fields = {"placeholder": placeholder, "initializer": "cat"}
    began = time.perf_counter()
    answer = studio.client.post("/api/concepts", data=fields, files=files).raise_for_status().json()
    accepted = time.perf_counter() - began
    job = succeeded(studio, answer["job"]["id"])
    return accepted, time.perf_counter() - began, int(job["progress"]["step"])


def _draw(studio: RunningStudio, prompt: str) -> float:
    began = time.perf_counter()
    answer = (
        studio.client.post("/api/generations", json={"prompt": prompt, "count": 4, "seed": 1}).raise_for_status().json()
    )
    succeeded(studio, answer["job"]["id"])
    return time.perf_counter() - began


def pictures() -> list[Path]:
    """The example's pictures."""
    return sorted(EXAMPLE.glob("*.jpg"))
