"""Beside diffusers' textual_inversion.py, unmodified, in one run: the same model, pictures, batch, size and threads.

Its rows are judged by our own fixed evaluation batch, at each of its saves. Times leave out what both sides spend on
starting up: imports and loading the model.
"""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image
from safetensors.torch import load_file

from app.core.settings import REPOSITORY
from benchmarks import reference_script
from benchmarks.reference_script import PLACEHOLDER, step_of
from benchmarks.table import Row, ratio
from worker.engine.base_models import BaseModel, load
from worker.engine.inversion import Inversion, Options

EXAMPLE = REPOSITORY / "examples" / "king-purr"
STEPS = 600
SAVE_EVERY = 25


@dataclass(frozen=True)
class Saved:
    """The reference after some steps."""

    step: int
    seconds: float  # of its steps alone
    evaluation: float


def run(script: Path) -> list[Row]:
    """Step times, and seconds to the same evaluation loss."""
    with tempfile.TemporaryDirectory() as folder:
        source = in_fp32(Path(folder) / "model")
        model = load(source)
        pictures = [Image.open(path) for path in sorted(EXAMPLE.glob("*.jpg"))]
        options = Options.for_model(model)
        our_step = _our_step(model, pictures, options)
        ours = _our_curve(model, pictures, options)
        theirs = _their_curve(script, source, Path(folder) / "out", model, pictures, options)
    their_step = (theirs[-1].seconds - theirs[0].seconds) / (theirs[-1].step - theirs[0].step)
    rows = [
        Row(
            f"a training step, batch {options.batch}, {model.resolution}²",
            f"{our_step:.3f} s",
            f"{their_step:.3f} s",
            ratio(their_step, our_step),
        )
    ]
    return rows + _to_the_same_loss(ours, theirs)


def _to_the_same_loss(ours: list[tuple[float, float]], theirs: list[Saved]) -> list[Row]:
    best = min(theirs, key=lambda saved: saved.evaluation)
    goal = best.evaluation
    reached = next((seconds for seconds, evaluation in ours if evaluation <= goal), None)
    what = (
        f"seconds to the evaluation loss that the reference has at its best ({goal:.4f}, step {best.step} of {STEPS})"
    )
    if reached is None:
        return [Row(what, f"not reached (best {min(value for _, value in ours):.4f})", f"{best.seconds:.1f} s")]
    end = theirs[-1]
    rows = [Row(what, f"{reached:.1f} s", f"{best.seconds:.1f} s", ratio(best.seconds, reached))]
    mine = min(evaluation for _, evaluation in ours)
    return [
        *rows,
        Row(
            "evaluation loss when it ends",
            f"{mine:.4f} after {ours[-1][0]:.0f} s",
            f"{end.evaluation:.4f} after {end.seconds:.0f} s",
        ),
    ]


def _our_step(model: BaseModel, pictures: Sequence[Image.Image], options: Options) -> float:
    seconds = []
    for step in Inversion(model, pictures, "cat", options).steps():
        seconds.append(time.perf_counter())
        if step.number == 2 * options.evaluate_every:
            break
    # Evaluations are part of what a step costs, so they are in.
    return (seconds[-1] - seconds[0]) / (len(seconds) - 1)


def _our_curve(model: BaseModel, pictures: Sequence[Image.Image], options: Options) -> list[tuple[float, float]]:
    began, curve = time.perf_counter(), []
    run = Inversion(model, pictures, "cat", options)
    for _ in run.steps():
        curve.append((time.perf_counter() - began, run.best_evaluation))
    return curve


def _their_curve(
    script: Path, source: Path, folder: Path, model: BaseModel, pictures: Sequence[Image.Image], options: Options
) -> list[Saved]:
    ran = reference_script.run(
        script,
        source,
        pictures,
        folder,
        initializer_token="cat",
        learnable_property="object",
        num_vectors=options.vectors,
        resolution=model.resolution,
        train_batch_size=options.batch,
        max_train_steps=STEPS,
        save_steps=SAVE_EVERY,
    )
    pace = ran.seconds_per_step()
    judge = Inversion(model, pictures, "cat", options)
    return [Saved(step_of(path), step_of(path) * pace, _judged(judge, path)) for path in ran.saves]


def _judged(judge: Inversion, path: Path) -> float:
    rows = load_file(path)[PLACEHOLDER]
    with torch.no_grad():
        judge.concept.rows["text_encoder"].copy_(rows.reshape(judge.concept.rows["text_encoder"].shape))
    judge.evaluate()
    return judge.concept.evaluations[-1]


def in_fp32(folder: Path) -> Path:
    """The demo model with fp32 weights, so that the script does not train half-precision rows."""
    from diffusers import StableDiffusionPipeline

    demo = REPOSITORY / "models" / "demo"
    StableDiffusionPipeline.from_pretrained(demo, safety_checker=None, dtype=torch.float32).save_pretrained(folder)
    (folder / "oneword.json").write_text((demo / "oneword.json").read_text())
    return folder
