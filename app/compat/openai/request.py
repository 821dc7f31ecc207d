"""From a request in OpenAI's form to a generation, and to the form of its answer."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from fastapi import UploadFile

from app.accounts.principal import Principal
from app.compat.openai import base_models
from app.compat.openai.schemas import (
    IGNORED,
    EditIn,
    ImagesIn,
    PictureRequest,
    Quality,
    ResponseFormat,
    SentQuality,
    VariationIn,
)
from app.contracts.limits import SIDE_MAX, SIDE_MIN, SIDE_MULTIPLE
from app.contracts.schedulers import steps_max
from app.core.errors import InvalidInput
from app.generation.init_images import Attached
from app.generation.picture_formats import PictureFormat
from app.generation.prompts import named
from app.generation.request import GenerationRequest
from app.pictures import decoding
from app.pictures.cleaning import UploadedFile
from app.services import Services

VARIATION_STRENGTH: Final = 0.6
SIDES: Final = range(SIDE_MIN, SIDE_MAX + 1, SIDE_MULTIPLE)
_SIZE: Final = re.compile(r"([0-9]{2,4})x([0-9]{2,4})")
_QUALITIES: Final[Mapping[SentQuality, Quality]] = {
    "auto": "medium", "low": "low", "medium": "medium", "high": "high", "xhigh": "xhigh", "max": "max",
    "standard": "medium", "hd": "high",
}  # fmt: skip
_STEPS: Final[Mapping[Quality, float]] = {"low": 0.5, "medium": 1, "high": 2, "xhigh": 3, "max": 4}


@dataclass(frozen=True)
class AnswerForm:
    """How the pictures of a request are sent."""

    response_format: ResponseFormat | None = None  # None: both
    output_format: PictureFormat = "png"
    output_compression: int | None = None  # 0..100
    quality: Quality | None = None  # None: the request states its steps
    ignored: tuple[str, ...] = ()
    partial_images: int | None = None  # of each picture; None: no stream
    events: Literal["image_generation", "image_edit"] = (
        "image_generation"  # beginning of the names of a stream's events
    )


@dataclass(frozen=True)
class ImageRequest:
    """A request for pictures, translated to Oneword's own form."""

    principal: Principal
    generation: GenerationRequest
    key: str | None
    form: AnswerForm
    files: Mapping[str, Attached] = field(default_factory=dict)


def drawing(services: Services, principal: Principal, body: ImagesIn, key: str | None) -> ImageRequest:
    """A drawing, and an edit if the body has a picture. Raises InvalidInput."""
    form = _form(body)
    files = _edited(services, body) if isinstance(body, EditIn) else {}
    strength = body.strength if isinstance(body, EditIn) else None
    model = base_models.resolved(services, body.model)
    steps = body.steps if form.quality is None else _steps(services, principal, body, model, form.quality)
    return ImageRequest(principal, _generation(body, body.prompt, model, steps, strength), key, form, files)


def variation(services: Services, principal: Principal, body: VariationIn, key: str | None) -> ImageRequest:
    """Pictures that resemble one: drawn from it as far as the strength keeps of it. Raises InvalidInput."""
    quality: Quality | None = "medium" if body.steps is None else None
    form = AnswerForm(response_format=body.response_format, quality=quality, ignored=_ignored(body))
    files = {"init_image": Attached(_read(_one(body.image)))}
    strength = VARIATION_STRENGTH if body.strength is None else body.strength
    model = base_models.resolved(services, body.model)
    return ImageRequest(principal, _generation(body, body.prompt, model, body.steps, strength), key, form, files)


def _generation(
    body: PictureRequest, prompt: str, model: str | None, steps: int | None, strength: float | None
) -> GenerationRequest:
    width, height = sides(body.size)
    return GenerationRequest(
        prompt=prompt,
        negative_prompt=body.negative_prompt or "",
        base_model=model,
        count=1 if body.n is None else body.n,
        seed=body.seed,
        steps=steps,
        guidance=body.guidance,
        scheduler=body.scheduler,
        width=width,
        height=height,
        strength=strength,
    )


def _form(body: ImagesIn) -> AnswerForm:
    """How the answer is sent. Raises InvalidInput for fields that contradict each other."""
    output_format = body.output_format or "png"
    if output_format == "png" and body.output_compression not in (None, 100):
        raise InvalidInput(
            "A PNG is never compressed at the cost of its pixels. Send output_format=jpeg or webp, or leave "
            "output_compression out.",
            field="output_compression",
        )
    if body.partial_images and not body.stream:
        raise InvalidInput("Partial images are sent in a stream. Send stream=true too.", field="partial_images")
    if body.stream and body.response_format == "url":
        raise InvalidInput(
            "The events of a stream have the pictures as b64_json. Leave response_format out, or do not ask for a "
            "stream.",
            field="response_format",
        )
    return AnswerForm(
        response_format=body.response_format,
        output_format=output_format,
        output_compression=body.output_compression,
        quality=_QUALITIES[body.quality or "auto"] if body.steps is None else None,
        ignored=_ignored(body),
        partial_images=(body.partial_images or 0) if body.stream else None,
        events="image_edit" if isinstance(body, EditIn) else "image_generation",
    )


def _ignored(body: PictureRequest) -> tuple[str, ...]:
    ignored = [name for name in IGNORED if getattr(body, name, None) is not None]
    if body.steps is not None and getattr(body, "quality", None) not in (None, "auto"):
        ignored.append("quality")
    return tuple(sorted(ignored))


def _steps(
    services: Services, principal: Principal, body: ImagesIn, model_id: str | None, quality: Quality
) -> int | None:
    """The denoising steps that a quality means; None for the base model's own. Raises PromptError, or NotReady."""
    if quality == "medium":
        return None
    if model_id is None:
        with services.database.reading() as session:
            concepts = [
                *named(session, principal.team_id, body.prompt, "prompt"),
                *named(session, principal.team_id, body.negative_prompt or "", "negative_prompt"),
            ]
            model_id = next((each.version.base_model for each in concepts), None)
    card = services.catalog.get(model_id).facts.card
    return min(max(1, round(card.steps * _STEPS[quality])), steps_max(body.scheduler or card.scheduler))


def _edited(services: Services, body: EditIn) -> dict[str, Attached]:
    """The initial picture and its mask. The area to inpaint is the transparent part of the mask; without a mask, the
    transparent part of the picture itself, if it has one."""
    picture = _read(_one([*body.image, *body.images]))
    files = {"init_image": Attached(picture)}
    if body.mask is not None:
        files["mask"] = Attached(_read(body.mask), decoding.transparent_area)
    elif services.pictures.decode(picture, decoding.is_transparent, "image"):
        files["mask"] = Attached(picture, decoding.transparent_area)
    return files


def _one(pictures: Sequence[UploadFile]) -> UploadFile:
    if len(pictures) == 1:
        return pictures[0]
    sent = f"{len(pictures)} were sent" if pictures else "none was"
    raise InvalidInput(
        f"One picture is edited at a time, and {sent}. Send one. To draw a subject that several pictures show, teach "
        "it as a concept and name its placeholder in the prompt.",
        field="image",
        code="image-count",
    )


def _read(file: UploadFile) -> UploadedFile:
    return UploadedFile(file.filename or "", file.file.read())


def sides(size: str | None) -> tuple[int | None, int | None]:
    """Width and height of a `size`; None for the base model's own. Raises InvalidInput."""
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
