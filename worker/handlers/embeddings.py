"""Import jobs: another tool's embedding file becomes the embedding of a version. One job may import many files.

The only handler that reads foreign files, in a child process (`worker.foreign_files`). How each format is read is in
`worker.engine.embeddings`.
"""

from dataclasses import dataclass, field, replace
from typing import Final

import structlog
from sqlalchemy.orm import Session

from app.base_models.catalog import Catalog
from app.base_models.initializers import is_known
from app.concepts import queries, versions
from app.concepts.versions import VersionResult
from app.contracts import concept_text
from app.contracts.embeddings import BulkImportSpec, ImportItem, ImportSpec, is_bulk
from app.contracts.encoders import FIRST, SECOND
from app.contracts.jobs import Kind, State
from app.contracts.model_folder import ModelFacts
from app.contracts.texts import label, whole_number
from app.core.database import after_commit, now
from app.core.errors import LeaseLost, NotFound
from app.generation import queries as images
from app.generation.models import Image
from app.jobs.models import Job
from worker import embedding_files, foreign_files
from worker.context import WorkerContext
from worker.engine.embeddings import formats
from worker.engine.embeddings.formats import Embedding, Foreign
from worker.engine.errors import EmbeddingError
from worker.engine.evaluation import PLAIN, EvaluationPlan
from worker.engine.generation import Request, SamplerSettings, draw
from worker.images import store_image
from worker.job_run import JobRun
from worker.runner import Admit

log = structlog.get_logger(__name__)

SAMPLE_SEED: Final = 7
FILES_BETWEEN_PROGRESS: Final = 10  # of a bulk import


@dataclass
class ImportedEmbedding:
    """An embedding that was read from foreign files and fits its base model."""

    spec: ImportSpec
    source: Foreign  # the first file, with its metadata
    embedding: Embedding
    result: VersionResult | None = None  # once it is stored
    sample: Image | None = None


@dataclass
class ImportWork:
    """The embeddings that a job imports: one, or those files of a bulk import that can be read."""

    embeddings: list[ImportedEmbedding]
    faults: list[tuple[ImportItem, str]] = field(default_factory=list)  # of a bulk import: why a file is left out
    bulk: bool = False


ImportRun = JobRun[ImportWork]


@dataclass
class ImportHandler:
    """Runs one import at a time."""

    context: WorkerContext
    kind: Kind = "import"

    def claim_mates(self, session: Session, leader: Job) -> list[Job]:
        """None: an import shares nothing with another."""
        return []

    def prepare(self, run: ImportRun) -> ImportWork:
        """Read and check the files."""
        if is_bulk(run.job.spec):
            return self._prepare_many(run, BulkImportSpec.model_validate(run.job.spec))
        return ImportWork([self._read(ImportSpec.model_validate(run.job.spec))])

    def compute(self, runs: list[ImportRun], admit: Admit[ImportWork]) -> None:
        """Store each embedding, and draw a sample with the one of a single import."""
        for run in runs:
            run.guard(lambda run=run: self._store_all(run))  # type: ignore[misc]

    def finish(self, session: Session, run: ImportRun) -> None:
        """Make the versions ready, and take the concepts of files without an embedding out of the library. The foreign
        files are deleted once that is committed."""
        team_id = run.job.team_id
        for work in run.work.embeddings:
            assert work.result is not None
            version_id = work.spec.version_id
            if run.work.bulk and queries.version_in_library(session, team_id, version_id) is None:
                continue  # deleted meanwhile
            if work.sample is not None:
                images.add_preview(session, team_id, work.sample)
            self._fill_in(session, run, work)
            versions.make_ready(session, team_id, version_id, work.result)
        moment = now(session)
        for item, _ in run.work.faults:
            queries.end_training(session, team_id, item.version_id, "failed", moment)
            queries.withdraw(session, team_id, item.concept_id, moment)
        after_commit(session, lambda: self._clean_up(run))

    def release(self, session: Session, run: ImportRun, state: State) -> None:
        """Nothing: the sweep removes the files of an import that failed."""

    def _read(self, spec: ImportSpec) -> ImportedEmbedding:
        facts = Catalog(self.context.settings).get(spec.base_model).facts
        found = [foreign_files.read(self.context.storage.get(file.key), label(file.name)) for file in spec.files]
        return ImportedEmbedding(spec, found[0], _checked(joined(found, spec), spec, facts))

    def _prepare_many(self, run: ImportRun, spec: BulkImportSpec) -> ImportWork:
        """Read every file that can be read. Raises EmbeddingError if there is none."""
        work = ImportWork([], bulk=True)
        for number, item in enumerate(spec.items):
            run.raise_if_stopped()
            try:
                work.embeddings.append(self._read(_spec_of(item, spec)))
            except (EmbeddingError, NotFound) as error:
                work.faults.append((item, str(error)))
            if number % FILES_BETWEEN_PROGRESS == 0:
                self._show_progress(run, number, len(spec.items))
        if not work.embeddings:
            raise EmbeddingError("No file could be imported. " + " ".join(fault for _, fault in work.faults[:5]))
        run.record([("warning", {"detail": fault}) for _, fault in work.faults])
        return work

    def _show_progress(self, run: ImportRun, number: int, files: int) -> None:
        progress = {"step": number, "steps_max": files}
        run.record([("progress", progress)], progress=progress)

    def _store_all(self, run: ImportRun) -> None:
        for number, work in enumerate(run.work.embeddings):
            run.raise_if_stopped()
            self._store(run, work, run.key(f"embedding-{number}" if run.work.bulk else "embedding"))

    def _store(self, run: ImportRun, work: ImportedEmbedding, folder: str) -> None:
        metadata = _metadata(work)
        files = embedding_files.store(self.context.storage, folder, work.embedding, work.spec.placeholder, metadata)
        if not run.work.bulk:  # many pictures would take longer than all the rest
            work.sample = self._sample(run, work)
        work.result = VersionResult(
            files=files,
            vectors=work.embedding.vectors,
            steps=whole_number(metadata.get("steps", "")),
            origin={
                "imported_from": metadata["imported_from"],
                "imported_as": metadata["imported_as"],
                "note": work.source.note,
            },
            sample_image_id=None if work.sample is None else work.sample.id,
        )

    def _sample(self, run: ImportRun, work: ImportedEmbedding) -> Image | None:
        """A picture for the library. One that fails costs itself and not the import."""
        spec = work.spec
        try:
            model = self.context.base_model(spec.base_model)
            if not EvaluationPlan.for_model(model).compare:  # a picture would take minutes
                return None
            prompt = PLAIN[spec.kind].format(spec.placeholder)
            request = Request(prompt, concepts={spec.placeholder: work.embedding}, seed=SAMPLE_SEED)
            (picture,) = draw(model, [request], SamplerSettings.for_model(model))
            recipe = {"prompt": prompt, "seed": SAMPLE_SEED, "step": 0}
            return store_image(run, "sample.png", picture, position=0, seed=SAMPLE_SEED, recipe=recipe)
        except LeaseLost:
            raise
        except Exception as error:  # whatever it is, the embedding is fine
            log.warning("no sample of an imported concept", job=run.job.id, reason=str(error))
            return None

    def _fill_in(self, session: Session, run: ImportRun, work: ImportedEmbedding) -> None:
        """Give the concept what its request left open and its file says."""
        spec, metadata = work.spec, work.source.metadata
        said = concept_text.read(metadata.get(concept_text.KEY, ""))
        if not said.initializer:
            said = replace(said, initializer=metadata.get("initializer", ""))
        model = Catalog(self.context.settings).get(spec.base_model)
        if not is_known(model, said.initializer):
            said = replace(said, initializer="")
        versions.fill_in(session, run.job.team_id, spec.version_id, said, spec.unset)

    def _clean_up(self, run: ImportRun) -> None:
        """Delete the foreign files."""
        formats_read = sorted({each.source.format for each in run.work.embeddings})
        log.info("imported", job=run.job.id, formats=formats_read, embeddings=len(run.work.embeddings))
        for work in run.work.embeddings:
            for file in work.spec.files:
                run.delete_blob(file.key)
        for item, _ in run.work.faults:
            run.delete_blob(item.file.key)


