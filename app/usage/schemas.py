"""What a team's use looks like over the wire."""

from pydantic import BaseModel, Field


class Quota(BaseModel):
    """How much is used, and of how much."""

    used: float
    limit: float | None = Field(description="Null: there is no limit.")
    near: bool = Field(description="Whether four fifths are used: time to tell people.")


class UsageOut(BaseModel):
    """What the team uses, beside what it may."""

    queued_jobs: Quota
    gpu_seconds: Quota = Field(description="Of teaching and drawing, in the last 30 days.")
    storage_bytes: Quota = Field(description="Of pictures, previews and drawings that are not deleted.")
