"""Runs import jobs: another tool's file in, an embedding that fits its base model and a ready version out.

The only place that reads what a stranger wrote; how each format is read is in `worker.engine.embeddings.formats`.
"""

import io
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.base_models.catalog import Catalog
from app.concepts.models import Concept, Version
from app.contracts.embeddings import ImportSpec
from app.contracts.encoders import FIRST, SECOND
from app.contracts.model_folder import ModelFacts
from app.core.database import new_id, now
from app.core.errors import NotFound, OnewordError
from app.generation.models import Image
from app.jobs import ledger
from app.jobs.ledger import Lease
from app.jobs.models import Job
from worker import embedding_files, failures
from worker.context import WorkerContext
from worker.engine.embeddings import formats
from worker.engine.embeddings.formats import Embedding, Foreign
from worker.engine.errors import EmbeddingError, UserError
from worker.engine.evaluation import PLAIN, EvaluationPlan
from worker.engine.generation import Request, SamplerSettings, draw
from worker.lease import LeaseRenewal, write

log = structlog.get_logger(__name__)

SAMPLE_SEED = 7


def import_embedding(context: WorkerContext, job: Job) -> None:
    """Run one claimed import to its end. It takes a moment, so that an orderly stop waits for it."""
    lease = Lease(job.id, job.attempt)
    with LeaseRenewal(context.database, [lease], context.settings.lease_seconds) as heartbeat:
        try:
            Importing(context, job, lease).run(heartbeat)
        except Exception as error:  # whatever it is, the row has to say so
            failures.fail(context, lease, error)


@dataclass
class Importing:
    """One attempt at one import."""

    context: WorkerContext
    job: Job
    lease: Lease

    def run(self, heartbeat: LeaseRenewal) -> None:
        """Read, check, store, and make the version ready."""
        self.spec = ImportSpec.model_validate(self.job.spec)
        write(self.context.database, self._still_wanted)
        storage, facts = self.context.storage, Catalog(self.context.settings).get(self.spec.base_model).facts
        found = [formats.read(storage.get(file.key), file.name) for file in self.spec.files]
        embedding = self._checked(joined(found, self.spec), facts)
        if heartbeat.wanted(self.lease) is not None:
            write(self.context.database, partial(ledger.finish, lease=self.lease, state="cancelled"))
            return
        folder = f"jobs/{self.job.id}/attempt-{self.lease.attempt}/embedding"
        metadata = self._metadata(found[0])
        self.note = found[0].note
        files = embedding_files.keep(storage, folder, embedding, self.spec.placeholder, metadata)
        sample = self._sample(embedding)
        ready = partial(self._make_ready, embedding=embedding, files=files, metadata=metadata, sample=sample)
        write(self.context.database, ready)
        for file in self.spec.files:
            storage.delete(file.key)
        log.info("imported", job=self.job.id, format=found[0].format, vectors=embedding.vectors)

    def _still_wanted(self, session: Session) -> None:
        """Ownership is checked again when a job is claimed: the concept may be gone."""
        query = (
            select(Version.id)
            .join(Concept, Concept.id == Version.concept_id)
            .where(Version.id == self.spec.version_id, Version.team_id == self.job.team_id)
            .where(Concept.deleted_at.is_(None))
        )
        if session.scalars(query).one_or_none() is None:
            raise NotFound("The concept was deleted before its file was read, so there is nothing left to import.")

    def _checked(self, embedding: Embedding, facts: ModelFacts) -> Embedding:
        name, room = self.spec.files[0].name, facts.context_length - 2
        formats.check_fits(embedding, facts.widths, name, facts.name)
        if embedding.vectors > room:
            raise EmbeddingError(
                f"{name} has {embedding.vectors} vectors, and {facts.name} reads at most {room} tokens at once, so no "
                "prompt could hold it. Use an embedding with fewer vectors."
            )
        return embedding

    def _metadata(self, found: Foreign) -> dict[str, str]:
        """Where it came from, with what its own file says of how it was learned."""
        known = {name: found.metadata[name] for name in ("initializer", "steps") if found.metadata.get(name)}
        return {
            **known,
            "placeholder": self.spec.placeholder,
            "kind": self.spec.kind,
            "base_model": self.spec.base_model,
            "imported_from": found.format,
            "imported_as": found.placeholder or self.spec.files[0].name,
        }

    def _sample(self, embedding: Embedding) -> Image | None:
        """What the word draws, so that it has a face in the library. Whatever goes wrong costs the picture alone."""
        try:
            model = self.context.base_model(self.spec.base_model)
            if not EvaluationPlan.for_model(model).compare:  # a picture would take minutes
                return None
            prompt = PLAIN[self.spec.kind].format(self.spec.placeholder)
            request = Request(prompt, concepts={self.spec.placeholder: embedding}, seed=SAMPLE_SEED)
            (picture,) = draw(model, [request], SamplerSettings.for_model(model))
            content = io.BytesIO()
            picture.save(content, "PNG")
            key = f"jobs/{self.job.id}/attempt-{self.lease.attempt}/sample.png"
            self.context.storage.put(key, content.getvalue())
        except (UserError, OnewordError, RuntimeError) as error:
            log.warning("no sample of an imported word", job=self.job.id, reason=str(error))
            return None
        recipe = {"prompt": prompt, "seed": SAMPLE_SEED, "step": 0}
        return Image(
            id=new_id(),
            team_id=self.job.team_id,
            job_id=self.job.id,
            generation_id=None,
            position=0,
            key=key,
            seed=SAMPLE_SEED,
            width=picture.width,
            height=picture.height,
            bytes=len(content.getvalue()),
            recipe=recipe,
        )

    def _make_ready(
        self,
        session: Session,
        embedding: Embedding,
        files: dict[str, Any],
        metadata: dict[str, str],
        sample: Image | None,
    ) -> None:
        """In one fenced transaction: the version is ready, it is the current one, and the job has succeeded."""
        version = session.get_one(Version, self.spec.version_id, populate_existing=True)
        version.state = "ready"
        version.vectors = embedding.vectors
        version.steps = int(metadata["steps"]) if metadata.get("steps", "").isdigit() else None
        version.files = files
        if sample is not None:
            session.merge(sample)
            version.sample_image_id = sample.id
        version.origin = {
            "imported_from": metadata["imported_from"],
            "imported_as": metadata["imported_as"],
            "note": self.note,
        }
        version.finished_at = now(session)
        session.flush()
        concept = session.get_one(Concept, self.spec.concept_id, populate_existing=True)
        concept.current_version = version.number
        session.flush()
        ledger.finish(session, self.lease, "succeeded")


def joined(found: list[Foreign], spec: ImportSpec) -> Embedding:
    """One embedding: of one file, or of the two that diffusers writes for the two text encoders of SDXL."""
    if len(found) == 1:
        return found[0].embedding
    # CLIP-L, the first encoder, is the narrower one.
    parts = sorted((each.embedding for each in found), key=lambda part: part.widths.get(FIRST, 0))
    if any(set(part.rows) != {FIRST} for part in parts) or len({part.vectors for part in parts}) != 1:
        names = " and ".join(file.name for file in spec.files)
        raise EmbeddingError(
            f"{names} are not the two halves of one embedding: each has to hold the same number of vectors for one "
            "text encoder. Send the two files that were written together, or one file alone."
        )
    return Embedding({FIRST: parts[0].rows[FIRST], SECOND: parts[1].rows[FIRST]})
