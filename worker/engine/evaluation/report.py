"""The report: drawings and scores of every candidate, beside those of the initializer.

Every candidate draws the same prompts from the same noise, so that their drawings differ by the embedding alone. No
database, files or jobs here; the caller can end the report between two denoising steps.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace

from PIL import Image

from app.contracts.training import Prefer
from worker.engine.base_models import BaseModel
from worker.engine.embeddings.formats import Embedding
from worker.engine.evaluation.prompts import HELD_OUT, PLAIN
from worker.engine.evaluation.scorer import Scorer
from worker.engine.evaluation.scores import Scores, score, score_pictures
from worker.engine.generation import DenoisingStep, Request, SamplerSettings, denoise_in_parts
from worker.engine.inversion import EmbeddingCandidate

STEPS = 10  # enough to compare candidates, too few for good pictures
SMALL_SIDE = 128  # pixels; up to this size a CPU draws a picture in a tenth of a second
PLACEHOLDER = "<word>"  # in the report's prompts; no user sees it


@dataclass(frozen=True)
class EvaluationPlan:
    """How much is drawn. It depends on the model and the device alone, so that a run can be repeated."""

    steps: int
    seeds: int  # columns of the grid
    compare: bool  # draw all candidates and the initializer; otherwise only the first candidate

    @classmethod
    def for_model(cls, model: BaseModel) -> "EvaluationPlan":
        """All candidates on a GPU or for a small model; one candidate where a picture takes minutes."""
        quick = model.device.type != "cpu" or model.resolution <= SMALL_SIDE
        return cls(steps=min(model.card.steps, STEPS), seeds=2 if quick else 1, compare=quick)


@dataclass(frozen=True)
class Drawing:
    """One picture of the grid."""

    prompt: str  # with {} for the concept
    seed: int
    picture: Image.Image


@dataclass(frozen=True)
class ScoredDrawings:
    """The drawings of one candidate or of the initializer, and their scores; None without a scorer."""

    drawings: Sequence[Drawing]
    scores: Scores | None = None


@dataclass(frozen=True)
class Report:
    """The evaluation of one training run."""

    chosen: EmbeddingCandidate
    checkpoints: Mapping[int, ScoredDrawings]  # by step; only the candidates that were drawn
    initializer: ScoredDrawings | None = None
    pictures: Scores | None = None  # of the training pictures themselves
    scorer: str | None = None  # title of the scorer


Evaluating = Generator[DenoisingStep, None, Report]


def evaluate(
    model: BaseModel,
    scorer: Scorer | None,
    pictures: Sequence[Image.Image],
    candidates: Sequence[EmbeddingCandidate],
    *,
    kind: str,
    initializer: str,
    prefer: Prefer = "balance",
    own_prompts: Sequence[str] = (),
    keep_preferred: bool = False,
    plan: EvaluationPlan | None = None,
) -> Evaluating:
    """Draw and score `candidates`, and choose the best by likeness x editability or by likeness alone.

    The first candidate is the preferred one: it is chosen among equals, and always with `keep_preferred`. Without a
    scorer, or where a picture takes minutes (`EvaluationPlan.compare`), only the preferred candidate is drawn, and
    chosen. `own_prompts`, with {} for the concept, are drawn for the chosen candidate and the initializer, and score
    nothing. Yields between denoising steps.
    """
    plan = plan or EvaluationPlan.for_model(model)
    run = _ReportRun(model, scorer, kind, plan, pictures, own_prompts)
    compared = candidates if scorer is not None and plan.compare else candidates[:1]
    scored: dict[int, ScoredDrawings] = {}
    for each in compared:
        scored[each.number] = yield from run.draw_scored({PLACEHOLDER: each.embedding}, PLACEHOLDER)
    chosen = candidates[0] if keep_preferred else max(compared, key=lambda each: _rank(scored[each.number], prefer))
    scored[chosen.number] = yield from run.draw_rest(
        scored[chosen.number], {PLACEHOLDER: chosen.embedding}, PLACEHOLDER
    )
    of_initializer = None
    if plan.compare and initializer.strip():
        drawn = yield from run.draw_scored({}, initializer)
        of_initializer = yield from run.draw_rest(drawn, {}, initializer)
    return Report(
        chosen=chosen,
        checkpoints=scored,
        initializer=of_initializer,
        pictures=run.scores_of_pictures(),
        scorer=None if scorer is None else scorer.title,
    )


def _rank(scored: ScoredDrawings, prefer: Prefer) -> float:
    """The criterion for the choice; equal for all candidates without a scorer."""
    if scored.scores is None:
        return 0.0
    return scored.scores.likeness if prefer == "likeness" else scored.scores.product


class _ReportRun:
    """The prompts, reference vectors and settings shared by all drawings of one report.

    Every candidate is scored by the same few drawings: the plain prompt with every seed, and each held-out prompt with
    seed 0. The chosen candidate and the initializer also get the rest of the grid: every held-out prompt, every seed,
    and somebody's own prompts.
    """

    def __init__(
        self,
        model: BaseModel,
        scorer: Scorer | None,
        kind: str,
        plan: EvaluationPlan,
        pictures: Sequence[Image.Image],
        own_prompts: Sequence[str],
    ) -> None:
        self.own_prompts = own_prompts
        self.model, self.scorer, self.plan = model, scorer, plan
        self.held_out = HELD_OUT[kind]
        self.plain = [(PLAIN[kind], seed) for seed in range(plan.seeds)]
        if scorer is not None:
            self.texts = scorer.of_texts([each.text for each in self.held_out])  # (held-out prompts, d)
            self.pictures = scorer.of_pictures(pictures)  # (n, d)

    def draw_scored(
        self, concepts: Mapping[str, Embedding], word: str
    ) -> Generator[DenoisingStep, None, ScoredDrawings]:
        """Make and score the drawings that scores are computed from. `word` is put into the prompts."""
        prompts = [*self.plain, *((each.prompt, 0) for each in self.held_out)]
        drawings = yield from self._draw(prompts, concepts, word)
        return ScoredDrawings(drawings, self._scores([drawing.picture for drawing in drawings]))

    def draw_rest(
        self, scored: ScoredDrawings, concepts: Mapping[str, Embedding], word: str
    ) -> Generator[DenoisingStep, None, ScoredDrawings]:
        """Add the drawings of every held-out prompt with every other seed, and of own prompts; the scores stay."""
        rest = [(each.prompt, seed) for each in self.held_out for seed in range(1, self.plan.seeds)]
        rest += [(prompt, seed) for prompt in self.own_prompts for seed in range(self.plan.seeds)]
        drawings = yield from self._draw(rest, concepts, word)
        return replace(scored, drawings=[*scored.drawings, *drawings])

    def scores_of_pictures(self) -> Scores | None:
        """Scores of the training pictures themselves."""
        return None if self.scorer is None else score_pictures(self.texts, self.pictures)

    def _draw(
        self, tasks: Sequence[tuple[str, int]], concepts: Mapping[str, Embedding], word: str
    ) -> Generator[DenoisingStep, None, list[Drawing]]:
        settings = SamplerSettings.for_model(self.model, steps=self.plan.steps)
        requests = [Request(prompt.format(word), concepts=concepts, seed=seed) for prompt, seed in tasks]
        pictures = yield from denoise_in_parts(self.model, requests, settings)
        return [Drawing(*task, picture) for task, picture in zip(tasks, pictures, strict=True)]

    def _scores(self, drawn: Sequence[Image.Image]) -> Scores | None:
        if self.scorer is None:
            return None
        embeds, plain = self.scorer.of_pictures(drawn), len(self.plain)
        return score(embeds[:plain], embeds[plain:], self.texts, self.pictures)
