"""Seconds of a version's report at the end of its training."""

import time

from PIL import Image

from app.core.settings import REPOSITORY
from benchmarks.table import Row
from worker.engine.base_models import load
from worker.engine.embeddings.formats import Embedding
from worker.engine.evaluation import evaluate, load_scorer
from worker.engine.inversion import EmbeddingCandidate
from worker.engine.stepwise import run_to_end

KEPT = 5


def run() -> list[Row]:
    """Five kept stages and the initializer on the demo model, after a warm-up."""
    folder = REPOSITORY / "models" / "demo"
    model = load(folder)
    scorer = load_scorer(folder / "scorer", model.device) if (folder / "scorer").is_dir() else None
    pictures = [Image.open(path) for path in sorted((REPOSITORY / "examples" / "king-purr").glob("*.jpg"))]
    rows = {encoder.name: encoder.rows_of("cat") for encoder in model.encoders}
    candidates = [EmbeddingCandidate(10 * (number + 1), 0.5, Embedding(rows)) for number in range(KEPT)]

    def drawn() -> float:
        began = time.perf_counter()
        steps = evaluate(model, scorer, pictures, candidates, kind="object", initializer="cat")
        run_to_end(steps, lambda _: None)
        return time.perf_counter() - began

    drawn()
    kept = KEPT if scorer is not None else 1
    what = "scored" if scorer is not None else "without a scorer"
    return [Row(f"a report of {kept} kept stages, {what}", f"{drawn():.1f} s")]
