"""A grid of 5 × 8 pictures on a running studio with the demo model: seconds until its last picture is there."""

import time

from benchmarks.running_studio import RunningStudio, running_studio, succeeded
from benchmarks.table import Row

PROMPTS = ["a photo of a red cat", "a photo of a mug", "a house in the snow", "a car at night", "a dog on the beach"]
SEEDS = list(range(1, 9))


def run() -> list[Row]:
    """A grid, and beside it the same pictures by one request for each prompt. The model is in memory before."""
    with running_studio() as studio:
        _seconds(studio, ["/api/generations"], [{"prompt": "a photo of a mug", "count": 1}])
        grid = _seconds(studio, ["/api/grids"], [{"prompts": PROMPTS, "seeds": SEEDS}])
        requests = [{"prompt": prompt, "count": len(SEEDS), "seed": SEEDS[0]} for prompt in PROMPTS]
        single = _seconds(studio, ["/api/generations"] * len(requests), requests)
    what = f"a grid of {len(PROMPTS)} × {len(SEEDS)} pictures"
    return [Row(what, f"{grid:.1f} s", f"{single:.1f} s (a request for each prompt)")]


def _seconds(studio: RunningStudio, paths: list[str], bodies: list[dict[str, object]]) -> float:
    began = time.perf_counter()
    answers = [studio.client.post(path, json=body) for path, body in zip(paths, bodies, strict=True)]
    for answer in answers:
        succeeded(studio, answer.raise_for_status().json()["job"]["id"])
    return time.perf_counter() - began
