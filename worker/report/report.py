"""The report: what each kept checkpoint draws and how that scores, beside what the initializer draws.

Every word draws the same prompts from the same noise, so that two of them differ by the word alone. Knows nothing of
rows, files or jobs; whoever calls it can end it between two denoising steps.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from PIL import Image

from worker.base_models import BaseModel
from worker.formats import Embedding
from worker.generation import Request, Settings, draw
from worker.report.prompts import HELD_OUT, PLAIN
from worker.report.scorer import Scorer
from worker.report.scores import Scores, score, score_pictures

SMALL_SIDE = 128  # pixels; up to here a CPU draws a picture in a tenth of a second
WORD = "<word>"  # stands for the concept in prompts here; no text is made of it


@dataclass(frozen=True)
class Plan:
    """How much is drawn. The same for the same model and device, so that a teaching can be repeated."""

    steps: int
    plain: int  # drawings of the plain prompt
    each: int  # drawings of each held-out prompt
    compare: bool  # whether every checkpoint is judged, and the initializer too, or only the one preferred

    @classmethod
    def for_model(cls, model: BaseModel) -> "Plan":
        """Little on a GPU and on a small model; next to nothing where a picture takes minutes."""
        quick = model.device.type != "cpu" or model.resolution <= SMALL_SIDE
        steps = min(model.card.steps, 12)
        return cls(steps, plain=4, each=2, compare=True) if quick else cls(steps, plain=1, each=1, compare=False)


@dataclass(frozen=True, eq=False)
class Candidate:
    """Rows as they were after a step, and what the fixed evaluation batch said of them."""

    number: int
    evaluation: float
    embedding: Embedding


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

    chosen: Candidate
    checkpoints: Mapping[int, Judged]  # by step; those that were drawn
    initializer: Judged | None = None
    pictures: Scores | None = None
    scorer: str | None = None
    warnings: tuple[str, ...] = field(default=())


def draw_report(
    model: BaseModel,
    scorer: Scorer | None,
    pictures: Sequence[Image.Image],
    candidates: Sequence[Candidate],
    *,
    kind: str,
    initializer: str,
    plan: Plan | None = None,
    on_step: Callable[[], None] = lambda: None,
) -> Report:
    """Judge `candidates`, the preferred one first, and choose the best by likeness x editability.

    `on_step` is called between denoising steps; what it raises ends the report. Without a scorer, or where drawing is
    dear, the preferred one is chosen and drawn alone.
    """
    plan = plan or Plan.for_model(model)
    desk = _Desk(model, scorer, kind, plan, on_step, pictures)
    compared = candidates if scorer is not None and plan.compare else candidates[:1]
    judged = {each.number: desk.judge({WORD: each.embedding}, WORD) for each in compared}
    plain_word = desk.judge({}, initializer) if initializer.strip() and plan.compare else None
    chosen = max(compared, key=lambda each: desk.rank(judged[each.number]))
    return Report(
        chosen=chosen,
        checkpoints=judged,
        initializer=plain_word,
        pictures=desk.of_pictures(),
        scorer=None if scorer is None else scorer.title,
    )


class _Desk:
    """What every word of one report has in common."""

    def __init__(
        self,
        model: BaseModel,
        scorer: Scorer | None,
        kind: str,
        plan: Plan,
        on_step: Callable[[], None],
        pictures: Sequence[Image.Image],
    ) -> None:
        self.model, self.scorer, self.plan, self.on_step = model, scorer, plan, on_step
        held = HELD_OUT[kind]
        self.tasks = [(PLAIN[kind], seed) for seed in range(plan.plain)]
        self.tasks += [(each.prompt, seed) for each in held for seed in range(plan.each)]
        if scorer is not None:
            self.texts = scorer.of_texts([each.text for each in held])  # (held, d)
            self.pictures = scorer.of_pictures(pictures)  # (n, d)

    def judge(self, concepts: Mapping[str, Embedding], word: str) -> Judged:
        """Draw every task with a word, and score what came."""
        settings = Settings.for_model(self.model, steps=self.plan.steps)
        requests = [Request(prompt.format(word), concepts=concepts, seed=seed) for prompt, seed in self.tasks]
        drawn = draw(self.model, requests, settings, on_step=lambda *_: self.on_step())
        drawings = [Drawing(*task, picture) for task, picture in zip(self.tasks, drawn, strict=True)]
        return Judged(drawings, self._scores(drawn))

    def _scores(self, drawn: Sequence[Image.Image]) -> Scores | None:
        if self.scorer is None:
            return None
        seen = self.scorer.of_pictures(drawn)
        texts = self.texts.repeat_interleave(self.plan.each, dim=0)
        return score(seen[: self.plan.plain], seen[self.plan.plain :], texts, self.pictures)

    def of_pictures(self) -> Scores | None:
        """Scores of the pictures themselves."""
        return None if self.scorer is None else score_pictures(self.texts, self.pictures)

    def rank(self, judged: Judged) -> float:
        """What candidates are chosen by; the first of equals, so the preferred one without a scorer."""
        return 0.0 if judged.scores is None else judged.scores.product
