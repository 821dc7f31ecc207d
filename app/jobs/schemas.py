"""Request and response schemas of the ledger, and the events of a job's stream."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, RootModel

from app.contracts.jobs import Kind, State
from app.core.request_model import RequestModel


class Progress(BaseModel):
    """The progress of a running job."""

    step: int
    steps_max: int
    loss: float | None = None
    evaluation: float | None = None
    seconds_left: float | None = Field(
        None, description="Seconds until `steps_max` at the present pace: the most that a training takes."
    )
    seconds_likely: float | None = Field(
        None,
        description="Seconds until a training probably stops by itself, after as many steps as the team's earlier ones "
        "with the same base model and options; null when they say nothing about what follows.",
    )
    stage: Literal["report"] | None = Field(
        None, description="`report` while the report is drawn, after the last step."
    )


class Person(BaseModel):
    """A person as other people see them."""

    id: str
    name: str


class TaughtConcept(BaseModel):
    """The concept that a job trains or imports."""

    id: str
    name: str
    placeholder: str
    version: int


class JobOut(BaseModel):
    """A job."""

    id: str
    kind: Kind
    state: State
    title: str
    attempt: int
    attempts_max: int
    ahead: int | None = Field(description="Jobs that are claimed before this one; null once it runs.")
    starts_at: datetime | None = Field(description="When it is expected to begin, while it waits; null when unknown.")
    ends_at: datetime | None = Field(description="When it is expected to end, while it waits or runs.")
    cancel: Literal["discard", "keep"] | None = Field(
        description="`discard` or `keep` after a person cancelled the job."
    )
    progress: Progress | None
    error: dict[str, Any] | None = Field(description="A problem (RFC 9457) if the job failed.")
    concept: TaughtConcept | None
    generation_id: str | None
    created_by: Person
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class JobPage(BaseModel):
    """A page of jobs, newest first."""

    items: list[JobOut]
    next: str | None


class Cancellation(RequestModel):
    """How to cancel a job."""

    keep: bool = Field(False, description="For a training: keep the best embedding so far.")


# An event is sent as `event:`, `id:` and `data:`. `data` is JSON, which workers write with `app.jobs.ledger.record`.
EventId = Annotated[int, Field(description="Send it as `Last-Event-ID` to continue after this event.")]


class StateData(BaseModel):
    """The state that a job has entered."""

    state: State
    attempt: int | None = Field(None, description="Attempts so far.")
    error: dict[str, Any] | None = Field(None, description="A problem (RFC 9457) if the job failed.")


class LatentPreview(BaseModel):
    """A coarse picture of an image that is still being drawn."""

    index: int = Field(description="Which picture of the request, from 0.")
    url: str = Field(description="A `data:` address.")


class PreviewData(BaseModel):
    """What the job has so far: of a training a stored picture, of a generation a coarse picture of each image."""

    step: int
    url: str | None = Field(None, description="Of a training: the address of the picture.")
    prompt: str | None = Field(None, description="Of a training: what was drawn.")
    glimpses: list[LatentPreview] | None = Field(None, description="Of a generation.")


class DrawnData(BaseModel):
    """An image that is finished."""

    index: int = Field(description="Which picture of the request, from 0.")
    id: str
    url: str
    seed: int


class WarningData(BaseModel):
    """Something that a person should know of the result."""

    detail: str


class StateEvent(BaseModel):
    """The job has entered a state. After a final one the stream ends."""

    id: EventId
    event: Literal["state"]
    data: StateData


class ProgressEvent(BaseModel):
    """The job has got further."""

    id: EventId
    event: Literal["progress"]
    data: Progress


class PreviewEvent(BaseModel):
    """There is a preview."""

    id: EventId
    event: Literal["preview"]
    data: PreviewData


class ImageEvent(BaseModel):
    """An image of a generation is finished."""

    id: EventId
    event: Literal["image"]
    data: DrawnData


class WarningEvent(BaseModel):
    """There is a warning."""

    id: EventId
    event: Literal["warning"]
    data: WarningData


class JobEvent(
    RootModel[
        Annotated[StateEvent | ProgressEvent | PreviewEvent | ImageEvent | WarningEvent, Field(discriminator="event")]
    ]
):
    """One event of `GET /api/jobs/{job_id}/events`."""
