"""What the library looks like over the wire."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.contracts.training import ConceptKind
from app.jobs.schemas import JobOut, Person

Kind = ConceptKind
VersionState = Literal["training", "ready", "failed", "cancelled"]


class PictureOut(BaseModel):
    """A picture that a version is taught from."""

    id: str
    url: str
    width: int
    height: int


class PreviewOut(BaseModel):
    """What a training drew at one of its steps."""

    step: int
    url: str


class EmbeddingOut(BaseModel):
    """The few-KB file."""

    bytes: int
    sha256: str
    widths: dict[str, int] = Field(description="Numbers in one vector, for each text encoder that it is for.")
    formats: list[str] = Field(description="What `?format=` of the download takes.")


class OriginOut(BaseModel):
    """Where a version comes from that was not taught: another tool's file, or a checkpoint of an earlier version."""

    imported_from: str | None = Field(None, description="The other tool's format.")
    imported_as: str | None = Field(None, description="The name inside the file, or the file's.")
    note: str | None = Field(None, description="What of the file was left out.")
    version: int | None = Field(None, description="Number of the version whose checkpoint it is.")
    step: int | None = None


class VersionOut(BaseModel):
    """One teaching of a concept."""

    id: str
    number: int
    state: VersionState
    current: bool = Field(description="Whether the bare placeholder means this version.")
    base_model: str
    base_model_hash: str | None = Field(
        None, description="Which weights it was learned on. Another hash than the base model's own: they have changed."
    )
    initializer: str
    vectors: int
    steps: int | None
    evaluation: float | None
    seconds: float | None
    embedding: EmbeddingOut | None
    sample: str | None
    report: str | None = Field(None, description="Where its report is; null when it has none.")
    origin: OriginOut | None = None
    previews: list[PreviewOut]
    pictures: list[PictureOut]
    job_id: str | None
    created_at: datetime
    finished_at: datetime | None


class ConceptOut(BaseModel):
    """A word of the team."""

    id: str
    name: str
    placeholder: str
    initializer: str
    kind: Kind
    base_model: str
    family: str
    description: str
    tags: list[str]
    owner: Person
    state: VersionState
    current_version: VersionOut | None
    version_count: int
    sample: str | None
    pictures: list[PictureOut]
    training_job: str | None
    created_at: datetime
    updated_at: datetime


class ConceptPage(BaseModel):
    """A page of the library, newest first."""

    items: list[ConceptOut]
    next: str | None


class VersionList(BaseModel):
    """Every version of a concept, newest first."""

    items: list[VersionOut]
    next: str | None = None


class ConceptPatch(BaseModel):
    """What changes; the rest stays."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "My mug", "tags": ["kitchen"], "current_version": 2}]}
    )

    name: str | None = Field(None, min_length=1, max_length=100)
    placeholder: str | None = Field(
        None, max_length=64, description="Another word for it. Prompts that were written before keep the old one."
    )
    description: str | None = Field(None, max_length=5000)
    tags: list[str] | None = Field(None, max_length=30)
    current_version: int | None = Field(
        None, ge=1, le=1_000_000, description="Number of the version the placeholder shall mean."
    )


class Accepted(BaseModel):
    """A concept that will be taught, and the job that teaches it."""

    concept: ConceptOut
    job: JobOut


class Fault(BaseModel):
    """A short code and a sentence."""

    code: str
    detail: str


class Crop(BaseModel):
    """The square that is learned from, in pixels of the upright picture."""

    x: int
    y: int
    size: int


class CheckedPicture(BaseModel):
    """What would become of one picture."""

    index: int
    name: str
    width: int | None
    height: int | None
    crop: Crop | None
    masked: bool = Field(False, description="Whether parts are transparent: only what is opaque is learned from.")
    warnings: list[Fault]
    problem: Fault | None


class PictureCheck(BaseModel):
    """What would become of an upload. Nothing was kept."""

    ok: bool
    pictures: list[CheckedPicture]
    problems: list[Fault]
