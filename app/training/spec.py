"""What is asked of a training worker. Pure data, written by the service and read by the worker."""

from typing import Literal

from pydantic import BaseModel


class PictureSpec(BaseModel):
    """A clean picture, by its blob key."""

    key: str
    sha256: str


class TrainingSpec(BaseModel):
    """One teaching. `None` means: the worker's default for this base model."""

    concept_id: str
    version_id: str
    base_model: str
    placeholder: str
    initializer: str
    kind: Literal["object", "style"]
    pictures: list[PictureSpec]
    vectors: int | None = None
    steps_max: int | None = None
    learning_rate: float | None = None
    mirror: bool | None = None
    seed: int = 0
