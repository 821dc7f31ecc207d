"""Request and response schemas for OpenAI clients.

Every field that OpenAI documents is declared unless nothing here could mean it; `docs/rest.md` has a table of all of
them. A field is obeyed, refused, or named in the answer's `ignored` (IGNORED below).
"""

from typing import Annotated, Final, Literal

from fastapi import UploadFile
from pydantic import BaseModel, Field, RootModel

from app.contracts.limits import GENERATION_STEPS_MAX, GUIDANCE_MAX
from app.contracts.schedulers import SchedulerName
from app.core.request_model import RequestModel
from app.generation.picture_formats import PictureFormat

PARTIAL_IMAGES_MAX: Final = 3  # as OpenAI has it

Quality = Literal["low", "medium", "high", "xhigh", "max"]
SentQuality = Literal["auto", "low", "medium", "high", "xhigh", "max", "standard", "hd"]
ResponseFormat = Literal["b64_json", "url"]

# Fields that are taken and change nothing.
IGNORED: Final = ("complexity", "input_fidelity", "moderation", "safety_identifier", "style", "user")
_IGNORED: Final = "Changes nothing, and is named in the answer's `ignored`."


class PictureRequest(RequestModel):
    """What every request for pictures has. The fields after `user` are Oneword's own; clients send them as extra
    fields."""

    model: str | None = Field(
        None, description="A base model's id, or an alias of one. Empty: that of the concepts, or the first."
    )
    n: int | None = Field(None, ge=1, description="Number of pictures. Empty: 1.")
    size: str | None = Field(None, description="`512x512`; empty or `auto`: the base model's own.")
    response_format: ResponseFormat | None = Field(None, description="Empty: both.")
    user: str | None = Field(None, description=_IGNORED)
    negative_prompt: str | None = Field(None, description="What should not be in the picture.")
    seed: int | None = Field(None, ge=0, le=2**31 - 1, description="Picture i has seed + i. Empty: a random one.")
    steps: int | None = Field(
        None, ge=1, le=GENERATION_STEPS_MAX, description="Denoising steps. Empty: as `quality` says."
    )
    guidance: float | None = Field(
        None, ge=0, le=GUIDANCE_MAX, description="Scale of classifier-free guidance. Empty: the base model's own."
    )
    scheduler: SchedulerName | None = Field(None, description="Empty: the base model's own.")


class ImagesIn(PictureRequest):
    """A request for pictures."""

    prompt: str = Field(description="Concepts are written as `<my-mug>`.")
    output_format: PictureFormat | None = Field(None, description="Empty: `png`.")
    output_compression: int | None = Field(
        None, ge=0, le=100, description="Quality of a JPEG or WebP, the larger the better. Empty: 92 and 90."
    )
    background: Literal["auto", "opaque"] | None = Field(None, description="Pictures have no transparent parts.")
    quality: SentQuality | None = Field(
        None,
        description="`low` takes half of the base model's own steps, `medium` and `auto` as many, `high`, `xhigh` and "
        "`max` two, three and four times as many. `standard` is `medium`, `hd` is `high`. Together with `steps` it "
        "changes nothing, and the answer's `ignored` names it.",
    )
    stream: bool | None = Field(
        None, description="Whether the answer is a stream of server-sent events: partial images, then the pictures."
    )
    partial_images: int | None = Field(
        None, ge=0, le=PARTIAL_IMAGES_MAX, description="With `stream`: most partial images of each picture. Empty: 0."
    )
    complexity: str | None = Field(None, description=_IGNORED)
    moderation: str | None = Field(None, description=_IGNORED)
    safety_identifier: str | None = Field(None, description=_IGNORED)
    style: str | None = Field(None, description=_IGNORED)


class EditIn(ImagesIn):
    """A request to draw from a picture. `image[]` is how some clients spell `image`."""

    image: list[UploadFile] = Field([], description="One picture: JPEG, PNG or WebP.")
    images: list[UploadFile] = Field([], alias="image[]", description="The same under another name.")
    input_fidelity: str | None = Field(None, description=_IGNORED)
    mask: UploadFile | None = Field(None, description="A PNG of the picture's size: what shows through is drawn anew.")
    strength: float | None = Field(
        None, ge=0, le=1, description="How much of the picture is given up. Empty: 0.75, or 1 inside a mask."
    )


class VariationIn(PictureRequest):
    """A request for pictures that resemble one."""

    image: list[UploadFile] = Field([], description="One picture: JPEG, PNG or WebP.")
    prompt: str = Field("a photo", description="Oneword's own: what the picture shows, as far as it should stay.")
    strength: float | None = Field(None, ge=0, le=1, description="How much of the picture is given up. Empty: 0.6.")


