"""Response schemas of a team's usage."""

from pydantic import BaseModel, Field


class Quota(BaseModel):
    """One usage and its limit."""

    used: float
    limit: float | None = Field(description="Null: there is no limit.")
    near: bool = Field(description="Whether at least 80 % of the limit are used.")


class UsageOut(BaseModel):
    """The team's usage, each with its limit."""

    queued_jobs: Quota
    gpu_seconds: Quota = Field(description="Of training and drawing, in the last 30 days.")
    storage_bytes: Quota = Field(description="Of pictures, previews and drawings, also of those in the bin.")
    bin_bytes: float = Field(description="The part of `storage_bytes` that is in the bin.")
