"""What a report looks like over the wire."""

from pydantic import BaseModel, Field

from app.jobs.schemas import JobOut


class ScoresOut(BaseModel):
    """Three mean cosines in the scorer's space, from -1 to 1. They mean something beside each other only."""

    likeness: float = Field(description="How like the pictures the plain drawings are, over all pairs.")
    editability: float = Field(description="How well drawings of held-out prompts fit those prompts.")
    copying: float = Field(description="How near a drawing is to the one picture that it is nearest to.")


class ReportDrawing(BaseModel):
    """One picture of the grid."""

    url: str
    prompt: int = Field(description="Which of the report's prompts.")
    seed: int


class CheckpointOut(BaseModel):
    """Rows that were kept of a step, and what they draw."""

    step: int
    evaluation: float | None = Field(description="Loss of the fixed evaluation batch.")
    chosen: bool = Field(description="Whether this version is made of it.")
    scores: ScoresOut | None
    drawings: list[ReportDrawing]


class InitializerOut(BaseModel):
    """What the initializer alone draws with the same prompts and seeds."""

    text: str
    scores: ScoresOut | None
    drawings: list[ReportDrawing]


class ReportOut(BaseModel):
    """What a version can do, measured and drawn when its teaching ended."""

    version: int
    scorer: str | None = Field(description="The CLIP model that judged; null: there was none, so there are no scores.")
    failed: str | None = Field(
        description="Why nothing could be drawn or scored; the kept rows are there all the same."
    )
    job_id: str | None = Field(description="The job that draws it again.")
    prompts: list[str]
    pictures: ScoresOut | None = Field(description="The scores of the pictures themselves, each beside the others.")
    initializer: InitializerOut | None
    checkpoints: list[CheckpointOut] = Field(description="By step.")


class ReportJob(BaseModel):
    """A report that is going to be drawn."""

    job: JobOut
