"""Generation jobs: requests that wait together are drawn in one denoising loop, whatever concepts they name.

How a prompt becomes a picture is in `worker.engine.generation`. This module fetches what jobs name, shares loops among
them, and stores the pictures.
"""

import io
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import structlog
from PIL import Image as Pillow
from sqlalchemy.orm import Session

from app.concepts import queries as concepts
from app.contracts.generation import GenerationSpec
from app.contracts.jobs import Kind, State
from app.contracts.sizes import SizeLimit
from app.core.errors import InvalidInput, NotFound
from app.core.storage import Storage
from app.generation import queries
from app.generation.models import Image
from app.jobs import ledger
from app.jobs import queries as jobs
from app.jobs.models import Job
from worker.context import WorkerContext
from worker.engine.embeddings.formats import Embedding
from worker.engine.generation import (
    DenoisingStep,
    DrawingError,
    Request,
    SamplerSettings,
    draw,
    pictures_that_fit,
)
from worker.engine.halving import is_out_of_memory, run_halving
from worker.images import data_url, store_image
from worker.job_run import Event, JobRun, PassOver
from worker.runner import Admit

log = structlog.get_logger(__name__)

PROGRESS_SECONDS: Final = 0.5  # between two progress events


class LoopAbandoned(Exception):
    """Every job of a loop is over, so the loop does not go on."""


@dataclass(frozen=True)
class GenerationInputs:
    """The inputs of a generation job."""

    spec: GenerationSpec
    embeddings: Mapping[str, Embedding]  # by the placeholder as the prompt writes it
    init_image: Pillow.Image | None
    mask: Pillow.Image | None
    drawn: frozenset[int]  # pictures that an earlier attempt stored


GenerationRun = JobRun[GenerationInputs]


@dataclass(frozen=True)
class ImageSlot:
    """Picture `index` of a generation job."""

    run: GenerationRun
    index: int

    @property
    def seed(self) -> int:
        """Each picture of a request has its own seed, so that it can be drawn again alone."""
        return self.run.work.spec.picture(self.index).seed

    @property
    def request(self) -> Request:
        """The engine's request for this picture."""
        inputs = self.run.work
        picture = inputs.spec.picture(self.index)
        strength = {} if inputs.spec.strength is None else {"strength": inputs.spec.strength}
        return Request(
            prompt=picture.prompt,
            negative_prompt=picture.negative_prompt,
            concepts={each.written: inputs.embeddings[each.written] for each in inputs.spec.concepts_of(picture)},
            seed=picture.seed,
            guidance=picture.guidance,
            init_image=inputs.init_image,
            mask=inputs.mask,
            mask_padding=inputs.spec.mask_padding,
            **strength,
        )


