"""The end of a teaching: draws the version's report, chooses its checkpoint, and stores both.

A report that fails or is interrupted costs the report and never the word. It is judged by
`worker.engine.evaluation`.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import structlog
from PIL import Image as Pillow

from app.core.errors import OnewordError
from app.core.storage import Storage
from worker import embedding_files
from worker.engine.base_models import BaseModel
from worker.engine.errors import UserError
from worker.engine.evaluation import Prefer, Report, ScoredDrawings, Scorer, draw_report
from worker.engine.inversion import EmbeddingCandidate

log = structlog.get_logger(__name__)

LOSSLESS_SIDE = 128  # pixels; larger drawings are kept as photographs are


@dataclass(frozen=True)
class ReportInputs:
    """What was taught, as far as a report needs to know it."""

    placeholder: str
    initializer: str
    kind: str
    pictures: Sequence[Pillow.Image]
    metadata: Mapping[str, str]  # for the kept files
    prefer: Prefer = "balance"


@dataclass
class Reporting:
    """Where a report goes, and who may end it."""

    storage: Storage
    folder: str  # of its blobs
    scorer_for: Callable[[BaseModel], Scorer | None]
    watch: Callable[[], None]  # asked between denoising steps; what it raises ends everything and passes through
    warnings: list[str]  # sentences for whoever watches the teaching

    def judge(
        self, model: BaseModel, lesson: ReportInputs, candidates: Sequence[EmbeddingCandidate]
    ) -> tuple[EmbeddingCandidate, dict[str, Any] | None]:
        """The candidate that becomes the word, and what `Version.report` holds. The preferred candidate comes first."""
        watch = _Watch(self.watch)
        try:
            report = self._drawn(model, lesson, candidates, watch)
            return report.chosen, _Keeping(self.storage, self.folder, lesson).keep(report, candidates)
        except Exception as error:  # whatever it is, the word has been learned
            if error is watch.raised:
                raise
            if not isinstance(error, UserError | OnewordError):
                log.error("report failed", folder=self.folder, exc_info=error)
            self.warnings.append(f"The report could not be drawn; the word itself is fine. {_said(error)}")
            return candidates[0], self._failed(lesson, candidates, _said(error))

    def draw_again(
        self,
        model: BaseModel,
        lesson: ReportInputs,
        candidates: Sequence[EmbeddingCandidate],
        files: Mapping[int, Mapping[str, Any]],
    ) -> dict[str, Any]:
        """What `Version.report` holds, of a version that is made of the first candidate and remains so.

        `files` are those that were kept of each candidate, by step. Whatever goes wrong is raised.
        """
        report = self._drawn(model, lesson, candidates, self.watch, decided=True)
        return _Keeping(self.storage, self.folder, lesson, files).keep(report, candidates)

    def _drawn(
        self,
        model: BaseModel,
        lesson: ReportInputs,
        candidates: Sequence[EmbeddingCandidate],
        watch: Callable[[], None],
        *,
        decided: bool = False,
    ) -> Report:
        return draw_report(
            model,
            self._scorer(model),
            lesson.pictures,
            candidates,
            kind=lesson.kind,
            initializer=lesson.initializer,
            prefer=lesson.prefer,
            keep_preferred=decided,
            on_step=watch,
        )

    def _failed(
        self, lesson: ReportInputs, candidates: Sequence[EmbeddingCandidate], said: str
    ) -> dict[str, Any] | None:
        """A report without drawings, so that what was kept can still be chosen, and the report be drawn again.

        None if not even that has room; then the version's own rows are all that is left.
        """
        empty = Report(chosen=candidates[0], checkpoints={})
        try:
            return {**_Keeping(self.storage, self.folder, lesson).keep(empty, candidates), "failed": said}
        except Exception as error:  # whatever it is, the word has been learned
            log.warning("nothing was kept beside the word", folder=self.folder, reason=str(error))
            return None

    def _scorer(self, model: BaseModel) -> Scorer | None:
        """The scorer; one that cannot be read costs the scores and not the pictures."""
        try:
            return self.scorer_for(model)
        except UserError as error:
            self.warnings.append(f"The report has no scores. {error}")
            return None


@dataclass
class _Watch:
    """Asks whether to go on, and remembers its own exception, so that it is told from a failure."""

    ask: Callable[[], None]
    raised: Exception | None = None

    def __call__(self) -> None:
        try:
            self.ask()
        except Exception as error:
            self.raised = error
            raise


def _said(error: Exception) -> str:
    if isinstance(error, OnewordError):
        return error.detail
    return str(error) if isinstance(error, UserError) else f"({type(error).__name__}: {error})"


@dataclass
class _Keeping:
    """Writes a report's blobs, and the document that names them."""

    storage: Storage
    folder: str
    lesson: ReportInputs
    files: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)  # by step; the others are written
    prompts: list[str] = field(default_factory=list)
    drawings: list[dict[str, Any]] = field(default_factory=list)

    def keep(self, report: Report, candidates: Sequence[EmbeddingCandidate]) -> dict[str, Any]:
        """What `Version.report` holds. Raises StorageFull."""
        checkpoints = [self._checkpoint(each, report) for each in sorted(candidates, key=lambda each: each.number)]
        initializer = None
        if report.initializer is not None:
            self._draw(report.initializer, "initializer", None)
            initializer = {"text": self.lesson.initializer, **_scores(report.initializer)}
        return {
            "scorer": report.scorer,
            "chosen": report.chosen.number,
            "prompts": self.prompts,
            "pictures": None if report.pictures is None else asdict(report.pictures),
            "initializer": initializer,
            "checkpoints": checkpoints,
            "drawings": self.drawings,
        }

    def _checkpoint(self, candidate: EmbeddingCandidate, report: Report) -> dict[str, Any]:
        judged = report.checkpoints.get(candidate.number, ScoredDrawings(()))
        self._draw(judged, f"step-{candidate.number}", candidate.number)
        files = self.files.get(candidate.number) or self._file(candidate)
        return {"step": candidate.number, "evaluation": candidate.evaluation, **files, **_scores(judged)}

    def _file(self, candidate: EmbeddingCandidate) -> dict[str, Any]:
        metadata = {**self.lesson.metadata, "steps": str(candidate.number)}
        folder = f"{self.folder}/step-{candidate.number}"
        return embedding_files.keep(self.storage, folder, candidate.embedding, self.lesson.placeholder, metadata)

    def _draw(self, judged: ScoredDrawings, name: str, step: int | None) -> None:
        for place, drawing in enumerate(judged.drawings):
            if drawing.prompt not in self.prompts:
                self.prompts.append(drawing.prompt)
            key = f"{self.folder}/{name}-{place}.webp"
            content = _webp(drawing.picture)
            self.storage.put(key, content)
            prompt = self.prompts.index(drawing.prompt)
            self.drawings.append(
                {"key": key, "step": step, "prompt": prompt, "seed": drawing.seed, "bytes": len(content)}
            )


def _scores(judged: ScoredDrawings) -> dict[str, float | None]:
    if judged.scores is None:
        return {"likeness": None, "editability": None, "copying": None}
    return asdict(judged.scores)


def _webp(picture: Pillow.Image) -> bytes:
    content = io.BytesIO()
    picture.save(content, "WEBP", lossless=max(picture.size) <= LOSSLESS_SIDE, quality=88, method=2)
    return content.getvalue()
