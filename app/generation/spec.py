"""What is asked of a generation worker. Pure data, written by the service and read by the worker."""

from pydantic import BaseModel


class ConceptSpec(BaseModel):
    """A concept as the prompt writes it (`<mug>` or `<mug@3>`), and the embedding it stands for, by blob key."""

    written: str
    concept_id: str
    version_id: str
    placeholder: str
    version: int
    key: str


class GenerationSpec(BaseModel):
    """One request to draw `count` pictures; picture `i` has seed `seed + i`."""

    generation_id: str
    base_model: str
    prompt: str
    negative_prompt: str = ""
    count: int
    seed: int
    steps: int
    guidance: float
    scheduler: str
    width: int
    height: int
    concepts: list[ConceptSpec] = []
    init_image_key: str | None = None
    mask_key: str | None = None
    strength: float | None = None

    @property
    def batch_key(self) -> str:
        """Requests with equal keys can share one denoising loop, whatever concepts they name."""
        loop = "text" if self.init_image_key is None else f"image:{self.strength}"
        return f"{self.base_model}|{self.width}x{self.height}|{self.steps}|{self.scheduler}|{loop}"[:200]
