"""A version's report as files: evaluates the candidates of a training, stores the drawings and names them in a
document.

A report that fails costs the report and never the concept. How candidates are judged is in `worker.engine.evaluation`.
"""

import io
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import structlog
from PIL import Image as Pillow

from app.concepts.models import Version
from app.core.storage import Storage
from worker import embedding_files, failures
from worker.engine.base_models import BaseModel
from worker.engine.embeddings.formats import Embedding
from worker.engine.errors import UserError
from worker.engine.evaluation import Prefer, Report, ScoredDrawings, Scorer, evaluate
from worker.engine.generation import DenoisingStep
from worker.engine.inversion import EmbeddingCandidate

log = structlog.get_logger(__name__)

LOSSLESS_SIDE = 128  # pixels; larger drawings are stored with loss

Document = dict[str, Any]  # `Version.report`
Files = Mapping[int, Mapping[str, Any]]  # step -> {"oneword": {key, bytes, sha256, widths}}


@dataclass(frozen=True)
class ReportInputs:
    """The facts about a training that its report needs."""

    placeholder: str
    initializer: str
    kind: str
    pictures: Sequence[Pillow.Image]
    metadata: Mapping[str, str]  # for the headers of the stored embeddings
    prefer: Prefer = "balance"
    prompts: Sequence[str] = ()  # of one's own, with {} for the concept


@dataclass
class ReportWriter:
    """Evaluates candidates and stores the report under `folder`."""

    storage: Storage
    folder: str
    scorer_for: Callable[[BaseModel], Scorer | None]
    warnings: list[str]  # messages for the people who watch the job

    def store_candidates(
        self, inputs: ReportInputs, candidates: Sequence[EmbeddingCandidate], files: Files, reason: str
    ) -> Document | None:
        """A report without drawings, whose candidates can already become the version. `reason` says why there are none.

        The preferred candidate comes first; `files` are stored already. None if the storage has no room for the others.
        """
        empty = Report(chosen=candidates[0], checkpoints={})
        try:
            return {**_Writing(self.storage, self.folder, inputs, files).write(empty, candidates), "failed": reason}
        except Exception as error:  # whatever it is, the preferred candidate is stored
            log.warning("candidates not stored", folder=self.folder, reason=str(error))
            self.warnings.append(
                f"The report could not be stored; the word itself is fine. {failures.message_of(error)}"
            )
            return None

    def choose(
        self, model: BaseModel, inputs: ReportInputs, candidates: Sequence[EmbeddingCandidate], stored: Document
    ) -> Generator[DenoisingStep, None, tuple[EmbeddingCandidate, Document]]:
        """Evaluate candidates that are `stored`; yield between denoising steps; return the best and the report.

        If anything fails, the preferred candidate, which comes first, stays chosen, and the report says why.
        """
        try:
            report = yield from self._evaluate(model, inputs, candidates, keep_preferred=False)
            files = files_of(stored["checkpoints"])
            return report.chosen, _Writing(self.storage, self.folder, inputs, files).write(report, candidates)
        except Exception as error:  # whatever it is, the concept has been trained
            if not failures.is_final(error):
                log.error("report failed", folder=self.folder, exc_info=error)
            reason = failures.message_of(error)
            self.warnings.append(f"The report could not be drawn; the word itself is fine. {reason}")
            return candidates[0], {**stored, "failed": reason}

    def rerender(
        self, model: BaseModel, inputs: ReportInputs, candidates: Sequence[EmbeddingCandidate], files: Files
    ) -> Generator[DenoisingStep, None, Document]:
        """The report of a version that consists of the first candidate, which stays chosen. Errors are raised."""
        report = yield from self._evaluate(model, inputs, candidates, keep_preferred=True)
        return _Writing(self.storage, self.folder, inputs, files).write(report, candidates)

    def _evaluate(
        self, model: BaseModel, inputs: ReportInputs, candidates: Sequence[EmbeddingCandidate], *, keep_preferred: bool
    ) -> Generator[DenoisingStep, None, Report]:
        return evaluate(
            model,
            self._scorer(model),
            inputs.pictures,
            candidates,
            kind=inputs.kind,
            initializer=inputs.initializer,
            prefer=inputs.prefer,
            own_prompts=inputs.prompts,
            keep_preferred=keep_preferred,
        )

    def _scorer(self, model: BaseModel) -> Scorer | None:
        """The scorer. One that cannot be loaded costs the scores and not the drawings."""
        try:
            return self.scorer_for(model)
        except UserError as error:
            self.warnings.append(f"The report has no scores. {error}")
            return None


