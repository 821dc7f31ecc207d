"""Runs a training job: blobs in, `invert(...)`, events and previews on the way, an embedding and a ready version out.

The method itself is in `worker.inversion` and knows nothing of this; here live saving, cancelling and reporting.
"""

import io
import time
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.synchronize import Event
from typing import Any

import structlog
from PIL import Image as Pillow
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.concepts.models import Concept, Version
from app.db import now
from app.errors import NotFound, StorageFull
from app.generation.models import Image
from app.jobs import ledger
from app.jobs.ledger import Lease
from app.jobs.models import Job
from app.training.spec import TrainingSpec
from worker import embeddings, outcome
from worker.base_models import BaseModel
from worker.formats import Embedding
from worker.generation import Request, Settings, draw
from worker.inversion import Options, Step, invert
from worker.lease import Heartbeat, write
from worker.studio import Studio

log = structlog.get_logger(__name__)

REPORT_SECONDS = 0.5
PREVIEWS_AT = (0, 25, 50, 100, 200, 400, 800, 1600, 3000)
PREVIEW_SEED = 7
PREVIEW_PROMPT = {"object": "a photo of {}", "style": "a cat in the style of {}"}


def teach(studio: Studio, job: Job, stopping: Event) -> None:
    """Run one claimed training job to its end, or until it is cancelled, handed back or lost."""
    lease = Lease(job.id, job.attempt)
    with Heartbeat(studio.database, [lease], studio.settings.lease_seconds) as heartbeat:
        try:
            Teaching(studio, job, lease, heartbeat).run(stopping)
        except Exception as error:  # whatever it is, the row has to say so
            outcome.fail(studio, lease, error)


