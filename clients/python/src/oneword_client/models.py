"""What the studio answers with. Fields that a newer studio adds are kept and can be read as attributes."""

from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

Item = TypeVar("Item")

FINAL = frozenset({"succeeded", "failed", "cancelled"})


class Answer(BaseModel):
    """Base class of all answers. States and kinds are plain texts, so that a new one is no error."""

    model_config = ConfigDict(extra="allow", frozen=True)


class Page(Answer, Generic[Item]):
    """One page of a list. `next` is the cursor of the page after it."""

    items: list[Item]
    next: str | None = None


class Named(Answer):
    """A person or a team."""

    id: str
    name: str


class Picture(Answer):
    """A picture that a concept was taught from, or a preview (with `step`)."""

    url: str
    id: str | None = None
    width: int | None = None
    height: int | None = None


class Embedding(Answer):
    """The stored file of a version, and the formats in which it can be exported."""

    bytes: int
    formats: list[str] = []


class Version(Answer):
    """One teaching of a concept."""

    id: str
    number: int
    state: str
    current: bool = False
    base_model: str
    initializer: str = ""
    vectors: int = 1
    steps: int | None = None
    evaluation: float | None = None
    seconds: float | None = None
    embedding: Embedding | None = None
    pictures: list[Picture] = []
    job_id: str | None = None
    created_at: datetime
    finished_at: datetime | None = None


class Concept(Answer):
    """A word of the library. `state` is `training`, `ready`, `failed` or `cancelled`."""

    id: str
    name: str
    placeholder: str
    initializer: str
    kind: str
    base_model: str
    description: str = ""
    tags: list[str] = []
    owner: Named
    may_change: bool = True
    state: str
    current_version: Version | None = None
    version_count: int = 0
    sample: str | None = None
    pictures: list[Picture] = []
    training_job: str | None = None
    created_at: datetime
    updated_at: datetime


class Progress(Answer):
    """How far a job is."""

    step: int
    steps_max: int
    loss: float | None = None
    evaluation: float | None = None
    seconds_left: float | None = None


class TaughtConcept(Answer):
    """The concept that a job teaches or imports."""

    id: str
    name: str
    placeholder: str
    version: int


class Job(Answer):
    """Work that was accepted. `state` is `queued`, `running`, `succeeded`, `failed` or `cancelled`."""

    id: str
    kind: str
    state: str
    title: str = ""
    ahead: int | None = None
    progress: Progress | None = None
    error: dict[str, Any] | None = None
    concept: TaughtConcept | None = None
    generation_id: str | None = None
    created_by: Named
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def over(self) -> bool:
        """Whether the job has ended."""
        return self.state in FINAL


class Image(Answer):
    """A drawn picture. `url` takes the same credentials as everything else: use `fetch`."""

    id: str
    url: str
    index: int
    seed: int
    width: int
    height: int
    recipe: dict[str, Any] = {}
    kept: bool = False


class Generation(Answer):
    """A request to draw, with the pictures that exist so far."""

    id: str
    state: str
    prompt: str
    count: int
    images: list[Image]
    job_id: str
    created_at: datetime


class Taught(Answer):
    """What was accepted when a word is taught or imported: `wait` for the job."""

    concept: Concept
    job: Job


class Drawn(Answer):
    """What was accepted when something is drawn: `wait` for the job, then ask for the generation."""

    job: Job
    generation: Generation


class BaseModelInfo(Answer):
    """A base model of the studio."""

    id: str
    name: str
    ready: bool
    not_ready_reason: str | None = None
    teachable: bool = True
    not_teachable_reason: str | None = None


class Me(Answer):
    """Who is signed in, and what this token may do."""

    user: Named
    team: Named
    role: str
    scopes: list[str] = []
    expires_at: datetime | None = None


class Event(Answer):
    """Something that happened to a job. `type` is `state`, `progress`, `preview`, `image` or `warning`.

    `data` has the members of the event: `state` of a state, `step` and `steps_max` of progress, `url` and `seed` of an
    image, `detail` of a warning. `id` may be given to `events` to hear what comes after it.
    """

    id: str
    type: str
    data: dict[str, Any]

    @property
    def final(self) -> bool:
        """Whether the job ends with this event."""
        return self.type == "state" and self.data.get("state") in FINAL
