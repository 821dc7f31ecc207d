"""One claimed drawing on its way through a loop, and what has to be fetched for it. Ownership is checked again here."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from PIL import Image as Pillow
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.concepts.models import Concept, Version
from app.contracts.generation import GenerationSpec
from app.core.errors import NotFound
from app.core.storage import Storage
from app.jobs.ledger import Lease
from app.jobs.models import Job
from worker.context import WorkerContext
from worker.engine.embeddings.formats import Embedding
from worker.engine.generation import Request


@dataclass
class GenerationRun:
    """One claimed generation job."""

    job: Job
    lease: Lease
    spec: GenerationSpec
    embeddings: Mapping[str, Embedding] = field(default_factory=dict)
    init_image: Pillow.Image | None = None
    mask: Pillow.Image | None = None
    over: bool = False

    @classmethod
    def of(cls, job: Job) -> "GenerationRun":
        """From the job's row as it was claimed."""
        return cls(job, Lease(job.id, job.attempt), GenerationSpec.model_validate(job.spec))

    def fetch(self, context: WorkerContext) -> None:
        """Load the embeddings that the prompt names, and what the drawing starts from. Raises NotFound."""
        with context.database.reading() as session:
            files = {each.version_id: _files(session, self.job.team_id, each.version_id) for each in self.spec.concepts}
        self.embeddings = {
            each.written: context.embedding_cache.get(files[each.version_id]["oneword"]["key"])
            for each in self.spec.concepts
        }
        self.init_image = _picture(context.storage, self.spec.init_image_key)
        self.mask = _picture(context.storage, self.spec.mask_key)


@dataclass(frozen=True)
class ImageSlot:
    """Picture `index` of an order."""

    order: GenerationRun
    index: int

    @property
    def seed(self) -> int:
        """Each picture of a request has its own seed, so that any of them can be drawn again alone."""
        return self.order.spec.seed + self.index

    @property
    def request(self) -> Request:
        """What the engine is asked for."""
        spec = self.order.spec
        start = {} if spec.strength is None else {"strength": spec.strength}
        return Request(
            prompt=spec.prompt,
            negative_prompt=spec.negative_prompt,
            concepts=self.order.embeddings,
            seed=self.seed,
            guidance=spec.guidance,
            init_image=self.order.init_image,
            mask=self.order.mask,
            **start,
        )


def _files(session: Session, team_id: str, version_id: str) -> dict[str, Any]:
    query = (
        select(Version.files)
        .join(Concept, Concept.id == Version.concept_id)
        .where(Version.id == version_id, Version.team_id == team_id)
        .where(Version.state == "ready", Concept.deleted_at.is_(None))
    )
    files: dict[str, Any] | None = session.scalars(query).one_or_none()
    if files is None:
        raise NotFound("A concept of this prompt was deleted before its turn came. Draw again without it.")
    return files


def _picture(storage: Storage, key: str | None) -> Pillow.Image | None:
    """One of our own clean PNGs."""
    if key is None:
        return None
    try:
        content = storage.get(key)
    except NotFound as error:
        raise NotFound(
            "The picture that this drawing starts from was deleted before its turn came. Send it again.",
            code="picture-gone",
        ) from error
    picture = Pillow.open(io.BytesIO(content), formats=("PNG",))
    picture.load()
    return picture
