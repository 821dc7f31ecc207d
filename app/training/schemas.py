"""Request and response schemas of teaching: what a form changes about a picture, its check, and the queue."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from app.core.request_model import RequestModel


class EditedSquare(RequestModel):
    """The square to learn from, in pixels of the upright upload."""

    x: float = Field(ge=-2, le=100_000, description="Distance of its left edge from the picture's.")
    y: float = Field(ge=-2, le=100_000, description="Distance of its upper edge from the picture's.")
    size: float = Field(gt=0, le=100_000, description="Length of its sides.")


class PictureEdit(RequestModel):
    """What a form changes about one picture."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"crop": {"x": 120, "y": 40, "size": 800}, "turn": 15, "caption": "on a wooden table"}]
        }
    )

    crop: EditedSquare | None = Field(None, description="Empty: the centre square.")
    turn: float = Field(
        0, ge=-180, le=180, description="Degrees by which the picture is turned clockwise about the square's middle."
    )
    mask: int | None = Field(None, ge=0, le=100, description="Place of this picture's mask among `masks`, from 0.")
    caption: str | None = Field(
        None, max_length=2000, description="What it shows beside the concept, which the concept does not learn."
    )


class TrainingEstimate(BaseModel):
    """When a training would begin and end if it were asked for now."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"ahead": 2, "starts_at": "2026-01-01T12:03:00Z", "ends_at": "2026-01-01T12:09:00Z", "seconds": 360.0}
            ]
        }
    )

    ahead: int = Field(description="Waiting trainings that would be claimed before it.")
    starts_at: datetime | None = Field(description="Null: no training has ended here yet, or no worker is alive.")
    ends_at: datetime | None = Field(description="The latest expected end: a training stops when it has learned.")
    seconds: float | None = Field(description="Expected seconds from its beginning to its end.")