@dataclass
class GenerationHandler:
    """Draws claimed generation jobs together."""

    context: WorkerContext
    kind: Kind = "generation"
    _reported: float = 0.0  # when progress was last written, time.monotonic()

    def claim_mates(self, session: Session, leader: Job) -> list[Job]:
        """Jobs of the same size, steps, scheduler and base model, up to the pictures of one pass in all."""
        settings, spec = self.context.settings, GenerationSpec.model_validate(leader.spec)
        left = min(spec.count, -(-leader.cost // spec.picture_cost))
        room = min(spec.pass_pictures, settings.batch_pictures_max) - left
        return ledger.claim_mates(session, leader, self.context.name, settings.lease_seconds, room)

    def prepare(self, run: GenerationRun) -> GenerationInputs:
        """Load the embeddings that the prompt names, and the picture and mask that the job starts from."""
        spec, team_id = GenerationSpec.model_validate(run.job.spec), run.job.team_id
        self._check_size(spec)
        version_ids = [each.version_id for each in spec.concepts]
        files = run.read(partial(concepts.ready_files, team_id=team_id, version_ids=version_ids))
        if any(each.version_id not in files for each in spec.concepts):
            raise NotFound(
                "A concept of this prompt was deleted while the job waited. Draw again without it.",
                code="concept-deleted",
            )
        inputs = GenerationInputs(
            spec=spec,
            embeddings={
                each.written: self.context.embedding_cache.get(files[each.version_id]["oneword"]["key"])
                for each in spec.concepts
            },
            init_image=_stored_picture(self.context.storage, spec.init_image_key),
            mask=_stored_picture(self.context.storage, spec.mask_key),
            drawn=run.read(partial(_drawn, run=run)) if run.job.attempt > 1 or spec.pictures_left else frozenset(),
        )
        if warnings := self._changed_models(spec):
            run.record(warnings)
        return inputs

    def compute(self, runs: list[GenerationRun], admit: Admit[GenerationInputs]) -> None:
        """Draw in passes of as many pictures as fit, and in smaller loops if memory runs out after all.

        Between two passes a job is handed back if one that waits goes first. Its pictures stay.
        """
        waiting = [
            ImageSlot(run, index) for run in runs for index in range(run.work.spec.count) if index not in run.work.drawn
        ]
        while waiting:
            room = self._room(waiting[0])
            run_halving(waiting[:room], self._draw, on_failure=_fail, on_out_of_memory=self._warn_of_halving)
            waiting = waiting[room:]
            if waiting:
                self._between_passes(runs, waiting)
                waiting = [slot for slot in waiting if not slot.run.over]

    def _between_passes(self, runs: list[GenerationRun], waiting: list[ImageSlot]) -> None:
        """End the jobs that have all their pictures, and let a job that waits go first."""
        for run in runs:
            left = sum(slot.run is run for slot in waiting)
            run.guard(partial(_end_pass, run, left) if left else run.finish)

    def finish(self, session: Session, run: GenerationRun) -> None:
        """The pictures are stored already; only their previews go."""
        jobs.remove_previews(session, run.job.team_id, run.job.id)

    def release(self, session: Session, run: GenerationRun, state: State) -> None:
        """Previews go. Pictures stay: another attempt replaces them one by one."""
        jobs.remove_previews(session, run.job.team_id, run.job.id)

    def _check_size(self, spec: GenerationSpec) -> None:
        """Refuse a picture that was too large when it was drawn, though it was not when it was asked for."""
        model = self.context.base_model(spec.base_model)
        limit = SizeLimit.of(model.resolution, model.card, self.context.settings.pixels_max)
        if not limit.allows(spec.width, spec.height):
            width, height = limit.nearest(spec.width, spec.height)
            reason = limit.refusal(model.title, spec.width, spec.height)
            raise InvalidInput(f"{reason} Ask for {width}×{height}.", code="size-too-large")

    def _changed_models(self, spec: GenerationSpec) -> list[Event]:
        """A warning for each concept whose base model's files have changed since the concept was trained on it."""
        model = self.context.base_model(spec.base_model)
        return [
            (
                "warning",
                {
                    "detail": f"The files of {spec.base_model} have changed since {concept.placeholder} was learned on "
                    "it, so it may look different. Teach it again if it does."
                },
            )
            for concept in spec.concepts
            if concept.base_model == spec.base_model and concept.base_model_hash not in (None, model.weights_hash)
        ]

    def _room(self, slot: ImageSlot) -> int:
        """How many pictures go into one pass."""
        spec = slot.run.work.spec
        model = self.context.base_model(spec.base_model)
        most = min(spec.pass_pictures, self.context.settings.batch_pictures_max)
        return min(most, pictures_that_fit(model, spec.width, spec.height))

    def _draw(self, slots: list[ImageSlot]) -> None:
        """Draw and store some pictures in one loop."""
        slots = [slot for slot in slots if not slot.run.over]
        if not slots:
            return
        spec = slots[0].run.work.spec
        model = self.context.base_model(spec.base_model)
        settings = SamplerSettings(steps=spec.steps, scheduler=spec.scheduler, width=spec.width, height=spec.height)
        began = time.monotonic()
        try:
            requests = [slot.request for slot in slots]
            pictures = draw(model, requests, settings, on_step=partial(self._on_step, slots))
        except LoopAbandoned:
            return
        self.context.metrics.generated(len(pictures), time.monotonic() - began)
        for slot, picture in zip(slots, pictures, strict=True):
            slot.run.guard(partial(self._store, slot, picture))

    def _on_step(self, slots: list[ImageSlot], step: DenoisingStep) -> None:
        moment = time.monotonic()
        if moment - self._reported < PROGRESS_SECONDS:
            return
        self._reported = moment
        # The pictures themselves follow the last step, so that one needs no preview.
        previews = [] if step.number == step.of else [data_url(preview) for preview in step.latent_previews()]
        shown = dict(zip(step.indices, previews, strict=False))
        for run in _runs(slots):
            own = [
                {"index": slot.index, "url": shown[number]}
                for number, slot in enumerate(slots)
                if slot.run is run and number in shown
            ]
            run.guard(partial(self._report, run, step, own))
        if all(slot.run.over for slot in slots):
            raise LoopAbandoned

    def _report(self, run: GenerationRun, step: DenoisingStep, previews: list[dict[str, Any]]) -> None:
        run.raise_if_stopped()
        progress = {"step": step.number, "steps_max": step.of}
        events: list[Event] = [("progress", progress)]
        if previews:
            events.append(("preview", {"step": step.number, "glimpses": previews}))

        def change(session: Session) -> None:
            jobs.remove_previews(session, run.job.team_id, run.job.id)  # only the newest previews are kept
            ledger.record(session, run.lease, events, progress=progress)

        run.write(change)

    def _store(self, slot: ImageSlot, picture: Pillow.Image) -> None:
        """Store a picture with its recipe inside, and record the event `image`."""
        run, spec = slot.run, slot.run.work.spec
        run.raise_if_stopped()
        image = store_image(
            run,
            f"{slot.index}.png",
            picture,
            position=slot.index,
            seed=slot.seed,
            recipe=spec.recipe(slot.index),
            generation_id=spec.generation_id,
        )
        run.write(partial(_add_image, run=run, image=image))

    def _warn_of_halving(self, slots: list[ImageSlot], half: int) -> None:
        log.warning("out of memory; drawing fewer pictures at once", pictures=len(slots), now=half)
        detail = (
            f"{len(slots)} pictures at once were too many for this worker's memory, so {half} are drawn at a time. "
            "That takes a little longer."
        )
        for run in _runs(slots):
            run.guard(partial(run.record, [("warning", {"detail": detail})]))


def _drawn(session: Session, run: GenerationRun) -> frozenset[int]:
    """Which pictures of the job are stored already."""
    images = queries.images_drawn(session, run.job.team_id, run.job.generation_id or "")
    return frozenset(image.position for image in images)


def _end_pass(run: GenerationRun, left: int) -> None:
    """Write how many pictures are left. Raises PassOver if a job that waits goes first."""
    run.raise_if_stopped()
    if run.write(partial(ledger.end_pass, lease=run.lease, cost=left * run.work.spec.picture_cost)):
        raise PassOver


def _add_image(session: Session, run: GenerationRun, image: Image) -> None:
    """Add the row of a picture, in place of the one that an earlier attempt drew."""
    if not queries.add_generated(session, run.job.team_id, image):
        return  # the transaction before was committed, and only the answer was lost
    shown = {"index": image.position, "id": image.id, "url": f"/api/images/{image.id}", "seed": image.seed}
    ledger.record(session, run.lease, [("image", shown)])


def _fail(slot: ImageSlot, error: Exception) -> None:
    """End the job of a picture that cannot be drawn even alone."""
    if is_out_of_memory(error):
        spec = slot.run.work.spec
        error = DrawingError(
            f"One picture of {spec.width}×{spec.height} pixels needs more memory than this worker has free. Ask for a "
            "smaller picture, or try again when the worker is less busy."
        )
    slot.run.end(error)


def _runs(slots: list[ImageSlot]) -> list[GenerationRun]:
    """The jobs of these pictures, each once, without those that are over."""
    return [run for run in {slot.run.job.id: slot.run for slot in slots}.values() if not run.over]


def _stored_picture(storage: Storage, key: str | None) -> Pillow.Image | None:
    """One of the studio's own clean PNGs."""
    if key is None:
        return None
    try:
        content = storage.get(key)
    except NotFound as error:
        raise NotFound(
            "The picture that this drawing starts from was deleted while the job waited. Send it again.",
            code="picture-gone",
        ) from error
    picture = Pillow.open(io.BytesIO(content), formats=("PNG",))
    picture.load()
    return picture
