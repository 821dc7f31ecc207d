"""Response schemas of the ledger."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

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
    cancel: str | None = Field(description="`discard` or `keep` after a person cancelled the job.")
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
