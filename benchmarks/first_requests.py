"""The first upload and the first drawing after a start, beside later ones."""

import time
from collections.abc import Callable
from itertools import count
from typing import Final

from benchmarks.running_studio import RunningStudio, ended, running_studio, succeeded
from benchmarks.studio import pictures
from benchmarks.table import Row

IDLE_SECONDS: Final = 15.0  # between the start and the first request, as a person needs to open the page
LATER: Final = 3


def run() -> list[Row]:
    """A studio that was started a moment ago: pictures taken for a concept, one picture drawn, and both again."""
    numbers = count()

    def upload(studio: RunningStudio) -> float:
        files = [("images", (path.name, path.read_bytes())) for path in pictures()]
        fields = {"placeholder": f"<word-{next(numbers)}>", "initializer": "cat"}
        began = time.perf_counter()
        answer = studio.client.post("/api/concepts", data=fields, files=files).raise_for_status().json()
        seconds = time.perf_counter() - began
        studio.client.post(f"/api/jobs/{answer['job']['id']}/cancel").raise_for_status()
        ended(studio, answer["job"]["id"])  # or its worker would take a core from the next request
        return seconds

    measured: list[tuple[str, Callable[[RunningStudio], float]]] = [
        ("4 pictures accepted", upload),
        ("1 picture drawn", _draw),
    ]
    rows = []
    with running_studio() as studio:
        time.sleep(IDLE_SECONDS)
        for name, measure in measured:
            first, *later = [measure(studio) for _ in range(1 + LATER)]
            rows.append(Row(f"{name}, the first after the start", f"{first:.2f} s"))
            rows.append(Row(f"… later, best of {LATER}", f"{min(later):.2f} s"))
    return rows


def _draw(studio: RunningStudio) -> float:
    body = {"prompt": "a cat", "count": 1, "seed": 1}
    began = time.perf_counter()
    answer = studio.client.post("/api/generations", params={"wait": 60}, json=body).raise_for_status().json()
    seconds = time.perf_counter() - began
    succeeded(studio, answer["job"]["id"])
    return seconds
