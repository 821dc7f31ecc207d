"""Request and response schemas of accounts."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.accounts.scopes import TOKEN_DAYS_MAX, USUAL_SCOPES, Role, Scope
from app.core.request_model import RequestModel


class SignIn(RequestModel):
    """A one-time code."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"code": "owc_…"}]})

    code: str = Field(max_length=200, description="The part of a sign-in link after the `#`.")


class NamedOut(BaseModel):
    """An id and its name."""

    id: str
    name: str


class LinkPreview(BaseModel):
    """Whom a sign-in link signs in."""

    user: NamedOut
    team: NamedOut
    role: Role
    expires_at: datetime
    signed_in: NamedOut | None = Field(description="Who is signed in with this request already; null for nobody.")


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
    grid_cells_max: int = Field(description="Most pictures of one grid.")
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
    role: Role
    credential: Literal["session", "token"] = Field(description="What signed this request in.")
    scopes: list[Scope] = Field(description="What this session or token may do.")
    expires_at: datetime | None = Field(description="When this session or token expires; null for never.")
    limits: LimitsOut


class TokenIn(RequestModel):
    """A new token."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "build script", "scopes": ["read", "draw"], "expires_in_days": 90}]}
    )

    name: str = Field(min_length=1, max_length=100, description="What the token is for.")
    scopes: list[Scope] = Field(
        list(USUAL_SCOPES), min_length=1, max_length=10, description="What the token may do. `admin` needs that role."
    )
    expires_in_days: int | None = Field(
        None, ge=1, le=TOKEN_DAYS_MAX, description="Days until it expires. Empty: never."
    )


class TokenOut(BaseModel):
    """A bearer token, without its secret."""

    id: str
    name: str
    created_at: datetime
    last_used_at: datetime | None
    scopes: list[Scope]
    expires_at: datetime | None = Field(description="Null: never.")


class NewTokenOut(TokenOut):
    """A bearer token with its secret. Only this answer shows the secret."""

    token: str


class TokenList(BaseModel):
    """A person's tokens."""

    items: list[TokenOut]
    next: str | None = None


class SessionOut(BaseModel):
    """A browser in which the person is signed in."""

    id: str
    user_agent: str = Field(description="Such as `Firefox on Linux`; empty if unknown.")
    created_at: datetime
    last_used_at: datetime = Field(description="To an hour.")
    expires_at: datetime
    current: bool = Field(description="Whether it is the session of this request.")


class SessionList(BaseModel):
    """A person's sessions, the last used first."""

    items: list[SessionOut]
    next: str | None = None
