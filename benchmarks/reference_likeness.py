"""Whole training jobs of an installation beside the reference script: seconds, likeness, editability, on the examples.

The examples took no part in choosing the training method. The installation trains each of them by REST, once with the
defaults and once with the page's "As alike as it gets". Its time runs from the upload to the finished version, with the
report; the script's time is that of its steps alone. All concepts draw the same prompts from the same noise, and the
demo model's scorer scores the drawings. On two cores the script takes 8 to 10 minutes for the 3000 steps of an example,
and the installation about half a minute.
"""

import json
import secrets
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import torch
from safetensors.torch import load_file

from app.core.settings import REPOSITORY
from benchmarks import reference_script
from benchmarks.examples import Example, held_out
from benchmarks.methods import scores_of
from benchmarks.reference import in_fp32
from benchmarks.running_studio import RunningStudio, running_studio, succeeded
from benchmarks.table import Row, ratio
from worker.engine.base_models import BaseModel, load
from worker.engine.embeddings.formats import Embedding, read_native
from worker.engine.evaluation import Scorer, load_scorer
from worker.engine.inversion import Options

Result = tuple[float, dict[str, float]]
Sides = tuple[Result, Result]  # ours, theirs

# Fields of the request, by the name in the table. The second is the teach page's "As alike as it gets".
ASKED: dict[str, dict[str, str]] = {
    "by default": {},
    "as alike as it gets": {"method": "classic", "context_weight": "0", "prefer": "likeness"},
}


def run(script: Path, steps: int = 3000, kept: Path | None = None) -> list[Row]:
    """A row for each request and example, and the mean product of likeness and editability for each request.

    Each result is saved in the folder `kept`, so that a later call resumes.
    """
    with tempfile.TemporaryDirectory() as folder:
        source = in_fp32(Path(folder) / "model")
        model = load(source)
        scorer = load_scorer(REPOSITORY / "models" / "demo" / "scorer", torch.device("cpu"))
        notes = Notes(kept or Path(folder) / "notes", model.weights_hash)
        both: dict[str, list[Sides]] = {asked: [] for asked in ASKED}
        with ExitStack() as stack:
            studio = cache(lambda: stack.enter_context(running_studio()))
            for example in held_out():
                their = partial(_theirs, script, steps, source, Path(folder), model, scorer, example)
                theirs = notes.of(f"{example.name}-{steps}-steps-of-the-script", their)
                for asked, fields in ASKED.items():
                    our = partial(_ours, studio, model, scorer, example, fields)
                    both[asked].append((notes.of(f"{example.name}-{asked.replace(' ', '-')}", our), theirs))
    return [row for asked, sides in both.items() for row in _rows(asked, steps, sides)]


def _rows(asked: str, steps: int, sides: Sequence[Sides]) -> list[Row]:
    rows = [_row(f"{example.name}, {asked}", steps, *each) for example, each in zip(held_out(), sides, strict=True)]
    ours_all, theirs_all = ([_product(scores) for _, scores in side] for side in zip(*sides, strict=True))
    better = sum(own > other for own, other in zip(ours_all, theirs_all, strict=True))
    mean, their_mean = statistics.fmean(ours_all), statistics.fmean(theirs_all)
    what = f"likeness × editability {asked}, mean of all; better on {better} of {len(sides)}"
    return [*rows, Row(what, f"{mean:.3f}", f"{their_mean:.3f}", ratio(mean, their_mean))]


@dataclass(frozen=True)
class Notes:
    """Results in a folder, each for the weights that it was found with."""

    folder: Path
    weights: str

    def of(self, name: str, find: Callable[[], Result]) -> Result:
        """The saved result of a name; computed and saved if there is none for these weights."""
        path = self.folder / f"{name}.json"
        noted = json.loads(path.read_text()) if path.is_file() else {}
        if noted.get("weights") != self.weights:
            seconds, scores = find()
            noted = {"weights": self.weights, "seconds": seconds, "scores": scores}
            self.folder.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(noted))
            print(f"  {name}: {_said(seconds, scores)}", flush=True)
        return noted["seconds"], noted["scores"]


def _row(what: str, steps: int, ours: Result, theirs: Result) -> Row:
    reached = ours[1]["likeness"] >= theirs[1]["likeness"]
    return Row(
        f"{what}: to a likeness of at least the reference's after {steps} steps",
        _said(*ours),
        _said(*theirs),
        ratio(theirs[0], ours[0]) if reached else "not reached",
    )


def _said(seconds: float, scores: dict[str, float]) -> str:
    return f"{seconds:.0f} s, {scores['likeness']:.3f} (editability {scores['editability']:.3f})"


def _ours(
    running: Callable[[], RunningStudio], model: BaseModel, scorer: Scorer, example: Example, asked: Mapping[str, str]
) -> Result:
    studio = running()
    files = [
        ("images", (path.name, path.read_bytes()))
        for path in sorted((REPOSITORY / "examples" / example.name).glob("*.jpg"))
    ]
    placeholder = f"<{example.name}-{secrets.token_hex(2)}>"  # placeholders are unique in a team
    fields = {"placeholder": placeholder, "initializer": example.initializer, "kind": example.kind, **asked}
    began = time.perf_counter()
    answer = studio.client.post("/api/concepts", data=fields, files=files).raise_for_status().json()
    succeeded(studio, answer["job"]["id"])
    seconds = time.perf_counter() - began
    file = studio.client.get(f"/api/concepts/{answer['concept']['id']}/embedding").raise_for_status().content
    return seconds, scores_of(model, scorer, example, read_native(file))


def _theirs(
    script: Path, steps: int, source: Path, folder: Path, model: BaseModel, scorer: Scorer, example: Example
) -> Result:
    options = Options.for_model(model)
    ran = reference_script.run(
        script,
        source,
        example.pictures,
        folder / example.name,
        initializer_token=example.initializer,
        learnable_property=example.kind,
        num_vectors=options.vectors,
        resolution=model.resolution,
        train_batch_size=options.batch,
        max_train_steps=steps,
        save_steps=max(1, steps // 10),
    )
    rows = load_file(ran.saves[-1])[reference_script.PLACEHOLDER]
    embedding = Embedding({model.encoders[0].name: rows.reshape(options.vectors, -1).float()})
    return steps * ran.seconds_per_step(), scores_of(model, scorer, example, embedding)


def _product(scores: dict[str, float]) -> float:
    return max(scores["likeness"], 0.0) * max(scores["editability"], 0.0)
