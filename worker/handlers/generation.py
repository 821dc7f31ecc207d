"""Runs generation jobs: requests that wait together are drawn in one denoising loop, whatever concepts they name.

How a prompt becomes a picture is in `worker.engine.generation`; here live leases, events, and memory that runs out.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import structlog
from PIL import Image as Pillow
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.core.database import new_id
from app.core.errors import LeaseLost
from app.generation.models import Image
from app.jobs import ledger
from app.jobs.models import Job, JobEvent
from worker import failures
from worker.context import WorkerContext
from worker.engine.generation import (
    DenoisingStep,
    DrawingError,
    SamplerSettings,
    draw,
    give_back,
    pictures_that_fit,
    ran_out,
)
from worker.handlers.generation_run import GenerationRun, ImageSlot
from worker.images import data_url, png
from worker.lease import LeaseRenewal, write
from worker.shutdown import Shutdown

log = structlog.get_logger(__name__)

REPORT_SECONDS: Final = 0.5


class NobodyWaits(Exception):
    """Every order of a loop is over, so it need not go on."""


def draw_batch(context: WorkerContext, jobs: list[Job], shutdown: Shutdown) -> None:
    """Draw jobs that were claimed together. One that fails, is cancelled or lost does not touch the others."""
    orders = [GenerationRun.of(job) for job in jobs]
    leases = [order.lease for order in orders]
    with LeaseRenewal(context.database, leases, context.settings.lease_seconds) as heartbeat:
        batch = Batch(context, heartbeat, shutdown)
        ready = [order for order in orders if batch.settle(order, partial(batch.prepare, order))]
        batch.draw([ImageSlot(order, index) for order in ready for index in range(order.spec.count)])
        for order in ready:
            if not order.over:
                batch.settle(order, partial(batch.finish, order))


@dataclass
class Batch:
    """The orders of one claim, and what they share."""

    context: WorkerContext
    heartbeat: LeaseRenewal
    shutdown: Shutdown
    reported: float = 0.0

    def settle(self, order: GenerationRun, action: Callable[[], Any]) -> bool:
        """Run one order's own part. Its failure ends that order alone. Returns whether the order goes on."""
        try:
            action()
        except LeaseLost as lost:
            log.warning("lease lost", job=order.job.id, reason=str(lost))
            self._end(order)
        except Exception as error:  # whatever it is, the row has to say so
            self._end(order)
            self._fail(order, error)
        return not order.over

    def prepare(self, order: GenerationRun) -> None:
        """Fetch what the order names."""
        if not self._stopped(order):
            order.fetch(self.context)
            self._tell_changes(order)

    def _tell_changes(self, order: GenerationRun) -> None:
        """Words are drawn with a base model whose weights have changed since, but not without a word."""
        model, spec = self.context.base_model(order.spec.base_model), order.spec
        for concept in spec.concepts:
            if concept.base_model == spec.base_model and concept.base_model_hash not in (None, model.weights_hash):
                detail = (
                    f"The files of {spec.base_model} have changed since {concept.placeholder} was learned on it, so it "
                    "may look different. Teach it again if it does."
                )
                change = partial(ledger.record, lease=order.lease, events=[("warning", {"detail": detail})])
                write(self.context.database, change)

    def draw(self, places: list[ImageSlot]) -> None:
        """Draw in loops of as many pictures as fit; in smaller ones if memory runs out after all."""
        waiting = [places]
        while waiting:
            part = [place for place in waiting.pop(0) if not place.order.over]
            if not part:
                continue
            try:
                loops = list(_cut(part, self._most(part[0])))
                if len(loops) > 1:
                    waiting[:0] = loops
                    continue
                self._draw(part)
            except NobodyWaits:
                continue
            except Exception as error:  # the loop is shared, so what broke it broke it for all
                problem, out_of_memory = error, ran_out(error)
            else:
                continue
            if out_of_memory:
                problem.with_traceback(None)  # it would hold on to what there was no room for
                give_back()
                if len(part) > 1:
                    waiting[:0] = self._halves(part)
                    continue
                problem = _too_large(part[0])
            for order in _orders(part):
                self.settle(order, partial(_raise, problem))

    def finish(self, order: GenerationRun) -> None:
        """Every picture is there."""
        write(self.context.database, partial(self._succeed, order))
        self._end(order)

    def _succeed(self, order: GenerationRun, session: Session) -> None:
        ledger.finish(session, order.lease, "succeeded")
        _forget_glimpses(session, order)

    def _fail(self, order: GenerationRun, error: Exception) -> None:
        def forget(session: Session) -> None:
            ledger.record(session, order.lease, [])
            _forget_glimpses(session, order)

        try:
            write(self.context.database, forget)
            failures.fail(self.context, order.lease, error)
        except LeaseLost as lost:
            log.warning("lease lost", job=order.job.id, reason=str(lost))

    def _most(self, place: ImageSlot) -> int:
        """How many pictures go into one loop."""
        spec = place.order.spec
        model = self.context.base_model(spec.base_model)
        return min(self.context.settings.batch_pictures_max, pictures_that_fit(model, spec.width, spec.height))

    def _draw(self, places: list[ImageSlot]) -> None:
        spec = places[0].order.spec
        model = self.context.base_model(spec.base_model)
        settings = SamplerSettings(steps=spec.steps, scheduler=spec.scheduler, width=spec.width, height=spec.height)
        began = time.monotonic()
        requests = [place.request for place in places]
        pictures = draw(model, requests, settings, on_step=partial(self._on_step, places))
        self.context.metrics.drew(len(pictures), time.monotonic() - began)
        for place, picture in zip(places, pictures, strict=True):
            if not place.order.over:
                self.settle(place.order, partial(self._keep, place, picture))

    def _halves(self, places: list[ImageSlot]) -> list[list[ImageSlot]]:
        """The same pictures in two loops; the operator and whoever watches are told."""
        half = (len(places) + 1) // 2
        log.warning("out of memory; drawing fewer at once", pictures=len(places), now=half)
        detail = (
            f"{len(places)} pictures at once were too many for this worker's memory, so {half} are drawn at a time. "
            "That takes a little longer."
        )
        for order in _orders(places):
            warn = partial(ledger.record, lease=order.lease, events=[("warning", {"detail": detail})])
            self.settle(order, partial(write, self.context.database, warn))
        return [places[:half], places[half:]]

    def _on_step(self, places: list[ImageSlot], step: DenoisingStep) -> None:
        moment = time.monotonic()
        if moment - self.reported < REPORT_SECONDS:
            return
        self.reported = moment
        # Behind the last step come the pictures themselves.
        seen = [] if step.number == step.of else [data_url(glimpse) for glimpse in step.latent_previews()]
        latent_previews = dict(zip(step.indices, seen, strict=False))
        for order in _orders(places):
            own = [
                {"index": place.index, "url": latent_previews[number]}
                for number, place in enumerate(places)
                if place.order is order and number in latent_previews
            ]
            if not order.over:
                self.settle(order, partial(self._progress, order, step, own))
        if all(place.order.over for place in places):
            raise NobodyWaits

    def _progress(self, order: GenerationRun, step: DenoisingStep, latent_previews: list[dict[str, Any]]) -> None:
        if not self._stopped(order):
            write(self.context.database, partial(self._report, order, step, latent_previews))

    def _report(
        self, order: GenerationRun, step: DenoisingStep, latent_previews: list[dict[str, Any]], session: Session
    ) -> None:
        progress = {"step": step.number, "steps_max": step.of}
        events: list[tuple[str, dict[str, Any]]] = [("progress", progress)]
        if latent_previews:
            events.append(("preview", {"step": step.number, "glimpses": latent_previews}))
        _forget_glimpses(session, order)  # the newest takes the place of the one before
        ledger.record(session, order.lease, events, progress=progress)

    def _keep(self, place: ImageSlot, picture: Pillow.Image) -> None:
        """Store a picture with its recipe inside, and show it."""
        order, image_id = place.order, new_id()
        if self._stopped(order):
            return
        recipe = order.spec.recipe(place.seed)
        key = f"jobs/{order.job.id}/attempt-{order.lease.attempt}/{place.index}.png"
        content = png(picture, recipe)
        self.context.storage.put(key, content)
        image = Image(
            id=image_id,
            team_id=order.job.team_id,
            job_id=order.job.id,
            generation_id=order.spec.generation_id,
            position=place.index,
            key=key,
            seed=place.seed,
            width=picture.width,
            height=picture.height,
            bytes=len(content),
            recipe=recipe,
        )
        write(self.context.database, partial(self._show, order, image))

    def _show(self, order: GenerationRun, image: Image, session: Session) -> None:
        if session.get(Image, image.id) is not None:
            return  # the transaction before was committed, and only the answer was lost
        # An earlier attempt may have got as far as this picture; ours takes its place.
        for earlier in session.scalars(
            select(Image).where(Image.generation_id == image.generation_id, Image.position == image.position)
        ):
            session.delete(earlier)
        session.add(image)
        shown = {"index": image.position, "id": image.id, "url": f"/api/images/{image.id}", "seed": image.seed}
        ledger.record(session, order.lease, [("image", shown)])

    def _stopped(self, order: GenerationRun) -> bool:
        """Whether the order ended because somebody cancelled it, or the worker is to stop."""
        if self.heartbeat.wanted(order.lease) is not None:
            write(self.context.database, partial(self._cancelled, order))
            self._end(order)
        elif self.shutdown.is_set():
            write(self.context.database, partial(ledger.hand_back, lease=order.lease))
            self._end(order)
        return order.over

    def _cancelled(self, order: GenerationRun, session: Session) -> None:
        ledger.finish(session, order.lease, "cancelled")
        _forget_glimpses(session, order)

    def _end(self, order: GenerationRun) -> None:
        order.over = True
        self.heartbeat.drop(order.lease)


def _forget_glimpses(session: Session, order: GenerationRun) -> None:
    """Remove what showed the drawing on its way. In a fenced transaction, so that it is this attempt's business."""
    session.execute(
        delete(JobEvent)
        .where(JobEvent.job_id == order.lease.job_id, JobEvent.type == "preview")
        .execution_options(synchronize_session=False)
    )


def _cut(places: list[ImageSlot], most: int) -> Iterator[list[ImageSlot]]:
    for start in range(0, len(places), most):
        yield places[start : start + most]


def _orders(places: list[ImageSlot]) -> list[GenerationRun]:
    """The orders of these pictures, each once."""
    return list({place.order.job.id: place.order for place in places}.values())


def _too_large(place: ImageSlot) -> DrawingError:
    spec = place.order.spec
    return DrawingError(
        f"One picture of {spec.width}×{spec.height} pixels needs more memory than this worker has free. Ask for a "
        "smaller one, or try again when less is going on."
    )


def _raise(error: Exception) -> None:
    raise error
