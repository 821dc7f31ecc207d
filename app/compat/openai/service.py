"""From a request in OpenAI's form to a generation, and from its pictures to the answer."""

import base64
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from fastapi import UploadFile

from app.accounts.principal import Principal
from app.compat.openai.schemas import ImageData, ImagesIn, ImagesOut
from app.contracts.limits import SIDE_MAX, SIDE_MIN, SIDE_MULTIPLE
from app.core.errors import Conflict, InvalidInput, NotReady, OnewordError
from app.generation import queries, service
from app.generation.init_images import Attached
from app.generation.request import GenerationRequest
from app.generation.sizes import SizeRefused
from app.generation.submission import draw
from app.jobs import service as jobs
from app.pictures import decoding
from app.pictures.cleaning import UploadedFile
from app.services import Services

log = structlog.get_logger(__name__)

_SIZE: Final = re.compile(r"([0-9]{2,4})x([0-9]{2,4})")
SIDES: Final = range(SIDE_MIN, SIDE_MAX + 1, SIDE_MULTIPLE)


@dataclass(frozen=True)
class ImageRequest:
    """A request for pictures, translated to Oneword's own form."""

    principal: Principal
    generation: GenerationRequest
    key: str | None
    files: Mapping[str, Attached] = field(default_factory=dict)


def as_files(services: Services, pictures: Sequence[UploadFile], mask: UploadFile | None) -> dict[str, Attached]:
    """The initial picture and its mask. The area to inpaint is the transparent part of the mask; without a mask, the
    transparent part of the picture itself, if it has one."""
    if len(pictures) != 1:
        sent = f"{len(pictures)} were sent" if pictures else "none was"
        raise InvalidInput(f"One picture is edited at a time, and {sent}. Send one.", field="image", code="image-count")
    picture = _read(pictures[0])
    files = {"init_image": Attached(picture)}
    if mask is not None:
        files["mask"] = Attached(_read(mask), decoding.transparent_area)
    elif services.pictures.decode(picture, decoding.is_transparent, "image"):
        files["mask"] = Attached(picture, decoding.transparent_area)
    return files


def as_generation(body: ImagesIn) -> GenerationRequest:
    """The same request in Oneword's own form. Raises InvalidInput."""
    width, height = _sides(body.size)
    return GenerationRequest(
        prompt=body.prompt,
        negative_prompt=body.negative_prompt,
        base_model=body.model or None,
        count=body.n,
        seed=body.seed,
        steps=body.steps,
        guidance=body.guidance,
        scheduler=body.scheduler,
        width=width,
        height=height,
        strength=getattr(body, "strength", None),
    )


def submit(services: Services, request: ImageRequest) -> str:
    """Queue the generation. Returns the job's id."""
    try:
        return draw(services, request.principal, request.generation, request.key, request.files)
    except SizeRefused as error:  # the examples of the clients ask for 1024x1024
        error.detail = f'{error.reason} Send size="{error.nearest}", or size="auto" for {error.own}.'
        raise


def answer(services: Services, principal: Principal, job_id: str, format_: str | None) -> ImagesOut:
    """The pictures of a generation. Raises the error that it ended with if there are none."""
    with services.database.reading() as session:
        job = jobs.get(session, principal.team_id, job_id)
        if job.state != "succeeded":
            raise _not_drawn(job.state, job.error, job.generation_id)
        generation = service.of_job(session, principal.team_id, job_id)
        images = queries.images(session, principal.team_id, [generation.id])
    data = []
    for image in images:
        content = None if format_ == "url" else base64.b64encode(services.storage.get(image.key)).decode()
        url = None if format_ == "b64_json" else services.signed_addresses.url(f"/api/images/{image.id}", principal)
        data.append(ImageData(b64_json=content, url=url))
    return ImagesOut(created=int(generation.created_at.timestamp()), data=data)


def cancel(services: Services, principal: Principal, job_id: str) -> None:
    """Cancel a drawing that nobody waits for any more, unless it has ended meanwhile."""
    with suppress(Conflict), services.database.transaction() as session:
        jobs.cancel(session, principal, job_id, keep=False)
        log.info("cancelled: the client closed its connection", job=job_id)


def _read(file: UploadFile) -> UploadedFile:
    return UploadedFile(file.filename or "", file.file.read())


def _not_drawn(state: str, error: dict[str, Any] | None, generation_id: str | None) -> OnewordError:
    if state == "failed" and error is not None:
        kind = InvalidInput if error["status"] < 500 else OnewordError
        return kind(error["detail"], code=error["type"].removeprefix("/problems/"))
    if state == "cancelled":
        return Conflict("Somebody cancelled this drawing. Ask for it again.", code="job-cancelled")
    return NotReady(
        f"The drawing still waits or runs. It goes on: look at /api/generations/{generation_id} for it.",
        code="still-drawing",
    )


def _sides(size: str | None) -> tuple[int | None, int | None]:
    if size in (None, "", "auto"):
        return None, None
    match = _SIZE.fullmatch(size or "")
    if match is None or int(match[1]) not in SIDES or int(match[2]) not in SIDES:
        raise InvalidInput(
            f"The size {size!r} cannot be drawn. Send auto, or width x height such as 512x512: each a multiple of 8 "
            f"from {SIDES[0]} to {SIDES[-1]}.",
            field="size",
            code="size",
        )
    return int(match[1]), int(match[2])
