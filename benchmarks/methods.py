"""All training methods on the same concepts and seeds: likeness, editability and seconds of each, as a table.

python -m benchmarks.methods FOLDER                         train, score and print; resumes where it stopped
python -m benchmarks.methods FOLDER --held-out --ways ...   the same on concepts that took no part in choosing
python -m benchmarks.methods FOLDER --table                 only print the results so far

Concepts of one method are trained in one batch. Seconds are processor time, so a busy machine does not change them.
"""

import argparse
import json
import math
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from app.core.settings import REPOSITORY
from benchmarks.examples import Example, held_out, to_choose_by
from worker.engine.base_models import BaseModel, load
from worker.engine.embeddings import formats
from worker.engine.embeddings.formats import Embedding
from worker.engine.evaluation import Scorer, load_scorer
from worker.engine.evaluation.prompts import HELD_OUT, PLAIN
from worker.engine.evaluation.scores import score
from worker.engine.generation import Request, SamplerSettings, draw
from worker.engine.inversion import Inversion, Options, advance

DEMO = REPOSITORY / "models" / "demo"
TOGETHER = 12
STEPS, BATCH, EVALUATION_BATCH = 60, 4, 16
DRAWING_STEPS, PLAIN_SEEDS, HELD_OUT_SEEDS = 10, 4, 2

CLASSIC: dict[str, Any] = {"method": "classic", "start": "tokens", "context_weight": 0.0, "snr_gamma": 0.0}
DIRECTIONAL: dict[str, Any] = {**CLASSIC, "method": "directional", "angle": 0.1}
WAYS: dict[str, dict[str, Any]] = {
    "classic": CLASSIC,
    "directional, κ = 0": {**DIRECTIONAL, "kappa": 0.0},
    "directional, κ = 0.1": {**DIRECTIONAL, "kappa": 0.1},
    "directional, κ = 0.3": {**DIRECTIONAL, "kappa": 0.3},
    "classic, encoded start": {**CLASSIC, "start": "encoded"},
    "classic, context 0.1": {**CLASSIC, "context_weight": 0.1},
    "classic, context 0.3": {**CLASSIC, "context_weight": 0.3},
    "classic, min-SNR 5": {**CLASSIC, "snr_gamma": 5.0},
    "directional, κ = 0.3, context 0.1": {**DIRECTIONAL, "kappa": 0.3, "context_weight": 0.1},
}


@dataclass(frozen=True)
class Run:
    """One concept, trained with one method and one seed."""

    way: str
    example: Example
    seed: int

    def path(self, folder: Path) -> Path:
        """Where its files go, without an ending."""
        return folder / self.way.replace("κ", "kappa").replace(" ", "-") / f"{self.example.name}-{self.seed}"


def train(model: BaseModel, runs: Sequence[Run], folder: Path) -> None:
    """Train the runs that have no result yet, TOGETHER at a time."""
    missing = [run for run in runs if not run.path(folder).with_suffix(".safetensors").exists()]
    for start in range(0, len(missing), TOGETHER):
        part = missing[start : start + TOGETHER]
        began = time.process_time()
        words = [
            Inversion(model, run.example.pictures, run.example.initializer, options_for(model, run)) for run in part
        ]
        for word in words:
            word.begin()
        while going := [word for word in words if word.stopped is None]:
            advance(model, going)
        seconds = (time.process_time() - began) / len(part)
        for run, word in zip(part, words, strict=True):
            best = word.concept.candidates()[0]
            facts = {"evaluation": best.evaluation, "step": best.number, "seconds": seconds}
            path = run.path(folder)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.with_suffix(".json").write_text(json.dumps(facts))
            path.with_suffix(".safetensors").write_bytes(formats.write_native(best.embedding, "<word>", {}))
        print(f"trained {part[0].way}: {', '.join(f'{run.example.name} {run.seed}' for run in part)}", flush=True)


