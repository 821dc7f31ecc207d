"""Runs generation jobs: requests that wait together are drawn in one denoising loop, whatever concepts they name.

How a prompt becomes a picture is in `worker.generation`; here live blobs, events and the recipe inside each PNG.
"""

import io
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import structlog
from PIL import Image as Pillow
from PIL.PngImagePlugin import PngInfo
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.concepts.models import Concept, Version
from app.db import new_id
from app.errors import LeaseLost, NotFound
from app.generation.models import Image
from app.generation.spec import GenerationSpec
from app.jobs import ledger
from app.jobs.ledger import Lease
from app.jobs.models import Job
from worker import formats, outcome
from worker.formats import Embedding
from worker.generation import Request, Settings, Step, draw, parameters_text
from worker.lease import Heartbeat, write
from worker.stopping import Stopping
from worker.studio import Studio

log = structlog.get_logger(__name__)

REPORT_SECONDS = 0.5


@dataclass
class Order:
    """One claimed generation job on its way through the loop."""

    job: Job
    lease: Lease
    spec: GenerationSpec
    embeddings: Mapping[str, Embedding] = field(default_factory=dict)
    over: bool = False


@dataclass(frozen=True)
class Place:
    """Picture `index` of an order."""

    order: Order
    index: int

    @property
    def seed(self) -> int:
        """Each picture of a request has its own seed, so that any of them can be drawn again alone."""
        return self.order.spec.seed + self.index


def draw_batch(studio: Studio, jobs: list[Job], stopping: Stopping) -> None:
    """Draw jobs that were claimed together. One that fails, is cancelled or lost does not touch the others."""
    orders = [Order(job, Lease(job.id, job.attempt), GenerationSpec.model_validate(job.spec)) for job in jobs]
    leases = [order.lease for order in orders]
    with Heartbeat(studio.database, leases, studio.settings.lease_seconds) as heartbeat:
        batch = Batch(studio, heartbeat, stopping)
        ready = [order for order in orders if batch.settle(order, partial(batch.prepare, order))]
        for places in _loops(ready, studio.settings.batch_pictures_max):
            batch.draw([place for place in places if not place.order.over])
        for order in ready:
            if not order.over:
                batch.settle(order, partial(batch.finish, order))


def _loops(orders: list[Order], pictures_max: int) -> Iterator[list[Place]]:
    places = [Place(order, index) for order in orders for index in range(order.spec.count)]
    for start in range(0, len(places), pictures_max):
        yield places[start : start + pictures_max]


