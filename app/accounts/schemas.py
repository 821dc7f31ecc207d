"""Request and response schemas of accounts."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class SignIn(BaseModel):
    """A one-time code."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"code": "owc_…"}]})

    code: str = Field(max_length=200, description="The part of a sign-in link after the `#`.")


class NamedOut(BaseModel):
    """An id and its name."""

    id: str
    name: str


class SizeLimitOut(BaseModel):
    """The largest picture of a base model, in pixels."""

    pixels_max: int = Field(description="Most pixels, width × height.")
    side_max: int = Field(description="Longest side.")
    side_multiple: int = Field(description="Width and height are multiples of this.")


class LimitsOut(BaseModel):
    """The limits of this installation."""

    pictures_min: int
    pictures_max: int
    upload_bytes_max: int
    count_max: int
    steps_max: int
    queued_jobs_max: int
    prompt_characters_max: int
    pixels_max: int = Field(description="Most pixels of one picture, whatever the base model.")
    drawings_days: float = Field(description="Days after which drawings that nobody keeps are removed; 0 for never.")
    sizes: dict[str, SizeLimitOut] = Field({}, description="The largest picture of each ready base model, by its id.")


class MeOut(BaseModel):
    """The signed-in person."""

    user: NamedOut
    team: NamedOut
    role: str = Field(description="`viewer`, `member` or `admin`.")
    limits: LimitsOut


class TokenIn(BaseModel):
    """A new token."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "build script"}]})

    name: str = Field(min_length=1, max_length=100, description="What the token is for.")


class TokenOut(BaseModel):
    """A bearer token, without its secret."""

    id: str
    name: str
    created_at: datetime
    last_used_at: datetime | None


class NewTokenOut(TokenOut):
    """A bearer token with its secret. Only this answer shows the secret."""

    token: str


class TokenList(BaseModel):
    """A person's tokens."""

    items: list[TokenOut]
    next: str | None = None
