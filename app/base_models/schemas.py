"""Request and response bodies of base models, tokenization and examples."""

from pydantic import BaseModel, ConfigDict, Field

from app.base_models.catalog import AllowedModel
from app.base_models.examples import DEMO, Example
from app.contracts.encoders import FIRST
from app.contracts.limits import SIDE_MULTIPLE, VECTORS_MAX
from app.contracts.placeholders import PATTERN
from app.contracts.training import ConceptKind
from app.core.request_model import RequestModel
from app.web.openapi_examples import DEMO_MODEL


class BaseModelOut(BaseModel):
    """An allowed base model."""

    model_config = ConfigDict(json_schema_extra={"examples": [DEMO_MODEL]})

    id: str
    name: str
    family: str | None = Field(None, description="`sd1`, `sd2` or `sdxl`; null when it is not ready.")
    resolution: int | None = Field(None, description="Side of the pictures it was trained on, in pixels.")
    pixels_max: int | None = Field(None, description="Most pixels (width × height) of a picture that it draws.")
    side_max: int | None = Field(None, description="Longest side of a picture that it draws, in pixels.")
    side_multiple: int = Field(SIDE_MULTIPLE, description="Width and height are multiples of this.")
    vectors_max: int = VECTORS_MAX
    width: int | None = Field(None, description="Numbers in one vector of its (first) text encoder.")
    context_length: int | None = Field(None, description="Tokens it reads at once, start and end included.")
    mirror: bool | None = Field(None, description="Whether training mirrors pictures by default.")
    steps: int | None = None
    guidance: float | None = None
    scheduler: str | None = None
    weights_hash: str | None = Field(None, description="The hash of its present weight files.")
    ready: bool
    not_ready_reason: str | None = None
    teachable: bool = Field(False, description="Whether words can be taught on it. Few-step models only draw.")
    not_teachable_reason: str | None = Field(None, description="Why words cannot be taught on it, though it is ready.")
    description: str = ""

    @classmethod
    def of(cls, model: AllowedModel) -> "BaseModelOut":
        """The response for a base model; only id and reason while it is not ready."""
        reason = model.not_ready_reason
        if reason is not None:
            return cls(id=model.id, name=model.id, ready=False, not_ready_reason=reason)
        facts = model.facts
        return cls(
            id=model.id,
            name=facts.name,
            family=facts.family,
            resolution=facts.resolution,
            pixels_max=model.size_limit.pixels_max,
            side_max=model.size_limit.side_max,
            width=facts.widths[FIRST],
            context_length=facts.context_length,
            mirror=facts.card.mirror,
            steps=facts.card.steps,
            guidance=facts.card.guidance,
            scheduler=facts.card.scheduler,
            weights_hash=model.weights_hash,
            ready=True,
            teachable=facts.not_teachable_reason is None,
            not_teachable_reason=facts.not_teachable_reason,
            description=facts.card.description,
        )


class BaseModelList(BaseModel):
    """Every base model of this studio, the default first."""

    items: list[BaseModelOut]
    next: str | None = None


class TokenizeIn(RequestModel):
    """A text to split into tokens."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"base_model": "demo", "text": "mug"}]})

    base_model: str | None = Field(None, description="Empty: the first.")
    text: str = Field(max_length=2000)


class WordPiece(BaseModel):
    """One token."""

    id: int
    text: str


class Tokenization(BaseModel):
    """The tokens of a text, and words that could replace it."""

    text: str
    tokens: list[WordPiece]
    count: int
    single: bool = Field(description="Whether it is one token.")
    known: bool = Field(description="Whether it is made of whole words the base model knows.")
    suggestions: list[str] = Field(description="Near words that are one token each.")
    placeholder: str = Field(
        description="A placeholder that is free in your library.", json_schema_extra={"pattern": f"^{PATTERN}$"}
    )


class ExampleOut(BaseModel):
    """Example pictures to try the studio with, and the concept that they show."""

    id: str
    name: str
    placeholder: str
    initializer: str
    kind: ConceptKind
    base_model: str
    pictures: list[str] = Field(description="Where each picture is, as JPEG.")

    @classmethod
    def of(cls, example: Example) -> "ExampleOut":
        """An example as the page shows it."""
        return cls(
            id=example.id,
            name=example.name,
            placeholder=example.placeholder,
            initializer=example.initializer,
            kind=example.kind,
            base_model=DEMO,
            pictures=[f"/api/lessons/{example.id}/pictures/{number + 1}" for number in range(len(example.pictures))],
        )


class ExampleList(BaseModel):
    """Every ready lesson."""

    items: list[ExampleOut]
    next: str | None = None