class ImageData(BaseModel):
    """One picture."""

    b64_json: str | None = Field(None, description="The file.")
    url: str | None = Field(None, description="Where it is: signed, so that it opens for an hour without a token.")


class InputTokens(BaseModel):
    """The tokens of a request by kind."""

    image_tokens: int = Field(description="Squares of 8 × 8 pixels of the picture that is edited.")
    text_tokens: int = Field(description="Tokens of the prompts; a concept has one for each of its vectors.")


class OutputTokens(BaseModel):
    """The tokens of the pictures by kind."""

    image_tokens: int = Field(description="Squares of 8 × 8 pixels of all pictures.")
    text_tokens: Literal[0] = 0


class Usage(BaseModel):
    """What was read and drawn, counted in tokens as the model sees them. Nothing is billed by it."""

    input_tokens: int = Field(description="Of the prompts and the picture that is edited, once for the request.")
    input_tokens_details: InputTokens
    output_tokens: int = Field(description="Of all pictures.")
    output_tokens_details: OutputTokens
    total_tokens: int = Field(description="Input and output together.")


class ImagesOut(BaseModel):
    """The pictures of a request."""

    created: int = Field(description="Seconds since 1970.")
    background: Literal["opaque"] = "opaque"
    data: list[ImageData] = Field(description="The pictures, in order.")
    output_format: PictureFormat = Field(description="The format of the files.")
    quality: Quality | None = Field(None, description="As asked for; `medium` for `auto`. Empty with `steps`.")
    size: str = Field(description="Width and height in pixels, such as `512x512`.")
    usage: Usage = Field(description="What was read and drawn.")
    ignored: list[str] = Field(description="The fields of the request that changed nothing.")


class PartialImage(BaseModel):
    """An event of a stream: a picture on its way, enlarged to the size of the finished one."""

    type: Literal["image_generation.partial_image", "image_edit.partial_image"] = Field(
        description="By the call that was made."
    )
    b64_json: str = Field(description="The file.")
    background: Literal["opaque"] = "opaque"
    created_at: int = Field(description="Seconds since 1970.")
    output_format: PictureFormat = Field(description="The format of the file.")
    partial_image_index: int = Field(description="Which partial image of this picture, from 0.")
    quality: Quality | Literal["auto"] = Field(description="As in the answer without a stream; `auto` for none.")
    size: str = Field(description="Width and height in pixels, such as `512x512`.")
    image_index: int = Field(description="Oneword's own: which picture of the request, from 0.")


class CompletedImage(BaseModel):
    """An event of a stream: a finished picture."""

    type: Literal["image_generation.completed", "image_edit.completed"] = Field(
        description="By the call that was made."
    )
    b64_json: str = Field(description="The file.")
    background: Literal["opaque"] = "opaque"
    created_at: int = Field(description="Seconds since 1970.")
    output_format: PictureFormat = Field(description="The format of the file.")
    quality: Quality | Literal["auto"] = Field(description="As in the answer without a stream; `auto` for none.")
    size: str = Field(description="Width and height in pixels, such as `512x512`.")
    usage: Usage = Field(description="Of this picture; the first finished one also has the input.")
    image_index: int = Field(description="Oneword's own: which picture of the request, from 0.")
    ignored: list[str] = Field(description="Oneword's own: the fields of the request that changed nothing.")


class StreamedError(BaseModel):
    """The error object of a stream that cannot go on."""

    message: str = Field(description="What happened, and what to do.")
    type: Literal["invalid_request_error", "server_error"] = Field(description="Whose fault it is.")
    param: str | None = Field(description="The field at fault, if one is.")
    code: str = Field(description="The kind of problem.")


class FailedStream(BaseModel):
    """The last event of a stream that cannot go on."""

    type: Literal["error"]
    error: StreamedError = Field(description="What went wrong.")


class ImagesEvent(
    RootModel[Annotated[PartialImage | CompletedImage | FailedStream, Field(discriminator="type")]],
):
    """One event of a drawing that is answered as a stream: its `data`, whose `type` is also the event's name."""


class ModelOut(BaseModel):
    """A base model, or another name of one."""

    id: str = Field(description="What requests name it by.")
    object: Literal["model"] = "model"
    created: int = Field(0, description="Not known.")
    owned_by: str = Field("oneword", description="Always `oneword`.")


class ModelList(BaseModel):
    """The base models that are ready, and their aliases."""

    object: Literal["list"] = "list"
    data: list[ModelOut]