def files_of(checkpoints: Sequence[Mapping[str, Any]]) -> Files:
    """The stored embedding files of candidates, by step."""
    return {each["step"]: {"oneword": each["oneword"]} for each in checkpoints}


def stored_candidates(version: Version, read: Callable[[str], Embedding]) -> list[EmbeddingCandidate]:
    """The candidates that a version has stored, read by key; the one that the version consists of comes first.

    Raises NotFound if a blob is gone, and EmbeddingError if one is damaged.
    """
    return [
        EmbeddingCandidate(each["step"], each["evaluation"], read(each["oneword"]["key"]))
        for each in stored_checkpoints(version)
    ]


def stored_checkpoints(version: Version) -> list[dict[str, Any]]:
    """The entries of `Version.report` about stored candidates; the one that the version consists of comes first."""
    if version.report is None:
        return [{"step": version.steps or 0, "evaluation": version.evaluation, "oneword": version.files["oneword"]}]
    chosen = version.report["chosen"]
    return sorted(version.report["checkpoints"], key=lambda each: (each["step"] != chosen, each["step"]))


@dataclass
class _Writing:
    """Stores the blobs of one report and collects the document that names them."""

    storage: Storage
    folder: str
    inputs: ReportInputs
    files: Files = field(default_factory=dict)  # candidates that are stored already
    prompts: list[str] = field(default_factory=list)
    drawings: list[dict[str, Any]] = field(default_factory=list)

    def write(self, report: Report, candidates: Sequence[EmbeddingCandidate]) -> Document:
        """The document. Raises StorageFull."""
        checkpoints = [self._checkpoint(each, report) for each in sorted(candidates, key=lambda each: each.number)]
        initializer = None
        if report.initializer is not None:
            self._store_drawings(report.initializer, "initializer", None)
            initializer = {"text": self.inputs.initializer, **_scores(report.initializer)}
        return {
            "scorer": report.scorer,
            "chosen": report.chosen.number,
            "prompts": self.prompts,
            "own_prompts": list(self.inputs.prompts),
            "pictures": None if report.pictures is None else asdict(report.pictures),
            "initializer": initializer,
            "checkpoints": checkpoints,
            "drawings": self.drawings,
        }

    def _checkpoint(self, candidate: EmbeddingCandidate, report: Report) -> dict[str, Any]:
        judged = report.checkpoints.get(candidate.number, ScoredDrawings(()))
        self._store_drawings(judged, f"step-{candidate.number}", candidate.number)
        files = self.files.get(candidate.number) or self._store_embedding(candidate)
        return {"step": candidate.number, "evaluation": candidate.evaluation, **files, **_scores(judged)}

    def _store_embedding(self, candidate: EmbeddingCandidate) -> dict[str, Any]:
        metadata = {**self.inputs.metadata, "steps": str(candidate.number)}
        folder = f"{self.folder}/step-{candidate.number}"
        return embedding_files.store(self.storage, folder, candidate.embedding, self.inputs.placeholder, metadata)

    def _store_drawings(self, judged: ScoredDrawings, name: str, step: int | None) -> None:
        for index, drawing in enumerate(judged.drawings):
            if drawing.prompt not in self.prompts:
                self.prompts.append(drawing.prompt)
            key = f"{self.folder}/{name}-{index}.webp"
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
