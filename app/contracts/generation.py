"""The spec of a generation job. Pure data, written by the web service and read by the worker."""

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError


class PictureRef(BaseModel):
    """A stored picture: a generated image, or an upload of an earlier request."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"image_id": "01JZ…"}]})

    image_id: str | None = None
    upload_id: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_of_ours(cls, sent: Any) -> Any:
        names = {"image_id", "upload_id"}
        given = [name for name in names if sent.get(name)] if isinstance(sent, dict) else []
        if isinstance(sent, cls) or (len(given) == 1 and set(sent) <= names):
            return sent
        raise PydanticCustomError(
            "picture_ref",
            'send the picture as a file in a form (multipart/form-data), or name one that is here: {"image_id": "…"} '
            'or {"upload_id": "…"}',
        )

    @property
    def id(self) -> str:
        """The id of the image or of the upload."""
        return self.image_id or self.upload_id or ""


class ConceptSpec(BaseModel):
    """A concept as the prompt writes it (`<mug>` or `<mug@3>`), and its embedding, by blob key."""

    written: str
    concept_id: str
    version_id: str
    placeholder: str
    version: int
    key: str
    base_model: str = ""  # that the embedding was trained on
    base_model_hash: str | None = None  # fingerprint of that model's weights at the time


class PictureSpec(BaseModel):
    """What one picture of a generation has for itself; everything else is that of the generation."""

    prompt: str  # with its choices made, see app.contracts.prompts.choices
    seed: int
    guidance: float
    negative_prompt: str = ""
    template: str = ""  # the prompt before its choices were made, if it had any


class GenerationSpec(BaseModel):
    """One request for `count` pictures. Picture `i` has the seed `seed + i`, unless `pictures` says otherwise."""

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
    init_image: PictureRef | None = None
    init_image_key: str | None = None
    mask: PictureRef | None = None
    mask_key: str | None = None
    mask_padding: int | None = None  # None: the whole picture is drawn; see GenerationRequest
    strength: float | None = None
    pass_pictures: int = 16  # drawn in one pass, which nothing interrupts; see app.contracts.sizes
    pictures: list[PictureSpec] = []  # of each picture, where they differ in more than the seed
    pictures_left: int | None = None  # of a generation that goes on after its job ended: those that are not drawn yet

    @property
    def picture_cost(self) -> int:
        """The cost of one picture: pixels × steps."""
        return self.steps * self.width * self.height

    @property
    def batch_key(self) -> str:
        """Requests with equal keys can share one denoising loop. Their concepts may differ."""
        first = 0 if self.strength is None else self.steps - int(self.steps * self.strength)
        return f"{self.base_model}|{self.width}x{self.height}|{self.steps}|{self.scheduler}|{first}"[:200]

    def picture(self, index: int) -> PictureSpec:
        """Prompt, seed and guidance of one picture."""
        if self.pictures:
            return self.pictures[index]
        return PictureSpec(
            prompt=self.prompt,
            negative_prompt=self.negative_prompt,
            seed=self.seed + index,
            guidance=self.guidance,
        )

    def concepts_of(self, picture: PictureSpec) -> list[ConceptSpec]:
        """The concepts that a picture's own prompts name."""
        texts = (picture.prompt, picture.negative_prompt)
        return [each for each in self.concepts if any(each.written in text for text in texts)]

    def recipe(self, index: int = 0) -> dict[str, Any]:
        """Everything that is needed to draw one picture again. Its prompt is the one that was drawn."""
        picture = self.picture(index)
        facts = ("base_model", "steps", "scheduler", "width", "height")
        recipe = picture.model_dump(exclude={"template"}) | self.model_dump(include=set(facts))
        recipe["concepts"] = [
            {"concept_id": each.concept_id, "placeholder": each.placeholder, "version": each.version}
            for each in self.concepts_of(picture)
        ]
        if picture.template:
            recipe["template"] = picture.template
        if self.init_image is not None:
            recipe["init_image"] = self.init_image.model_dump(exclude_none=True)
            recipe["strength"] = self.strength
        if self.mask is not None:
            recipe["mask"] = self.mask.model_dump(exclude_none=True)
        if self.mask_padding is not None:
            recipe["mask_padding"] = self.mask_padding
        return recipe