@dataclass
class Teaching:
    """One attempt at one training job."""

    studio: Studio
    job: Job
    lease: Lease
    heartbeat: Heartbeat
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    previews: list[Image] = field(default_factory=list)
    checkpoint_key: str | None = None

    def run(self, stopping: Event) -> None:
        """Step until the word is learned or somebody wants it to end."""
        self.spec = TrainingSpec.model_validate(self.job.spec)
        write(self.studio.database, self._still_wanted)
        self.checkpoint_key = self.job.checkpoint_key
        model = self.studio.base_model(self.spec.base_model)
        began = reported = saved = time.monotonic()
        step: Step | None = None
        first: int | None = None
        for step in self._steps(model):
            first = step.number if first is None else first
            wanted = self.heartbeat.wanted(self.lease)
            if wanted == "discard":
                self._cancelled()
                return
            if wanted == "keep":
                break
            if stopping.is_set():
                self._hand_back(step)
                return
            if step.number in PREVIEWS_AT:
                self._preview(model, step.embedding, step.number)
            moment = time.monotonic()
            if moment - saved >= self.studio.settings.checkpoint_seconds:
                self._save(step)
                saved = moment
            if moment - reported >= REPORT_SECONDS or step.last:
                self._report(step, rate=(step.number - first) / max(moment - began, 1e-6))
                reported = moment
        if step is None:
            raise RuntimeError("the inversion yielded no step")
        self._finish(model, step, seconds=time.monotonic() - began)

    def _still_wanted(self, session: Session) -> None:
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

    def _steps(self, model: BaseModel) -> "Any":
        pictures = [
            Pillow.open(io.BytesIO(self.studio.storage.get(picture.key))).convert("RGB")
            for picture in self.spec.pictures
        ]
        resume = None if self.checkpoint_key is None else self.studio.storage.get(self.checkpoint_key)
        return invert(model, pictures, self.spec.initializer, self._options(model), resume=resume)

    def _options(self, model: BaseModel) -> Options:
        asked = {
            name: value
            for name in ("vectors", "steps_max", "learning_rate", "mirror")
            if (value := getattr(self.spec, name)) is not None
        }
        return Options.for_model(model, kind=self.spec.kind, seed=self.spec.seed, **asked)

    def _key(self, name: str) -> str:
        return f"jobs/{self.job.id}/attempt-{self.lease.attempt}/{name}"

    def _preview(self, model: BaseModel, embedding: Embedding, number: int) -> None:
        """Draw with the word as it is; a full disk costs the picture and not the teaching."""
        prompt = PREVIEW_PROMPT[self.spec.kind].format(self.spec.placeholder)
        try:
            self.previews.append(self._draw(model, embedding, prompt, number))
        except StorageFull as full:
            self.events.append(("warning", {"detail": f"A preview could not be kept. {full.detail}"}))

    def _draw(self, model: BaseModel, embedding: Embedding, prompt: str, step: int) -> Image:
        settings = Settings.for_model(model)
        request = Request(prompt=prompt, concepts={self.spec.placeholder: embedding}, seed=PREVIEW_SEED)
        picture = draw(model, [request], settings)[0]
        content = io.BytesIO()
        picture.save(content, "PNG")
        key = self._key(f"preview-{step}.png")
        self.studio.storage.put(key, content.getvalue())
        image = Image(
            team_id=self.job.team_id,
            job_id=self.job.id,
            generation_id=None,
            position=step,
            key=key,
            seed=PREVIEW_SEED,
            width=picture.width,
            height=picture.height,
            recipe={"prompt": prompt, "seed": PREVIEW_SEED, "step": step},
        )
        write(self.studio.database, partial(self._show, image=image))
        return image

    def _show(self, session: Session, image: Image) -> None:
        session.add(image)
        session.flush()
        preview = {"step": image.position, "url": f"/api/images/{image.id}", "prompt": image.recipe["prompt"]}
        ledger.record(session, self.lease, [("preview", preview)])

    def _save(self, step: Step) -> None:
        """Keep a checkpoint; the one before goes once the ledger knows the new one."""
        key, before = self._key(f"checkpoint-{step.number}.safetensors"), self.checkpoint_key
        try:
            self.studio.storage.put(key, step.checkpoint())
        except StorageFull as full:
            self.events.append(("warning", {"detail": f"A checkpoint could not be kept. {full.detail}"}))
            return
        write(self.studio.database, partial(ledger.record, lease=self.lease, events=(), checkpoint_key=key))
        self.checkpoint_key = key
        if before is not None:
            self.studio.storage.delete(before)

    def _report(self, step: Step, rate: float) -> None:
        left = (step.steps_max - step.number) / rate if rate > 0 else None
        progress = {
            "step": step.number,
            "steps_max": step.steps_max,
            "loss": step.loss_value(),
            "evaluation": step.evaluation,
            "seconds_left": left,
        }
        events = [*self.events, *(("warning", {"detail": text}) for text in step.warnings), ("progress", progress)]
        write(self.studio.database, partial(ledger.record, lease=self.lease, events=events, progress=progress))
        self.events.clear()

    def _hand_back(self, step: Step) -> None:
        self._save(step)
        write(self.studio.database, partial(ledger.hand_back, lease=self.lease))
        log.info("handed back", job=self.job.id, step=step.number)

    def _cancelled(self) -> None:
        write(self.studio.database, partial(ledger.finish, lease=self.lease, state="cancelled"))
        self._forget_checkpoint()

    def _finish(self, model: BaseModel, step: Step, seconds: float) -> None:
        self._preview(model, step.best, step.number)
        files = self._files(model, step)
        write(self.studio.database, partial(self._make_ready, model=model, step=step, files=files, seconds=seconds))
        self._forget_checkpoint()

    def _files(self, model: BaseModel, step: Step) -> dict[str, Any]:
        """Store the embedding in every format that its base model has; a few KB each."""
        metadata = {
            "placeholder": self.spec.placeholder,
            "initializer": self.spec.initializer,
            "kind": self.spec.kind,
            "base_model": self.spec.base_model,
            "base_model_hash": model.weights_hash,
            "steps": str(step.number),
            "pictures": ",".join(picture.sha256[:16] for picture in self.spec.pictures),
        }
        return embeddings.keep(self.studio.storage, self._key("embedding"), step.best, self.spec.placeholder, metadata)

    def _make_ready(
        self, session: Session, model: BaseModel, step: Step, files: dict[str, Any], seconds: float
    ) -> None:
        """In one fenced transaction: the version is ready, it is the current one, and the job has succeeded."""
        version = session.get_one(Version, self.spec.version_id, populate_existing=True)
        version.state = "ready"
        version.base_model_hash = model.weights_hash
        version.vectors = step.vectors
        version.steps = step.number
        version.evaluation = step.best_evaluation
        version.seconds = seconds
        version.files = files
        version.sample_image_id = self.previews[-1].id if self.previews else None
        version.finished_at = now(session)
        session.flush()
        concept = session.get_one(Concept, self.spec.concept_id, populate_existing=True)
        concept.current_version = version.number
        session.flush()
        ledger.record(session, self.lease, self.events)
        ledger.finish(session, self.lease, "succeeded")

    def _forget_checkpoint(self) -> None:
        if self.checkpoint_key is not None:
            self.studio.storage.delete(self.checkpoint_key)
