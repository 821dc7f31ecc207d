"""From the pictures of a generation to the answer, and the count of its tokens."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.accounts.principal import Principal
from app.compat.openai.request import AnswerForm
from app.compat.openai.schemas import ImageData, ImagesOut, InputTokens, OutputTokens, Usage
from app.concepts import queries as concepts
from app.contracts.generation import GenerationSpec
from app.contracts.limits import SIDE_MULTIPLE
from app.contracts.prompts import cut
from app.generation import queries, service
from app.generation.models import Image
from app.generation.picture_formats import in_format
from app.jobs import service as jobs
from app.services import Services
from app.web.waiting import must_have_succeeded


@dataclass(frozen=True)
class Drawn:
    """A generation and its pictures."""

    spec: GenerationSpec
    created_at: datetime
    images: Sequence[Image]


def answer(services: Services, principal: Principal, job_id: str, form: AnswerForm) -> ImagesOut:
    """The pictures of a generation. Raises the error that it ended with if there are none."""
    found = drawn(services, principal, job_id)
    spec = found.spec
    return ImagesOut(
        created=int(found.created_at.timestamp()),
        data=[_data(services, principal, image, form) for image in found.images],
        output_format=form.output_format,
        quality=form.quality,
        size=f"{spec.width}x{spec.height}",
        usage=usage(spec, len(found.images), input_tokens(services, principal.team_id, spec)),
        ignored=list(form.ignored),
    )


def encoded(png: bytes, form: AnswerForm) -> str:
    """A picture in the format of the request, as base64."""
    return base64.b64encode(in_format(png, form.output_format, form.output_compression)).decode()


def input_tokens(services: Services, team_id: str, spec: GenerationSpec) -> InputTokens:
    """The tokens of a request: those of its prompts as the base model's first text encoder reads them, without start,
    end and padding; and one for each square of 8 × 8 pixels (one latent pixel) of the picture that it starts from."""
    model = services.catalog.get(spec.base_model)
    with services.database.reading() as session:
        wanted = {(each.concept_id, each.version) for each in spec.concepts}
        found = {each.id: each.vectors for each in concepts.numbered(session, team_id, wanted)}
    vectors = {each.written: range(found.get(each.version_id) or 1) for each in spec.concepts}
    room = model.facts.context_length - 2
    prompts = (spec.prompt, spec.negative_prompt)
    windows = [window for text in prompts for window in cut(text, vectors, model.tokenizer.ids, room)]
    return InputTokens(
        text_tokens=sum(len(window.ids) for window in windows),
        image_tokens=0 if spec.init_image is None else _image_tokens(spec),
    )


def usage(spec: GenerationSpec, pictures: int, read: InputTokens) -> Usage:
    """The usage of some pictures, and of what was read for them."""
    input_, output = read.image_tokens + read.text_tokens, pictures * _image_tokens(spec)
    return Usage(
        input_tokens=input_,
        input_tokens_details=read,
        output_tokens=output,
        output_tokens_details=OutputTokens(image_tokens=output),
        total_tokens=input_ + output,
    )


def drawn(services: Services, principal: Principal, job_id: str) -> Drawn:
    """A generation that has succeeded. Raises the error that it ended with otherwise."""
    with services.database.reading() as session:
        job = jobs.get(session, principal.team_id, job_id)
        must_have_succeeded(job)
        generation = service.of_job(session, principal.team_id, job_id)
        images = queries.images(session, principal.team_id, [generation.id])
    return Drawn(GenerationSpec.model_validate(job.spec), generation.created_at, images)


def _image_tokens(spec: GenerationSpec) -> int:
    return (spec.width // SIDE_MULTIPLE) * (spec.height // SIDE_MULTIPLE)


def _data(services: Services, principal: Principal, image: Image, form: AnswerForm) -> ImageData:
    content = None if form.response_format == "url" else encoded(services.storage.get(image.key), form)
    url = None if form.response_format == "b64_json" else _url(services, principal, image, form)
    return ImageData(b64_json=content, url=url)


def _url(services: Services, principal: Principal, image: Image, form: AnswerForm) -> str:
    """It opens without a token, since those who get it from an OpenAI client have none."""
    format_ = "" if form.output_format == "png" else f"&format={form.output_format}"
    return services.signed_addresses.url(f"/api/images/{image.id}", principal) + format_
