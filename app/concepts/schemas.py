"""Request and response schemas of the library."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.contracts.training import ConceptKind
from app.core.request_model import RequestModel
from app.jobs.schemas import JobOut, Person

Kind = ConceptKind
Tag = Annotated[str, Field(max_length=10_000)]  # what is stored of it is shorter
VersionState = Literal["training", "ready", "failed", "cancelled"]


class PictureOut(BaseModel):
    """A training picture of a version."""

    id: str
    url: str
    width: int
    height: int
    caption: str = Field("", description="What it shows beside the concept, which the concept does not learn.")
    mask: str | None = Field(None, description="Address of its mask: white is learned from. Null: all of it is.")


class PreviewOut(BaseModel):
    """A picture that was drawn at one step of a training."""

    step: int
    url: str


class EmbeddingOut(BaseModel):
    """The file of a few KB that holds a version's embedding."""

    bytes: int
    sha256: str
    widths: dict[str, int] = Field(description="Numbers in one vector, for each text encoder.")
    formats: list[str] = Field(description="The values that `?format=` of the download accepts.")


class OriginOut(BaseModel):
    """The source of a version that was not trained: another tool's file, or a checkpoint of an earlier version."""

    imported_from: str | None = Field(None, description="The other tool's format.")
    imported_as: str | None = Field(None, description="The name inside the file, or the file's name.")
    note: str | None = Field(None, description="Contents of the file that were not imported.")
    version: int | None = Field(None, description="Number of the version whose checkpoint it is.")
    step: int | None = None


class VersionOut(BaseModel):
    """The result of one training or import of a concept."""

    id: str
    number: int
    state: VersionState
    current: bool = Field(description="Whether the bare placeholder means this version.")
    base_model: str
    base_model_hash: str | None = Field(
        None, description="Hash of the weights it was trained on. It differs from the base model's if those changed."
    )
    initializer: str
    vectors: int
    steps: int | None
    evaluation: float | None
    seconds: float | None
    score: float | None = Field(
        None, description="Likeness times editability, from its report; null without one. Higher is better."
    )
    embedding: EmbeddingOut | None
    sample: str | None
    report: str | None = Field(None, description="Address of its report; null if it has none.")
    origin: OriginOut | None = None
    previews: list[PreviewOut]
    pictures: list[PictureOut]
    job_id: str | None
    created_at: datetime
    finished_at: datetime | None


class ConceptOut(BaseModel):
    """A concept of the team."""

    id: str
    name: str
    placeholder: str
    initializer: str
    kind: Kind
    base_model: str
    family: str
    description: str
    tags: list[str]
    owner: Person = Field(description="The person who made it.")
    may_change: bool = Field(
        description="Whether the caller may change, teach again and delete it: its owner may, and administrators."
    )
    state: VersionState
    current_version: VersionOut | None
    version_count: int
    sample: str | None
    pictures: list[PictureOut]
    training_job: str | None
    score: float | None = Field(None, description="The current version's score.")
    created_at: datetime
    updated_at: datetime


class VersionList(BaseModel):
    """Every version of a concept, newest first."""

    items: list[VersionOut]
    next: str | None = None


class ConceptPatch(RequestModel):
    """The fields to change; fields that are not sent stay as they are."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "My mug", "tags": ["kitchen"], "current_version": 2}]}
    )

    name: str | None = Field(None, min_length=1, max_length=100)
    placeholder: str | None = Field(
        None, max_length=64, description="A new placeholder. Earlier prompts keep the old one."
    )
    description: str | None = Field(None, max_length=5000)
    tags: Annotated[list[Tag], Field(max_length=30, fail_fast=True)] | None = None
    current_version: int | None = Field(
        None, ge=1, le=1_000_000, description="Number of the version that the placeholder means."
    )


class Accepted(BaseModel):
    """A concept, and the job that trains or imports it."""

    concept: ConceptOut
    job: JobOut


class Fault(BaseModel):
    """A problem or a warning: a short code and a sentence."""

    code: str
    detail: str


class Crop(BaseModel):
    """The square that training uses, in pixels of the upright picture."""

    x: int
    y: int
    size: int


class CheckedPicture(BaseModel):
    """The check of one picture."""

    index: int
    name: str
    width: int | None
    height: int | None
    crop: Crop | None
    masked: bool = Field(
        False, description="Whether a mask or transparent parts leave something out: training uses only the rest."
    )
    score: int = Field(0, ge=0, le=100, description="How well one can learn from it; 0 if it is no use.")
    warnings: list[Fault]
    problem: Fault | None


class PictureCheck(BaseModel):
    """The check of an upload. No picture was stored."""

    ok: bool
    pictures: list[CheckedPicture]
    problems: list[Fault]
    score: int | None = Field(None, ge=0, le=100, description="How well one can learn from all of them together.")
    advice: list[Fault] = Field([], description="What to do better about all of them together.")