@dataclass
class Batch:
    """The orders of one claim, and what they share."""

    studio: Studio
    heartbeat: Heartbeat
    stopping: Stopping
    reported: float = 0.0

    def settle(self, order: Order, action: Any) -> bool:
        """Run one order's own part. Its failure ends that order alone. Returns whether the order goes on."""
        try:
            action()
        except LeaseLost as lost:
            log.warning("lease lost", job=order.job.id, reason=str(lost))
            self._end(order)
        except Exception as error:  # whatever it is, the row has to say so
            self._end(order)
            outcome.fail(self.studio, order.lease, error)
        return not order.over

    def prepare(self, order: Order) -> None:
        """Load the embeddings that the prompt names. Ownership is checked again here."""
        if self._stopped(order):
            return
        with self.studio.database.reading() as session:
            files = {
                concept.version_id: self._files(session, order, concept.version_id) for concept in order.spec.concepts
            }
        order.embeddings = {
            concept.written: formats.read_native(self.studio.storage.get(files[concept.version_id]["oneword"]["key"]))
            for concept in order.spec.concepts
        }

    def draw(self, places: list[Place]) -> None:
        """One denoising loop."""
        if not places:
            return
        orders = list(dict.fromkeys(id(place.order) for place in places))
        by_id = {id(place.order): place.order for place in places}
        try:
            began = time.monotonic()
            pictures = self._draw(places)
            self.studio.figures.drew(len(pictures), time.monotonic() - began)
        except Exception as error:  # the loop is shared, so what broke it broke it for all
            for order in (by_id[key] for key in orders):
                self.settle(order, partial(_raise, error))
            return
        for place, picture in zip(places, pictures, strict=True):
            if not place.order.over:
                self.settle(place.order, partial(self._keep, place, picture))

    def finish(self, order: Order) -> None:
        """Every picture is there."""
        write(self.studio.database, partial(ledger.finish, lease=order.lease, state="succeeded"))
        self._end(order)

    def _draw(self, places: list[Place]) -> list[Pillow.Image]:
        spec = places[0].order.spec
        model = self.studio.base_model(spec.base_model)
        settings = Settings(steps=spec.steps, scheduler=spec.scheduler, width=spec.width, height=spec.height)
        requests = [self._request(place) for place in places]
        return draw(model, requests, settings, on_step=partial(self._on_step, places))

    def _request(self, place: Place) -> Request:
        spec = place.order.spec
        return Request(
            prompt=spec.prompt,
            negative_prompt=spec.negative_prompt,
            concepts=place.order.embeddings,
            seed=place.seed,
            guidance=spec.guidance,
        )

    def _on_step(self, places: list[Place], step: Step) -> None:
        moment = time.monotonic()
        if moment - self.reported < REPORT_SECONDS:
            return
        self.reported = moment
        for order in {id(place.order): place.order for place in places}.values():
            if not order.over:
                self.settle(order, partial(self._progress, order, step))

    def _progress(self, order: Order, step: Step) -> None:
        if self._stopped(order):
            return
        progress = {"step": step.number, "steps_max": step.of}
        change = partial(ledger.record, lease=order.lease, events=[("progress", progress)], progress=progress)
        write(self.studio.database, change)

    def _keep(self, place: Place, picture: Pillow.Image) -> None:
        """Store a picture with its recipe inside, and show it."""
        order, image_id = place.order, new_id()
        if self._stopped(order):
            return
        recipe = recipe_of(order.spec, place.seed)
        key = f"jobs/{order.job.id}/attempt-{order.lease.attempt}/{place.index}.png"
        content = png(picture, recipe)
        self.studio.storage.put(key, content)
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
        write(self.studio.database, partial(self._show, order, image))

    def _show(self, order: Order, image: Image, session: Session) -> None:
        # An earlier attempt may have got as far as this picture; ours takes its place.
        for earlier in session.scalars(
            select(Image).where(Image.generation_id == image.generation_id, Image.position == image.position)
        ):
            session.delete(earlier)
        session.add(image)
        shown = {"index": image.position, "id": image.id, "url": f"/api/images/{image.id}", "seed": image.seed}
        ledger.record(session, order.lease, [("image", shown)])

    def _stopped(self, order: Order) -> bool:
        """Whether the order ended because somebody cancelled it, or the worker is to stop."""
        if self.heartbeat.wanted(order.lease) is not None:
            write(self.studio.database, partial(ledger.finish, lease=order.lease, state="cancelled"))
            self._end(order)
        elif self.stopping.is_set():
            write(self.studio.database, partial(ledger.hand_back, lease=order.lease))
            self._end(order)
        return order.over

    def _files(self, session: Session, order: Order, version_id: str) -> dict[str, Any]:
        query = (
            select(Version.files)
            .join(Concept, Concept.id == Version.concept_id)
            .where(Version.id == version_id, Version.team_id == order.job.team_id)
            .where(Version.state == "ready", Concept.deleted_at.is_(None))
        )
        files: dict[str, Any] | None = session.scalars(query).one_or_none()
        if files is None:
            raise NotFound("A concept of this prompt was deleted before its turn came. Draw again without it.")
        return files

    def _end(self, order: Order) -> None:
        order.over = True
        self.heartbeat.drop(order.lease)


def recipe_of(spec: GenerationSpec, seed: int) -> dict[str, Any]:
    """All that is needed to draw one picture again."""
    recipe = spec.model_dump(
        include={"prompt", "negative_prompt", "base_model", "steps", "guidance", "scheduler", "width", "height"}
    )
    concepts = [
        {"concept_id": concept.concept_id, "placeholder": concept.placeholder, "version": concept.version}
        for concept in spec.concepts
    ]
    return {**recipe, "seed": seed, "concepts": concepts}


def png(picture: Pillow.Image, recipe: Mapping[str, Any]) -> bytes:
    """A PNG that carries its recipe: ours as JSON, and the `parameters` text that AUTOMATIC1111 reads."""
    info = PngInfo()
    info.add_text("parameters", parameters_text(recipe))
    info.add_itxt("oneword", json.dumps(recipe, ensure_ascii=False))
    content = io.BytesIO()
    picture.save(content, "PNG", pnginfo=info)
    return content.getvalue()


def _raise(error: Exception) -> None:
    raise error