def options_for(model: BaseModel, run: Run) -> Options:
    """The way's own options; all others as the base model's card has them, and the same number of steps for all."""
    same = {"kind": run.example.kind, "seed": run.seed, "steps_max": STEPS, "batch": BATCH, "stop_ratio": 0.0}
    same |= {"evaluate_every": STEPS // 4, "evaluation_batch": EVALUATION_BATCH}
    return Options.for_model(model, **{**same, **WAYS[run.way]})


def judge(model: BaseModel, scorer: Scorer, runs: Sequence[Run], folder: Path) -> None:
    """Score the runs that have no scores yet."""
    for run in runs:
        path = run.path(folder).with_suffix(".json")
        if not path.exists() or "likeness" in (facts := json.loads(path.read_text())):
            continue
        embedding = formats.read_native(path.with_suffix(".safetensors").read_bytes())
        path.write_text(json.dumps({**facts, **scores_of(model, scorer, run.example, embedding)}))
        print(f"scored {run.way}: {run.example.name} {run.seed}", flush=True)


def scores_of(model: BaseModel, scorer: Scorer, example: Example, embedding: Embedding) -> dict[str, float]:
    """Likeness, editability and copying of a concept."""
    held = HELD_OUT[example.kind]
    prompts = [(PLAIN[example.kind], seed) for seed in range(PLAIN_SEEDS)]
    prompts += [(each.prompt, seed) for each in held for seed in range(HELD_OUT_SEEDS)]
    requests = [Request(prompt.format("<word>"), concepts={"<word>": embedding}, seed=seed) for prompt, seed in prompts]
    seen = scorer.of_pictures(draw(model, requests, SamplerSettings.for_model(model, steps=DRAWING_STEPS)))
    texts = scorer.of_texts([each.text for each in held]).repeat_interleave(HELD_OUT_SEEDS, dim=0)
    return asdict(score(seen[:PLAIN_SEEDS], seen[PLAIN_SEEDS:], texts, scorer.of_pictures(example.pictures)))


def table(runs: Sequence[Run], folder: Path) -> str:
    """One line for each way, over the concepts and seeds that all ways have."""
    found = {run: scored for run in runs if (scored := _facts(run, folder)) is not None}
    ways = list(dict.fromkeys(run.way for run in found))
    common = set.intersection(*({(r.example.name, r.seed) for r in found if r.way == way} for way in ways))
    by_way = {way: {(r.example.name, r.seed): scored for r, scored in found.items() if r.way == way} for way in ways}
    first = by_way[ways[0]]
    lines = [
        f"{len({name for name, _ in common})} concepts, {len({seed for _, seed in common})} seeds, {STEPS} steps of "
        f"{BATCH} samples",
        "",
        f"| way | likeness | editability | product | against {ways[0]} | s |",
        "|---|---|---|---|---|---|",
    ]
    for way, facts in by_way.items():
        gains = [_product(facts[key]) - _product(first[key]) for key in common]
        lines.append(
            f"| {way} | {_mean(facts, common, 'likeness'):.3f} | {_mean(facts, common, 'editability'):.3f} "
            f"| {statistics.fmean(_product(facts[key]) for key in common):.4f} | {_with_error(gains)} "
            f"| {_mean(facts, common, 'seconds'):.0f} |"
        )
    return "\n".join(lines)


def _facts(run: Run, folder: Path) -> Mapping[str, float] | None:
    path = run.path(folder).with_suffix(".json")
    facts: dict[str, float] = json.loads(path.read_text()) if path.exists() else {}
    return facts if "likeness" in facts else None


def _mean(facts: Mapping[tuple[str, int], Mapping[str, float]], keys: set[tuple[str, int]], name: str) -> float:
    return statistics.fmean(facts[key][name] for key in keys)


def _product(facts: Mapping[str, float]) -> float:
    return max(facts["likeness"], 0.0) * max(facts["editability"], 0.0)


def _with_error(gains: Sequence[float]) -> str:
    """Mean gain, with the standard error of the paired differences."""
    if len(gains) < 2 or not any(gains):
        return "–"
    return f"{statistics.fmean(gains):+.4f} ± {statistics.stdev(gains) / math.sqrt(len(gains)):.4f}"


def planned(ways: Sequence[str], examples: Sequence[Example], seeds: int) -> Iterator[Run]:
    """Seed after seed, so that a run that is stopped early has something to say of every way."""
    for seed in range(seeds):
        for way in ways:
            for example in examples:
                yield Run(way, example, seed)


def main() -> None:
    """Parse, train, score, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--ways", nargs="+", default=list(WAYS), choices=list(WAYS), metavar="WAY")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--table", action="store_true")
    arguments = parser.parse_args()
    examples = held_out() if arguments.held_out else to_choose_by()
    folder = arguments.folder / ("held-out" if arguments.held_out else "to-choose-by")
    runs = list(planned(arguments.ways, examples, arguments.seeds))
    if not arguments.table:
        model = load(DEMO)
        per_way = len(examples)
        for start in range(0, len(runs), per_way):
            train(model, runs[start : start + per_way], folder)
        judge(model, load_scorer(DEMO / "scorer", torch.device("cpu")), runs, folder)
        print(f"base model {model.weights_hash[:12]}\n")
    print(table(runs, folder))


if __name__ == "__main__":
    main()
