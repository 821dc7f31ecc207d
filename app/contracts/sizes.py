"""The largest picture that a base model draws, and the part of an order that is drawn in one pass.

A UNet repeats its subject beyond the size that it was trained on, and its attention costs the square of the pixels. The
limit therefore follows from the model's own resolution r: at most 4 r² pixels, and no side longer than 4 r.

    r = 64    16,384 pixels, side 256       128×128, 64×256
    r = 512   1,048,576 pixels, side 2048   1024×1024, 768×1152, 2048×512
    r = 1024  4,194,304 pixels, side 2048   2048×2048

The model's card may state other numbers, and `ONEWORD_PIXELS_MAX` lowers them for every model.
"""

from dataclasses import dataclass

from app.contracts.limits import SIDE_MAX, SIDE_MIN, SIDE_MULTIPLE, TRAINING_SIDE_RATIO
from app.contracts.model_card import Card

RATIO = 4  # of the largest picture's area, and of its longest side, to the model's own


@dataclass(frozen=True)
class SizeLimit:
    """The largest picture of one base model, in pixels."""

    resolution: int  # the model's own side
    pixels_max: int
    side_max: int
    side_multiple: int = SIDE_MULTIPLE

    @classmethod
    def of(cls, resolution: int, card: Card, pixels_max: int) -> "SizeLimit":
        """The limit of a model with this resolution and card, where the studio draws at most `pixels_max` pixels."""
        pixels = card.pixels_max or RATIO * resolution**2
        side = card.side_max or RATIO * resolution
        return cls(resolution, max(SIDE_MIN**2, min(pixels, pixels_max)), max(SIDE_MIN, min(side, SIDE_MAX)))

    def allows(self, width: int, height: int) -> bool:
        """Whether a picture of this size can be drawn."""
        return max(width, height) <= self.side_max and width * height <= self.pixels_max

    def nearest(self, width: float, height: float) -> tuple[int, int]:
        """The largest size that is allowed, no larger than this one, and of its shape as nearly as sides permit."""
        scale = min(1.0, (self.pixels_max / (width * height)) ** 0.5, self.side_max / max(width, height))
        short = max(SIDE_MIN, self._down(min(width, height) * scale))
        long = max(short, self._down(min(max(width, height) * scale, self.pixels_max / short)))
        return (long, short) if width >= height else (short, long)

    def refusal(self, title: str, width: int, height: int) -> str:
        """The sentence that says why a picture of this size is not drawn; without what to ask for instead."""
        square = self.nearest(SIDE_MAX, SIDE_MAX)[0]
        return (
            f"A picture of {width}×{height} pixels is too large for {title}, which draws at most {self.pixels_max} "
            f"pixels (a square of {square}×{square}) with no side above {self.side_max}."
        )

    def _down(self, pixels: float) -> int:
        return int(pixels + 1e-6) // self.side_multiple * self.side_multiple


def pass_pictures(resolution: int, steps: int, pictures_max: int, picture_cost: int) -> int:
    """How many pictures of a generation are drawn in one pass, which nothing interrupts.

    A pass costs no more than `pictures_max` ordinary pictures, of the model's own resolution and steps; it has at least
    one picture. `picture_cost` is steps × width × height of the generation. Example: with a model of 64 pixels and 20
    steps and 16 pictures at once, pictures of 128×128 pixels in 20 steps are drawn 4 at a time.
    """
    return min(pictures_max, max(1, pictures_max * resolution**2 * steps // picture_cost))


def training_side_problem(side: int, resolution: int) -> str | None:
    """Why a model with this resolution cannot learn from squares of `side` pixels; None if it can."""
    least = -(-resolution // TRAINING_SIDE_RATIO // SIDE_MULTIPLE) * SIDE_MULTIPLE
    if least <= side <= resolution and side % SIDE_MULTIPLE == 0:
        return None
    return (
        f"resolution is {side}, and has to be a multiple of {SIDE_MULTIPLE} from {least} to {resolution}, the side "
        "that the base model was made for."
    )
