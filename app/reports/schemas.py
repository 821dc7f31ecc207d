"""Response schemas of reports."""

from pydantic import BaseModel, Field

from app.jobs.schemas import JobOut


class ScoresOut(BaseModel):
    """Three mean cosines in the scorer's space, from -1 to 1. They only compare within one report."""

    likeness: float = Field(description="Similarity of the plain drawings to the pictures, over all pairs.")
    editability: float = Field(description="How well the drawings of held-out prompts match those prompts.")
    copying: float = Field(description="Similarity of a drawing to its nearest training picture.")


class ReportDrawing(BaseModel):
    """One picture of the grid."""

    url: str
    prompt: int = Field(description="Index of the prompt in `prompts`.")
    seed: int


class CheckpointOut(BaseModel):
    """The embedding of one step, and what it draws."""

    step: int
    evaluation: float | None = Field(description="Loss on the fixed validation batch.")
    chosen: bool = Field(description="Whether this version has this checkpoint's embedding.")
    scores: ScoresOut | None
    drawings: list[ReportDrawing]


class InitializerOut(BaseModel):
    """The initializer's drawings of the same prompts with the same seeds."""

    text: str
    scores: ScoresOut | None
    drawings: list[ReportDrawing]


class ReportOut(BaseModel):
    """Drawings and scores of a version, made at the end of its training."""

    version: int
    scorer: str | None = Field(description="The CLIP model that scored; null: there was none, so there are no scores.")
    failed: str | None = Field(
        description="Why the report could not be drawn or scored. The checkpoints are kept all the same."
    )
    job_id: str | None = Field(description="The job that draws the report again.")
    prompts: list[str]
    pictures: ScoresOut | None = Field(
        description="The scores of the training pictures, each compared with the others."
    )
    initializer: InitializerOut | None
    checkpoints: list[CheckpointOut] = Field(description="In the order of their steps.")


class ReportJob(BaseModel):
    """The job that draws a report."""

    job: JobOut
