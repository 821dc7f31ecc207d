"""A Request for each picture, and the SamplerSettings that all pictures of one loop share."""

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
    """One picture. The keys of `concepts` are placeholders exactly as they stand in the prompts, `<my-mug>`."""

    prompt: str
    negative_prompt: str = ""
    concepts: Mapping[str, Embedding] = field(default_factory=dict)
    seed: int = 0
    guidance: float | None = None  # classifier-free guidance (arXiv 2207.12598); None: the base model's default
    init_image: Image.Image | None = None  # its largest centred crop is scaled to the size of the loop
    mask: Image.Image | None = None  # inpainting mask of the picture's size; everything that is not black is drawn
    # None: the whole picture is drawn. Else the mask's area alone, with so many pixels around it, and put back.
    mask_padding: int | None = None
    strength: float = STRENGTH  # share of the steps that is taken, 0..1; at 1 nothing of the picture remains

    def checked(self, steps: int) -> "Request":
        """This request, or a DrawingError if it cannot be drawn in `steps` steps."""
        if self.init_image is None:
            if self.mask is not None:
                raise DrawingError("A mask was given and no picture that it belongs to. Give the picture too.")
            return self
        if self.mask_padding is not None and (self.mask is None or self.mask_padding < 0):
            raise DrawingError("A padding of the masked area needs a mask, and is 0 or more pixels. Give both.")
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
        """Number of steps skipped because the loop starts from a picture."""
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
    """The settings shared by all pictures of one denoising loop."""

    steps: int
    scheduler: str
    width: int  # pixels, like height
    height: int

    @classmethod
    def for_model(cls, model: "BaseModel", **overrides: Any) -> "SamplerSettings":
        """The base model's defaults, overridden by `overrides`. Raises DrawingError."""
        side = model.resolution
        own = cls(steps=model.card.steps, scheduler=model.card.scheduler, width=side, height=side)
        return replace(own, **overrides).checked()

    def checked(self) -> "SamplerSettings":
        """These settings, or a DrawingError that names the setting out of range and its range."""
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
