"""Whole teachings of a studio beside the reference script's: seconds, likeness and editability, on the examples.

The examples took no part in choosing how words are learned. A studio teaches each of them as anybody would, by REST,
and its time runs from the upload to the finished word, its report included; the script's is that of its steps alone.
Both words draw the same prompts from the same noise, and the demo model's scorer judges both.
"""

import statistics
import tempfile
import time
from pathlib import Path

import torch
from safetensors.torch import load_file

from app.settings import REPOSITORY
from benchmarks import reference_script
from benchmarks.lessons import Lesson, held_out
from benchmarks.methods import scores_of
from benchmarks.reference import in_fp32
from benchmarks.running_studio import Studio, running_studio, succeeded
from benchmarks.table import Row, ratio
from worker.base_models import BaseModel, load
from worker.formats import Embedding, read_native
from worker.inversion import Options
from worker.report import Scorer, load_scorer

Result = tuple[float, dict[str, float]]


def run(script: Path, steps: int = 3000) -> list[Row]:
    """A line for each example, and the product of likeness and editability over all."""
    with tempfile.TemporaryDirectory() as folder, running_studio() as studio:
        source = in_fp32(Path(folder) / "model")
        model = load(source)
        scorer = load_scorer(REPOSITORY / "models" / "demo" / "scorer", torch.device("cpu"))
        both = [
            (_ours(studio, model, scorer, lesson), _theirs(script, steps, source, Path(folder), model, scorer, lesson))
            for lesson in held_out()
        ]
    rows = [_row(lesson, steps, *each) for lesson, each in zip(held_out(), both, strict=True)]
    ours, theirs = (statistics.fmean(_product(scores) for _, scores in side) for side in zip(*both, strict=True))
    return [*rows, Row("likeness × editability, mean of all", f"{ours:.3f}", f"{theirs:.3f}")]


def _row(lesson: Lesson, steps: int, ours: Result, theirs: Result) -> Row:
    reached = ours[1]["likeness"] >= theirs[1]["likeness"]
    return Row(
        f"{lesson.name}: to a likeness of at least the reference's after {steps} steps",
        _said(*ours),
        _said(*theirs),
        ratio(theirs[0], ours[0]) if reached else "not reached",
    )


def _said(seconds: float, scores: dict[str, float]) -> str:
    return f"{seconds:.0f} s, {scores['likeness']:.3f} (editability {scores['editability']:.3f})"


def _ours(studio: Studio, model: BaseModel, scorer: Scorer, lesson: Lesson) -> Result:
    files = [
        ("images", (path.name, path.read_bytes()))
        for path in sorted((REPOSITORY / "examples" / lesson.name).glob("*.jpg"))
    ]
    fields = {"placeholder": f"<{lesson.name}>", "initializer": lesson.initializer, "kind": lesson.kind}
    began = time.perf_counter()
    answer = studio.client.post("/api/concepts", data=fields, files=files).raise_for_status().json()
    succeeded(studio, answer["job"]["id"])
    seconds = time.perf_counter() - began
    file = studio.client.get(f"/api/concepts/{answer['concept']['id']}/embedding").raise_for_status().content
    return seconds, scores_of(model, scorer, lesson, read_native(file))


def _theirs(
    script: Path, steps: int, source: Path, folder: Path, model: BaseModel, scorer: Scorer, lesson: Lesson
) -> Result:
    options = Options.for_model(model)
    ran = reference_script.run(
        script,
        source,
        lesson.pictures,
        folder / lesson.name,
        initializer_token=lesson.initializer,
        learnable_property=lesson.kind,
        num_vectors=options.vectors,
        resolution=model.resolution,
        train_batch_size=options.batch,
        max_train_steps=steps,
        save_steps=max(1, steps // 10),
    )
    rows = load_file(ran.saves[-1])[reference_script.PLACEHOLDER]
    embedding = Embedding({model.encoders[0].name: rows.reshape(options.vectors, -1).float()})
    return steps * ran.seconds_per_step(), scores_of(model, scorer, lesson, embedding)


def _product(scores: dict[str, float]) -> float:
    return max(scores["likeness"], 0.0) * max(scores["editability"], 0.0)