def _spec_of(item: ImportItem, spec: BulkImportSpec) -> ImportSpec:
    """One file of a bulk import as an import of its own."""
    return ImportSpec(
        concept_id=item.concept_id,
        version_id=item.version_id,
        base_model=spec.base_model,
        placeholder=item.placeholder,
        kind=spec.kind,
        files=[item.file],
        unset=item.unset,
    )


def joined(found: list[Foreign], spec: ImportSpec) -> Embedding:
    """One embedding: of one file, or of the two that diffusers writes for the two text encoders of SDXL."""
    if len(found) == 1:
        return found[0].embedding
    # CLIP-L, the first encoder, is the narrower one.
    parts = sorted((each.embedding for each in found), key=lambda part: part.widths.get(FIRST, 0))
    names = " and ".join(file.name for file in spec.files)
    if parts[0].widths == parts[1].widths:
        raise EmbeddingError(
            f"{names} are two embeddings of their own, for the same text encoder, and not the two halves of one. Send "
            "them one at a time; each becomes a word."
        )
    if any(set(part.rows) != {FIRST} for part in parts) or len({part.vectors for part in parts}) != 1:
        raise EmbeddingError(
            f"{names} are not the two halves of one embedding: each has to hold the same number of vectors for one "
            "text encoder. Send the two files that were written together, or one file alone."
        )
    return Embedding({FIRST: parts[0].rows[FIRST], SECOND: parts[1].rows[FIRST]})


def _checked(embedding: Embedding, spec: ImportSpec, facts: ModelFacts) -> Embedding:
    """The embedding, if it fits the base model's encoders and its prompts. Raises EmbeddingError."""
    name, room = spec.files[0].name, facts.context_length - 2
    formats.check_fits(embedding, facts.widths, name, facts.name)
    if embedding.vectors > room:
        raise EmbeddingError(
            f"{name} has {embedding.vectors} vectors, and {facts.name} reads at most {room} tokens at once, so no "
            "prompt could hold it. Use an embedding with fewer vectors."
        )
    return embedding


def _metadata(work: ImportedEmbedding) -> dict[str, str]:
    """The header of the stored file: its source, and what the source's own header says of the training."""
    spec, source = work.spec, work.source
    known = {name: source.metadata[name] for name in ("initializer", "steps") if source.metadata.get(name)}
    return {
        **known,
        "placeholder": spec.placeholder,
        "kind": spec.kind,
        "base_model": spec.base_model,
        "imported_from": source.format,
        "imported_as": label(source.placeholder or spec.files[0].name),
    }
