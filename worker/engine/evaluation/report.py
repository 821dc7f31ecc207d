"""The report: what each kept checkpoint draws and how that scores, beside what the initializer draws.

Every word draws the same prompts from the same noise, so that two of them differ by the word alone. Knows nothing of
rows, files or jobs; whoever calls it can end it between two denoising steps.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace

from PIL import Image

from app.contracts.training import Prefer
from worker.engine.base_models import BaseModel
from worker.engine.embeddings.formats import Embedding
from worker.engine.evaluation.prompts import HELD_OUT, PLAIN
from worker.engine.evaluation.scorer import Scorer
from worker.engine.evaluation.scores import Scores, score, score_pictures
from worker.engine.generation import DenoisingStep, Request, SamplerSettings, denoise
from worker.engine.inversion import EmbeddingCandidate
from worker.engine.stepwise import run_to_end

STEPS = 10  # enough to tell words apart, not to hang on a wall
SMALL_SIDE = 128  # pixels; up to here a CPU draws a picture in a tenth of a second
WORD = "<word>"  # stands for the concept in prompts here; no text is made of it


@dataclass(frozen=True)
class EvaluationPlan:
    """How much is drawn. The same for the same model and device, so that a teaching can be repeated."""

    steps: int
    seeds: int  # columns of the grid
    compare: bool  # whether every checkpoint is judged, and the initializer too, or only the one preferred

    @classmethod
    def for_model(cls, model: BaseModel) -> "EvaluationPlan":
        """Little on a GPU and on a small model; next to nothing where a picture takes minutes."""
        quick = model.device.type != "cpu" or model.resolution <= SMALL_SIDE
        return cls(steps=min(model.card.steps, STEPS), seeds=2 if quick else 1, compare=quick)


@dataclass(frozen=True)
class Drawing:
    """One picture of the grid."""

    prompt: str  # with {} for the word
    seed: int
    picture: Image.Image


@dataclass(frozen=True)
class Judged:
    """What a word drew and how it scores; without a scorer, only what it drew."""

    drawings: Sequence[Drawing]
    scores: Scores | None = None


@dataclass(frozen=True)
class Report:
    """Everything that was found out about one teaching."""

    chosen: EmbeddingCandidate
    checkpoints: Mapping[int, Judged]  # by step; those that were drawn
    initializer: Judged | None = None
    pictures: Scores | None = None
    scorer: str | None = None


Evaluating = Generator[DenoisingStep, None, Report]


def draw_report(
    model: BaseModel,
    scorer: Scorer | None,
    pictures: Sequence[Image.Image],
    candidates: Sequence[EmbeddingCandidate],
    *,
    kind: str,
    initializer: str,
    prefer: Prefer = "balance",
    decided: bool = False,
    plan: EvaluationPlan | None = None,
    on_step: Callable[[], None] = lambda: None,
) -> Report:
    """The report that `evaluate` returns. `on_step` runs between denoising steps; its exceptions end the report."""
    steps = evaluate(
        model,
        scorer,
        pictures,
        candidates,
        kind=kind,
        initializer=initializer,
        prefer=prefer,
        decided=decided,
        plan=plan,
    )
    return run_to_end(steps, lambda _: on_step())


def evaluate(
    model: BaseModel,
    scorer: Scorer | None,
    pictures: Sequence[Image.Image],
    candidates: Sequence[EmbeddingCandidate],
    *,
    kind: str,
    initializer: str,
    prefer: Prefer = "balance",
    decided: bool = False,
    plan: EvaluationPlan | None = None,
) -> Evaluating:
    """Judge `candidates`, the preferred one first, and choose one; yield between denoising steps.

    The best by likeness x editability is chosen, or the best by likeness alone, as `prefer` says; if it is already
    `decided`, the preferred one stays chosen. Without a scorer, or where drawing is slow, only the preferred candidate
    is drawn, and it is chosen.
    """
    plan = plan or EvaluationPlan.for_model(model)
    desk = _Desk(model, scorer, kind, plan, pictures)
    compared = candidates if scorer is not None and plan.compare else candidates[:1]
    judged: dict[int, Judged] = {}
    for each in compared:
        judged[each.number] = yield from desk.judge({WORD: each.embedding}, WORD)
    chosen = candidates[0] if decided else max(compared, key=lambda each: _rank(judged[each.number], prefer))
    judged[chosen.number] = yield from desk.complete(judged[chosen.number], {WORD: chosen.embedding}, WORD)
    plain_word = None
    if plan.compare and initializer.strip():
        drawn = yield from desk.judge({}, initializer)
        plain_word = yield from desk.complete(drawn, {}, initializer)
    return Report(
        chosen=chosen,
        checkpoints=judged,
        initializer=plain_word,
        pictures=desk.of_pictures(),
        scorer=None if scorer is None else scorer.title,
    )


def _rank(judged: Judged, prefer: Prefer) -> float:
    """What candidates are chosen by; the first of equals, so the preferred one without a scorer."""
    if judged.scores is None:
        return 0.0
    return judged.scores.likeness if prefer == "likeness" else judged.scores.product


class _Desk:
    """What every word of one report has in common.

    All are scored by the same few drawings: the plain prompt with every seed, each held-out prompt with the first.
    Those that people look at closely get the rest of the grid.
    """

    def __init__(
        self,
        model: BaseModel,
        scorer: Scorer | None,
        kind: str,
        plan: EvaluationPlan,
        pictures: Sequence[Image.Image],
    ) -> None:
        self.model, self.scorer, self.plan = model, scorer, plan
        self.held = HELD_OUT[kind]
        self.plain = [(PLAIN[kind], seed) for seed in range(plan.seeds)]
        if scorer is not None:
            self.texts = scorer.of_texts([each.text for each in self.held])  # (held, d)
            self.pictures = scorer.of_pictures(pictures)  # (n, d)

    def judge(self, concepts: Mapping[str, Embedding], word: str) -> Generator[DenoisingStep, None, Judged]:
        """Draw what is scored with a word, and score it."""
        prompts = [*self.plain, *((each.prompt, 0) for each in self.held)]
        drawings = yield from self._draw(prompts, concepts, word)
        return Judged(drawings, self._scores([drawing.picture for drawing in drawings]))

    def complete(
        self, judged: Judged, concepts: Mapping[str, Embedding], word: str
    ) -> Generator[DenoisingStep, None, Judged]:
        """The same word with every prompt drawn with every seed."""
        rest = [(each.prompt, seed) for each in self.held for seed in range(1, self.plan.seeds)]
        drawings = yield from self._draw(rest, concepts, word)
        return replace(judged, drawings=[*judged.drawings, *drawings])

    def of_pictures(self) -> Scores | None:
        """Scores of the pictures themselves."""
        return None if self.scorer is None else score_pictures(self.texts, self.pictures)

    def _draw(
        self, tasks: Sequence[tuple[str, int]], concepts: Mapping[str, Embedding], word: str
    ) -> Generator[DenoisingStep, None, list[Drawing]]:
        settings = SamplerSettings.for_model(self.model, steps=self.plan.steps)
        requests = [Request(prompt.format(word), concepts=concepts, seed=seed) for prompt, seed in tasks]
        pictures = yield from denoise(self.model, requests, settings)
        return [Drawing(*task, picture) for task, picture in zip(tasks, pictures, strict=True)]

    def _scores(self, drawn: Sequence[Image.Image]) -> Scores | None:
        if self.scorer is None:
            return None
        seen, plain = self.scorer.of_pictures(drawn), len(self.plain)
        return score(seen[:plain], seen[plain:], self.texts, self.pictures)
