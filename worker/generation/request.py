"""What is asked for: one Request for each picture, and the Settings that all pictures of one loop share."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from PIL import Image

from worker.formats import Embedding
from worker.generation.schedulers import SCHEDULERS
from worker.sentences import DrawingError

if TYPE_CHECKING:
    from worker.base_models import BaseModel

STEPS_MAX = 200
SIDE_MULTIPLE = 8
SIDE_MIN = 8
SIDE_MAX = 2048


@dataclass(frozen=True, eq=False)
class Request:
    """One picture. Keys of `concepts` are written in the prompts exactly so, angle brackets included."""

    prompt: str
    negative_prompt: str = ""
    concepts: Mapping[str, Embedding] = field(default_factory=dict)
    seed: int = 0
    guidance: float | None = None  # classifier-free guidance (arXiv 2207.12598); None: the base model's own
    init_image: Image.Image | None = None
    mask: Image.Image | None = None  # white is drawn anew
    strength: float = 0.75

    def checked(self) -> "Request":
        """This request, or a DrawingError for what cannot be drawn."""
        if self.init_image is not None or self.mask is not None:
            raise DrawingError("Drawing from a picture is not possible here yet. Leave the picture and the mask out.")
        return self


@dataclass(frozen=True)
class Settings:
    """What the pictures of one denoising loop have in common."""

    steps: int
    scheduler: str
    width: int
    height: int

    @classmethod
    def for_model(cls, model: "BaseModel", **asked: Any) -> "Settings":
        """The base model's own settings, but for what was asked."""
        side = model.resolution
        own = cls(steps=model.card.steps, scheduler=model.card.scheduler, width=side, height=side)
        return replace(own, **asked).checked()

    def checked(self) -> "Settings":
        """These settings, or a DrawingError that says which is impossible and what is possible."""
        if not 1 <= self.steps <= STEPS_MAX:
            raise DrawingError(f"{self.steps} steps were asked for. Ask for 1 to {STEPS_MAX}.")
        if self.scheduler not in SCHEDULERS:
            raise DrawingError(f"There is no scheduler {self.scheduler!r}. Choose one of {', '.join(SCHEDULERS)}.")
        if self.steps > SCHEDULERS[self.scheduler].steps_max:
            raise DrawingError(
                f"{self.steps} steps were asked for, and {self.scheduler} takes at most "
                f"{SCHEDULERS[self.scheduler].steps_max}."
            )
        for name, side in (("width", self.width), ("height", self.height)):
            if side % SIDE_MULTIPLE or not SIDE_MIN <= side <= SIDE_MAX:
                raise DrawingError(
                    f"The {name} is {side} pixels, and has to be a multiple of {SIDE_MULTIPLE} from {SIDE_MIN} to "
                    f"{SIDE_MAX}."
                )
        return self
