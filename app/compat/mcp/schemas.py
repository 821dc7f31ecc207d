"""Arguments and results of the tools. Their descriptions are what an agent reads before it calls one."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.base_models.schemas import BaseModelOut
from app.contracts.jobs import Kind, State
from app.contracts.limits import GENERATION_STEPS_MAX, GUIDANCE_MAX, SEED_MAX, SIDE_MAX, SIDE_MIN, SIDE_MULTIPLE
from app.contracts.schedulers import SchedulerName
from app.contracts.training import ConceptKind
from app.core.request_model import RequestModel

WAIT_SECONDS_MAX = 900

Text = Annotated[str, StringConstraints(max_length=5000)]
WaitSeconds = Annotated[
    float | None,
    Field(
        ge=0,
        le=WAIT_SECONDS_MAX,
        description="Seconds to wait for the end before answering with a job that goes on. Empty: 240 when your client "
        "asked for progress, and 50 otherwise, since many clients give up after 60.",
    ),
]


class Message(BaseModel):
    """One JSON-RPC message of the Model Context Protocol."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "find_concepts"}}]
        },
    )

    jsonrpc: Literal["2.0"] = Field(description="The version of JSON-RPC.")
    method: str = Field(description="Such as `initialize`, `tools/list` or `tools/call`.")
    id: int | str | None = Field(None, description="Names the request in its answer. A notification has none.")
    params: dict[str, Any] | None = Field(None, description="What the method takes.")


class PictureIn(RequestModel):
    """A picture: its bytes, or the id of one that the studio has. Exactly one of the three is given."""

    data: str | None = Field(None, description="A JPEG, PNG or WebP as base64 or as a data: URI.")
    image_id: str | None = Field(None, description="A picture that the studio has drawn.")
    upload_id: str | None = Field(None, description="A picture that was uploaded before.")


Picture = PictureIn | str


class FindConceptsIn(RequestModel):
    """Arguments of `find_concepts`."""

    query: str = Field(
        "", max_length=200, description="Beginnings of words in names, descriptions and tags. Empty: every concept."
    )
    kind: ConceptKind | None = Field(None, description="Only objects, or only styles.")
    limit: int = Field(20, ge=1, le=100, description="Most concepts in one answer.")
    cursor: str | None = Field(None, max_length=100, description="The `next` of the answer before.")


class TeachIn(RequestModel):
    """Arguments of `teach`."""

    word: Text = Field(description="The new word, such as `my-mug`. Prompts write it as `<my-mug>`.")
    like: Text = Field(
        description="One or two common words for what the pictures show, such as `mug`. Training starts from them."
    )
    pictures: list[Picture] = Field(
        max_length=100,
        description="3 to 5 pictures of the same thing: base64 or data: URIs of JPEG, PNG or WebP, or objects with "
        "`data`, `image_id` or `upload_id`.",
    )
    kind: ConceptKind = Field("object", description="Whether the pictures share a thing or a style.")
    name: str = Field("", max_length=100, description="A name for people. Empty: made from the word.")
    description: Text = Field("", description="What people should know about it.")
    tags: list[Annotated[str, StringConstraints(max_length=100)]] = Field([], max_length=30)
    base_model: str | None = Field(None, description="The base model that learns it. Empty: the studio's first.")
    steps_max: int | None = Field(None, ge=1, description="Most training steps. Empty: what suits the base model.")
    wait_seconds: WaitSeconds = None


class DrawIn(RequestModel):
    """Arguments of `draw`."""

    prompt: str = Field(description="What to draw. Concepts are written as `<my-mug>`; any number may be mixed.")
    count: int = Field(1, ge=1, description="How many pictures.")
    negative_prompt: str = Field("", description="What the pictures should not show.")
    seed: int | None = Field(None, ge=0, le=SEED_MAX, description="The same seed draws the same picture again.")
    base_model: str | None = Field(None, description="Empty: the one that the prompt's concepts were taught to.")
    steps: int | None = Field(None, ge=1, le=GENERATION_STEPS_MAX, description="Empty: the base model's own.")
    guidance: float | None = Field(None, ge=0, le=GUIDANCE_MAX, description="Empty: the base model's own.")
    scheduler: SchedulerName | None = Field(None, description="Empty: the base model's own.")
    width: int | None = Field(None, ge=SIDE_MIN, le=SIDE_MAX, multiple_of=SIDE_MULTIPLE, description="In pixels.")
    height: int | None = Field(None, ge=SIDE_MIN, le=SIDE_MAX, multiple_of=SIDE_MULTIPLE, description="In pixels.")
    picture: Picture | None = Field(None, description="A picture to draw from, in the same forms as for `teach`.")
    strength: float | None = Field(None, ge=0, le=1, description="With `picture`: how much of it changes. Empty: 0.75.")
    wait_seconds: WaitSeconds = None


class ShowJobIn(RequestModel):
    """Arguments of `show_job`."""

    job_id: Annotated[str, StringConstraints(max_length=100)] = Field(description="The id that `teach` or `draw` gave.")
    wait_seconds: WaitSeconds = 0


class CancelJobIn(RequestModel):
    """Arguments of `cancel_job`."""

    job_id: Annotated[str, StringConstraints(max_length=100)] = Field(description="The id that `teach` or `draw` gave.")
    keep: bool = Field(False, description="For a training: keep the best that it has learned so far.")


class NothingIn(RequestModel):
    """No arguments."""


class ConceptBrief(BaseModel):
    """A concept of the library, in short."""

    id: str
    word: str = Field(description="What a prompt writes, such as `<my-mug>`.")
    name: str
    kind: ConceptKind
    state: str = Field(description="Only a concept that is `ready` can be drawn.")
    like: str
    description: str
    tags: list[str]
    base_model: str
    training_job: str | None = Field(None, description="The job that teaches it, while that waits or runs.")


class ConceptsFound(BaseModel):
    """Concepts that match, newest first."""

    concepts: list[ConceptBrief]
    next: str | None = Field(None, description="The cursor of the following answer; null at the end.")


class JobBrief(BaseModel):
    """A job, in short."""

    id: str
    kind: Kind
    state: State
    title: str
    ahead: int | None = Field(None, description="Jobs that run before this one, while it waits.")
    step: int | None = None
    steps_max: int | None = None
    ends_at: str | None = Field(None, description="When it is expected to end.")
    error: str | None = Field(None, description="Why it failed, and what to do.")


class DrawnPicture(BaseModel):
    """A drawn picture. The previews in the answer come in the same order."""

    image_id: str
    url: str = Field(
        description="The full picture as PNG. The address is signed: it opens without a token for an hour."
    )
    seed: int
    width: int
    height: int


class JobResult(BaseModel):
    """A job, and what has come of it."""

    done: bool = Field(description="Whether the job has ended well. If not, `next_step` says what to do.")
    job: JobBrief
    concept: ConceptBrief | None = Field(None, description="The concept that the job teaches.")
    pictures: list[DrawnPicture] = Field([], description="What the job has drawn so far.")
    next_step: str = Field(description="What can be done now.")


class BaseModelsOut(BaseModel):
    """The base models of the studio, the default first."""

    base_models: list[BaseModelOut]
