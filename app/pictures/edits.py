"""What a person changed about a picture before it is learned: its square, how it is turned, and its mask.

Runs in a child process with limits (`app.foreign_bytes.limits`), and imports only Pillow and numpy. The square is cut
out of the decoded upload before that is shrunk: a small square of a large photo keeps its pixels.
"""

import math
from dataclasses import dataclass
from typing import Final

from PIL import Image

SIDE_MIN: Final = 32  # pixels of the upload, of a square
SLACK: Final = 1.5  # pixels that a square may reach outside: a page rounds


@dataclass(frozen=True)
class Square:
    """The square to learn from, in pixels of the upright upload. `turn` is in degrees: the picture is turned clockwise
    by it about the middle of the square."""

    x: float
    y: float
    size: float
    turn: float = 0.0

    @property
    def reach(self) -> float:
        """Half the side of the smallest upright square around it."""
        angle = math.radians(self.turn)
        return self.size / 2 * (abs(math.cos(angle)) + abs(math.sin(angle)))

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The smallest upright square around it: left, top, right, bottom."""
        x, y = self.x + self.size / 2, self.y + self.size / 2
        return x - self.reach, y - self.reach, x + self.reach, y + self.reach


@dataclass(frozen=True)
class Edit:
    """Changes of one picture. `mask` is a foreign picture of the whole upload: white is learned from, black is not."""

    square: Square | None = None
    mask: bytes | None = None


def outside(square: Square, width: int, height: int) -> str | None:
    """Why a square cannot be cut out of a picture of this size; continues "Picture 1 (cat.jpg)". None if it can."""
    if square.size < SIDE_MIN:
        return f"has a square of {square.size:g} pixels, and at least {SIDE_MIN} are needed. Make the square larger."
    left, top, right, bottom = square.box
    if left < -SLACK or top < -SLACK or right > width + SLACK or bottom > height + SLACK:
        return (
            f"is {width}×{height} pixels, and its square reaches outside. Move the square into the picture, or make it "
            "smaller."
        )
    return None


def cut_out(picture: Image.Image, square: Square, scale: float, side: int) -> Image.Image:
    """The square as a picture of `side` × `side` pixels. `picture` is the upload, `scale` times as large."""
    left, top, right, bottom = (scale * edge for edge in square.box)
    around = max(side, round(side * 2 * square.reach / square.size))  # pixels of the upright square around it
    box = max(0.0, left), max(0.0, top), min(picture.width, right), min(picture.height, bottom)
    found = picture.resize((around, around), Image.Resampling.LANCZOS, box, reducing_gap=2.0)
    turns, rest = divmod(square.turn + 45, 90)
    if turns % 4:
        found = found.transpose(_QUARTERS[int(turns % 4)])
    if rest != 45:
        found = found.rotate(45 - rest, Image.Resampling.BICUBIC)
    edge = (around - side) // 2
    return found.crop((edge, edge, edge + side, edge + side))


_QUARTERS: Final = {  # quarter turns clockwise
    1: Image.Transpose.ROTATE_270,
    2: Image.Transpose.ROTATE_180,
    3: Image.Transpose.ROTATE_90,
}
