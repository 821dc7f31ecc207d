"""What is asked of a training worker. Pure data, written by the service and read by the worker."""

from typing import Any, Literal

from pydantic import BaseModel


class PictureSpec(BaseModel):
    """A clean picture, by its blob key."""

    key: str
    sha256: str
    mask_key: str | None = None


Method = Literal["classic", "directional"]
StartMethod = Literal["tokens", "encoded"]
Prefer = Literal["balance", "likeness"]


class Tuning(BaseModel):
    """How a word is learned. `None` means: the worker's default for this base model."""

    vectors: int | None = None
    steps_max: int | None = None
    mirror: bool | None = None
    seed: int = 0
    method: Method | None = None
    kappa: float | None = None
    start: StartMethod | None = None
    context_weight: float | None = None
    snr_gamma: float | None = None
    prefer: Prefer | None = None

    def asked(self) -> dict[str, Any]:
        """What was not left to the worker, by the names of its own options of learning; which stage is preferred is
        none of them."""
        asked = self.model_dump(include=set(Tuning.model_fields) - {"prefer"})
        return {name: value for name, value in asked.items() if value is not None}


class TrainingSpec(Tuning):
    """One teaching."""

    concept_id: str
    version_id: str
    base_model: str
    placeholder: str
    initializer: str
    kind: Literal["object", "style"]
    pictures: list[PictureSpec]
