"""Writes the records of a running training: progress and warnings, previews, checkpoints, and trained candidates.

Every write is fenced by the lease. A full disk costs a preview or a checkpoint, never the concept.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from PIL import Image as Pillow
from sqlalchemy.orm import Session

from app.concepts import versions
from app.concepts.versions import VersionResult
from app.contracts.training import TrainingSpec
from app.core.database import after_commit
from app.core.errors import OnewordError
from app.generation import queries as images
from app.generation.models import Image
from app.jobs import ledger
from worker.images import store_image
from worker.job_run import Event, JobRun


@dataclass
class TrainingRecord:
    """The written side of one attempt at one training job."""

    run: JobRun[Any]
    spec: TrainingSpec
    warnings: list[str] = field(default_factory=list)  # not yet written
    sample: Image | None = None  # the newest preview

    def __post_init__(self) -> None:
        self.checkpoint_key = self.run.job.checkpoint_key

    def preview(self, picture: Pillow.Image, step: int, prompt: str, seed: int) -> None:
        """Store and show what the concept draws after a training step."""
        try:
            recipe = {"prompt": prompt, "seed": seed, "step": step}
            image = store_image(self.run, f"preview-{step}.png", picture, position=step, seed=seed, recipe=recipe)
        except OnewordError as error:
            self.warnings.append(f"A preview could not be stored. {error.detail}")
            return
        self.run.write(partial(self._show, image=image))
        self.sample = image

    def _show(self, session: Session, image: Image) -> None:
        if not images.add_preview(session, self.run.job.team_id, image):
            return  # the transaction before was committed, and only the answer was lost
        preview = {"step": image.position, "url": f"/api/images/{image.id}", "prompt": image.recipe["prompt"]}
        ledger.record(session, self.run.lease, [("preview", preview)])

    def checkpoint(self, content: bytes, step: int) -> None:
        """Store a checkpoint. The one before is deleted once the ledger names the new one."""
        key, before = self.run.key(f"checkpoint-{step}.safetensors"), self.checkpoint_key
        try:
            self.run.context.storage.put(key, content)
        except OnewordError as error:
            self.warnings.append(f"A checkpoint could not be stored. {error.detail}")
            return
        self.run.record((), checkpoint_key=key)
        self.checkpoint_key = key
        if before is not None and before != key:
            self.run.delete_blob(before)

    def progress(self, progress: Mapping[str, Any], share: float) -> None:
        """Write how far the training is, the share of the worker's time it had (0..1), and every new warning."""
        self.run.record([*self.events(), ("progress", dict(progress))], progress=dict(progress), share=share)
        self.warnings.clear()

    def store_result(self, result: VersionResult) -> None:
        """Store the trained candidates with the version, before anything is drawn with them."""
        self.run.write(partial(self._store_result, result=result))

    def _store_result(self, session: Session, result: VersionResult) -> None:
        ledger.lock(session, self.run.lease)
        versions.store_result(session, self.run.job.team_id, self.spec.version_id, result)

    def drop_result(self) -> None:
        """Remove what an earlier attempt stored with the version, because it cannot be used."""
        self.run.write(self._drop_result)

    def _drop_result(self, session: Session) -> None:
        ledger.lock(session, self.run.lease)
        versions.drop_result(session, self.run.job.team_id, self.spec.version_id)

    def finish(self, session: Session, result: VersionResult, share: float) -> None:
        """Make the version ready. The caller ends the job in the same transaction."""
        versions.make_ready(session, self.run.job.team_id, self.spec.version_id, result)
        ledger.record(session, self.run.lease, self.events(), share=share)
        forget_checkpoint(session, self.run, self.checkpoint_key)

    def events(self) -> list[Event]:
        """The warnings that are not yet written, as events."""
        return [("warning", {"detail": warning}) for warning in self.warnings]


def forget_checkpoint(session: Session, run: JobRun[Any], key: str | None) -> None:
    """Delete a checkpoint that nothing needs any more, once the transaction has committed."""
    if key is not None:
        after_commit(session, partial(run.delete_blob, key))
