"""From rows of the studio to what an agent gets back: structured results, sentences, previews and links."""

from dataclasses import dataclass, field

from mcp_types import ContentBlock, ImageContent, ResourceLink, TextContent
from pydantic import BaseModel

from app.accounts.principal import Principal
from app.compat.mcp.pictures import preview
from app.compat.mcp.schemas import ConceptBrief, DrawnPicture, JobBrief, JobResult
from app.concepts import queries as concepts
from app.concepts import views as concept_views
from app.concepts.schemas import ConceptOut
from app.contracts.jobs import FINAL
from app.generation import queries as generation
from app.generation.models import Image
from app.jobs import service as jobs
from app.jobs import views as job_views
from app.jobs.schemas import JobOut
from app.services import Services
from app.web.waiting import must_have_succeeded

IMAGE_URI = "oneword://pictures/"
CONCEPT_URI = "oneword://concepts/"


@dataclass(frozen=True)
class Answer:
    """What a tool answers: the structured result, a sentence about it, and what is shown beside it."""

    result: BaseModel
    text: str
    shown: list[ContentBlock] = field(default_factory=list)

    @property
    def content(self) -> list[ContentBlock]:
        """The parts of the answer for clients and models that read no structured result."""
        return [TextContent(type="text", text=self.text), *self.shown]


def brief_concept(concept: ConceptOut) -> ConceptBrief:
    """A concept, in short."""
    return ConceptBrief(
        id=concept.id,
        word=concept.placeholder,
        name=concept.name,
        kind=concept.kind,
        state=concept.state,
        like=concept.initializer,
        description=concept.description,
        tags=concept.tags,
        base_model=concept.base_model,
        training_job=concept.training_job,
    )


def of_job(services: Services, principal: Principal, job_id: str, *, must_succeed: bool = False) -> Answer:
    """A job with the concept it teaches or the pictures it has drawn. Raises NotFound, and if the job must succeed, the
    error that it ended with."""
    with services.database.reading() as session:
        found = jobs.get(session, principal.team_id, job_id)
        if must_succeed and found.state in FINAL:
            must_have_succeeded(found, f"Somebody cancelled this job ({found.title}). Ask for it again.")
        job = job_views.describe(session, found)
        concept = job.concept and concepts.by_id(session, principal.team_id, job.concept.id)
        described = concept_views.describe(session, principal, concept) if concept else None
        drawn = job.generation_id and generation.by_id(session, principal.team_id, job.generation_id)
        images = list(generation.images(session, principal.team_id, [drawn.id])) if drawn else []
        sample_id = _sample_id(described)
        sample = generation.image(session, principal.team_id, sample_id) if sample_id else None
    result = JobResult(
        done=job.state == "succeeded",
        job=_brief(job),
        concept=described and brief_concept(described),
        pictures=[_picture(services, principal, each) for each in images],
        next_step=_next_step(job, described),
    )
    shown = _previews(services, images or ([sample] if sample else []))
    return Answer(result, _text(job, result), [*shown, *map(_link, images)])


def _brief(job: JobOut) -> JobBrief:
    progress = job.progress
    return JobBrief(
        id=job.id,
        kind=job.kind,
        state=job.state,
        title=job.title,
        ahead=job.ahead,
        step=progress and progress.step,
        steps_max=progress and progress.steps_max,
        ends_at=job.ends_at and job.ends_at.isoformat(),
        error=None if job.error is None else str(job.error["detail"]),
    )


def _next_step(job: JobOut, concept: ConceptOut | None) -> str:
    if job.state not in FINAL:
        return f'Call show_job with job_id "{job.id}" and wait_seconds to go on waiting, or cancel_job to end it.'
    if job.state == "succeeded" and concept is not None:
        return f"Call draw with a prompt that has {concept.placeholder}, such as: a photo of {concept.placeholder}."
    if job.state == "succeeded" and job.kind == "generation":
        return "Show the pictures. Call draw with the seed of a picture and another prompt to vary it."
    if job.state == "succeeded":
        return "Nothing is left to do."
    return "Call teach or draw again, with what the error says changed."


def _text(job: JobOut, result: JobResult) -> str:
    said = {
        "queued": "waits for a worker",
        "running": "runs",
        "succeeded": "is done",
        "failed": "failed",
        "cancelled": "was cancelled",
    }[job.state]
    lines = [f"{job.title}: the job {said}.", *([str(result.job.error)] if result.job.error else [])]
    lines += [f"{each.image_id}: seed {each.seed}, {each.width}×{each.height}, {each.url}" for each in result.pictures]
    return "\n".join([*lines, result.next_step])


def _picture(services: Services, principal: Principal, image: Image) -> DrawnPicture:
    url = services.signed_addresses.url(f"/api/images/{image.id}", principal)  # for people, who have no token
    return DrawnPicture(image_id=image.id, url=url, seed=image.seed, width=image.width, height=image.height)


def _sample_id(concept: ConceptOut | None) -> str:
    """The id of the picture that shows what a concept has become; empty without one."""
    address = concept.sample if concept is not None and concept.state == "ready" else None
    return (address or "").rpartition("/")[2]


def _previews(services: Services, images: list[Image]) -> list[ContentBlock]:
    return [
        ImageContent(type="image", data=preview(services.storage.get(each.key)), mime_type="image/jpeg")
        for each in images
    ]


def _link(image: Image) -> ResourceLink:
    """Where the full picture is. `app.compat.mcp.resources` serves it."""
    return ResourceLink(type="resource_link", name=image.id, uri=f"{IMAGE_URI}{image.id}", mime_type="image/png")
