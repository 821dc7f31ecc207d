"""What a teaching writes: events and progress, previews, checkpoints, and at its end the files and the ready version.

Every write is fenced by the lease. A full disk costs a picture or a checkpoint, never the word.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from PIL import Image as Pillow
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.concepts.models import Concept, Version
from app.contracts.training import TrainingSpec
from app.core.database import new_id, now
from app.core.errors import NotFound, StorageFull
from app.generation.models import Image
from app.jobs import ledger
from app.jobs.ledger import Lease
from app.jobs.models import Job
from worker import embedding_files
from worker.context import WorkerContext
from worker.engine.embeddings.formats import Embedding
from worker.engine.inversion import Inversion, TrainingStep
from worker.lease import write


@dataclass(frozen=True)
class Result:
    """A word that has been learned."""

    embedding: Embedding
    evaluation: float
    steps: int
    seconds: float
    metadata: Mapping[str, str]  # where it comes from
    report: dict[str, Any] | None


@dataclass
class TrainingRecord:
    """The written side of one attempt at one job."""

    context: WorkerContext
    job: Job
    lease: Lease
    spec: TrainingSpec
    warnings: list[str] = field(default_factory=list)  # not yet told
    sample: Image | None = None  # the newest preview

    def __post_init__(self) -> None:
        self.checkpoint_key = self.job.checkpoint_key

    def key(self, name: str) -> str:
        """Where a blob of this attempt goes."""
        return f"jobs/{self.job.id}/attempt-{self.lease.attempt}/{name}"

    def raise_if_cancelled(self, session: Session) -> None:
        """Ownership is checked again when a job is claimed: the concept may be gone."""
        query = (
            select(Version.id)
            .join(Concept, Concept.id == Version.concept_id)
            .where(
                Version.id == self.spec.version_id, Version.team_id == self.job.team_id, Concept.deleted_at.is_(None)
            )
        )
        if session.scalars(query).one_or_none() is None:
            raise NotFound("The concept was deleted before it was learned, so there is nothing left to teach.")

    def preview(self, picture: Pillow.Image, step: int, prompt: str, seed: int) -> None:
        """Store and show what the word draws after a step."""
        content = io.BytesIO()
        picture.save(content, "PNG")
        key = self.key(f"preview-{step}.png")
        try:
            self.context.storage.put(key, content.getvalue())
        except StorageFull as full:
            self.warnings.append(f"A preview could not be kept. {full.detail}")
            return
        image = Image(
            id=new_id(),
            team_id=self.job.team_id,
            job_id=self.job.id,
            generation_id=None,
            position=step,
            key=key,
            seed=seed,
            width=picture.width,
            height=picture.height,
            bytes=len(content.getvalue()),
            recipe={"prompt": prompt, "seed": seed, "step": step},
        )
        write(self.context.database, partial(self._show, image=image))
        self.sample = image

    def _show(self, session: Session, image: Image) -> None:
        if session.get(Image, image.id) is not None:
            return  # the transaction before was committed, and only the answer was lost
        session.add(image)
        session.flush()
        preview = {"step": image.position, "url": f"/api/images/{image.id}", "prompt": image.recipe["prompt"]}
        ledger.record(session, self.lease, [("preview", preview)])

    def save(self, inversion: Inversion) -> None:
        """Keep a checkpoint; the one before goes once the ledger knows the new one."""
        key, before = self.key(f"checkpoint-{inversion.number}.safetensors"), self.checkpoint_key
        try:
            self.context.storage.put(key, inversion.checkpoint())
        except StorageFull as full:
            self.warnings.append(f"A checkpoint could not be kept. {full.detail}")
            return
        write(self.context.database, partial(ledger.record, lease=self.lease, events=(), checkpoint_key=key))
        self.checkpoint_key = key
        if before is not None and before != key:
            self.context.storage.delete(before)

    def progress(
        self, step: TrainingStep, steps_max: int, seconds_left: float | None, share: float, stage: str | None = None
    ) -> None:
        """Tell how far the word is, which part of the device it has had, and every warning since.

        `stage` is what the word is at once it has learned: `report`.
        """
        progress = {
            "step": step.number,
            "steps_max": steps_max,
            "loss": step.loss_value(),
            "evaluation": step.evaluation,
            "seconds_left": seconds_left,
            **({} if stage is None else {"stage": stage}),
        }
        events = [*self._told(), ("progress", progress)]
        told = partial(ledger.record, lease=self.lease, events=events, progress=progress, share=share)
        write(self.context.database, told)
        self.warnings.clear()

    def hand_back(self) -> None:
        """Another worker may go on."""
        write(self.context.database, partial(ledger.hand_back, lease=self.lease))

    def cancelled(self) -> None:
        """Somebody asked for it."""
        write(self.context.database, partial(ledger.finish, lease=self.lease, state="cancelled"))
        self._forget_checkpoint()

    def learned(self, result: Result) -> None:
        """Store the embedding, and make the version ready."""
        folder, word = self.key("embedding"), self.spec.placeholder
        files = embedding_files.keep(self.context.storage, folder, result.embedding, word, result.metadata)
        write(self.context.database, partial(self._make_ready, result=result, files=files))
        self._forget_checkpoint()

    def _make_ready(self, session: Session, result: Result, files: dict[str, Any]) -> None:
        """In one fenced transaction: the version is ready, it is the current one, and the job has succeeded."""
        version = session.get_one(Version, self.spec.version_id, populate_existing=True)
        version.state = "ready"
        version.base_model_hash = result.metadata["base_model_hash"]
        version.vectors = result.embedding.vectors
        version.steps = result.steps
        version.evaluation = result.evaluation
        version.seconds = result.seconds
        version.files = files
        version.take_report(result.report)
        version.sample_image_id = self.sample.id if self.sample else None
        version.finished_at = now(session)
        session.flush()
        concept = session.get_one(Concept, self.spec.concept_id, populate_existing=True)
        concept.current_version = version.number
        session.flush()
        ledger.record(session, self.lease, self._told())
        ledger.finish(session, self.lease, "succeeded")

    def _told(self) -> list[tuple[str, dict[str, Any]]]:
        return [("warning", {"detail": warning}) for warning in self.warnings]

    def _forget_checkpoint(self) -> None:
        if self.checkpoint_key is not None:
            self.context.storage.delete(self.checkpoint_key)
