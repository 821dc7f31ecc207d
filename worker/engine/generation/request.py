"""What is asked for: one Request for each picture, and the Settings that all pictures of one loop share."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from PIL import Image

from app.contracts.limits import GENERATION_STEPS_MAX, SIDE_MAX, SIDE_MULTIPLE, STRENGTH
from app.contracts.schedulers import SCHEDULER_NAMES, steps_max
from worker.engine.embeddings.formats import Embedding
from worker.engine.errors import DrawingError

if TYPE_CHECKING:
    from worker.engine.base_models import BaseModel


@dataclass(frozen=True, eq=False)
class Request:
    """One picture. Keys of `concepts` are written in the prompts exactly so, angle brackets included."""

    prompt: str
    negative_prompt: str = ""
    concepts: Mapping[str, Embedding] = field(default_factory=dict)
    seed: int = 0
    guidance: float | None = None  # classifier-free guidance (arXiv 2207.12598); None: the base model's own
    init_image: Image.Image | None = None  # its middle, at the size that is drawn
    mask: Image.Image | None = None  # as large as the picture; what is not black is drawn anew
    strength: float = STRENGTH  # how much of the picture is given up: the share of the steps that is taken

    def checked(self, steps: int) -> "Request":
        """This request, or a DrawingError for what cannot be drawn."""
        if self.init_image is None:
            if self.mask is not None:
                raise DrawingError("A mask was given and no picture that it belongs to. Give the picture too.")
            return self
        if self.mask is not None:
            _check_mask(self.mask, self.init_image)
        if not 0 <= self.strength <= 1:
            raise DrawingError(f"The strength is {self.strength:g}. It has to be from 0 to 1.")
        if int(steps * self.strength) < 1:
            raise DrawingError(
                f"At strength {self.strength:g} none of {steps} steps is taken, so nothing would change. Ask for at "
                f"least {1 / steps:.2g}, or for more steps."
            )
        if self.strength == 1 and self.mask is None:
            raise DrawingError(
                "At strength 1 nothing of the picture would be left. Ask for less, or leave the picture out."
            )
        return self

    def first_step(self, steps: int) -> int:
        """How many of the steps are left out because the picture is there already."""
        return 0 if self.init_image is None else steps - min(int(steps * self.strength), steps)


def _check_mask(mask: Image.Image, picture: Image.Image) -> None:
    if mask.size != picture.size:
        raise DrawingError(
            f"The mask is {mask.width}×{mask.height} pixels and its picture {picture.width}×{picture.height}. Give one "
            "of the picture's size."
        )
    if mask.convert("L").getbbox() is None:
        raise DrawingError("The mask is black everywhere, so nothing would be drawn. Make white what is to be drawn.")


@dataclass(frozen=True)
class SamplerSettings:
    """What the pictures of one denoising loop have in common."""

    steps: int
    scheduler: str
    width: int
    height: int

    @classmethod
    def for_model(cls, model: "BaseModel", **asked: Any) -> "SamplerSettings":
        """The base model's own settings, but for what was asked."""
        side = model.resolution
        own = cls(steps=model.card.steps, scheduler=model.card.scheduler, width=side, height=side)
        return replace(own, **asked).checked()

    def checked(self) -> "SamplerSettings":
        """These settings, or a DrawingError that says which is impossible and what is possible."""
        if not 1 <= self.steps <= GENERATION_STEPS_MAX:
            raise DrawingError(f"{self.steps} steps were asked for. Ask for 1 to {GENERATION_STEPS_MAX}.")
        if self.scheduler not in SCHEDULER_NAMES:
            raise DrawingError(f"There is no scheduler {self.scheduler!r}. Choose one of {', '.join(SCHEDULER_NAMES)}.")
        if self.steps > (most := steps_max(self.scheduler)):
            raise DrawingError(f"{self.steps} steps were asked for, and {self.scheduler} takes at most {most}.")
        for name, side in (("width", self.width), ("height", self.height)):
            if side % SIDE_MULTIPLE or not SIDE_MULTIPLE <= side <= SIDE_MAX:
                raise DrawingError(
                    f"The {name} is {side} pixels, and has to be a multiple of {SIDE_MULTIPLE} up to {SIDE_MAX}."
                )
        return self
