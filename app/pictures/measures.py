"""What can be measured on one square for advice before teaching: its background, its light, and where it is cut off.

Classical measures on 96 × 96 pixels, a few milliseconds each. Colours are counted in 600 bins of luma and chroma. What
stands in the middle and hardly ever at the edge is taken for the subject: each pixel is judged by the ratio of the two
colour distributions, those of the middle and of the edge (naive Bayes, as in Swain and Ballard 1991, "Color Indexing").

Runs in a child process with limits (`app.foreign_bytes.limits`), and imports only Pillow and numpy.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from PIL import Image

Side = Literal["left", "top", "right", "bottom"]
SIDES: Final[tuple[Side, ...]] = ("left", "top", "right", "bottom")

_SIDE: Final = 96  # pixels of the square that is measured
_RING: Final = 10  # pixels of its edge that are taken for background
_STRIP: Final = 3  # pixels of an edge that a subject which is cut off touches
_LUMA, _CHROMA = 6, 10  # bins
_CHROMA_STEP: Final = 12.0  # levels in a bin of chroma
_PRIOR: Final = 0.002  # added to each bin, so that a colour seen nowhere decides nothing
_RATIO: Final = 3.0  # how many times likelier a pixel of the subject is in the middle than at the edge
_RUN_MIN, _RUN_MAX = 0.10, 0.80  # part of an edge that a subject which is cut off covers; a table covers all of it
_THUMBNAIL: Final = 12
_GAP: Final = 2  # pixels inside a run that may be missing

Levels = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Measures:
    """Of one square. `background` is the colour distribution of its edge, as 600 square roots from 0 to 255."""

    background: bytes
    cut: list[Side]  # edges at which the subject seems to be cut off
    subject: float | None  # part of the square that the subject fills, 0..1; None if it does not stand out
    masked: float  # part of the square that a mask leaves out, 0..1
    light: float  # luma that 95 % of the middle stay below, 0..255
    contrast: float  # between 5 % and 95 % of the middle's luma, 0..255
    thumbnail: bytes  # 12 × 12 pixels of luma and chroma


def measured(square: Image.Image, opacity: Image.Image | None) -> Measures:
    """The measures of a square in RGB. `opacity` is its mask, white where it is learned from."""
    small = square.resize((_SIDE, _SIDE), Image.Resampling.BOX)
    bins, luma = _bins(small)
    third = _SIDE // 4
    middle = luma[third:-third, third:-third]
    low, high = (float(level) for level in np.percentile(middle, (5, 95)))
    thumbnail = square.resize((_THUMBNAIL, _THUMBNAIL), Image.Resampling.BOX).convert("YCbCr").tobytes()
    ring = _ring()
    background = _distribution(bins[ring])
    if opacity is not None:
        mask = np.asarray(opacity.resize((_SIDE, _SIDE), Image.Resampling.BOX)) > 127
        return Measures(
            background=_packed(background),
            cut=[side for side in SIDES if _touches(_strip(mask, side))],
            subject=float(mask.mean()),
            masked=float(1 - mask.mean()),
            light=high,
            contrast=high - low,
            thumbnail=thumbnail,
        )
    inside = _distribution(bins[third:-third, third:-third])
    apart = float(np.sqrt(inside * background).sum()) < 0.8  # Bhattacharyya coefficient
    subject = inside[bins] > _RATIO * background[bins]
    return Measures(
        background=_packed(background),
        cut=[side for side in SIDES if _cut(bins, _distribution(bins[~ring]), side)],
        subject=float(subject.mean()) if apart else None,
        masked=0.0,
        light=high,
        contrast=high - low,
        thumbnail=thumbnail,
    )


def likeness(one: bytes, other: bytes) -> float:
    """How alike two backgrounds are, 0..1: the Bhattacharyya coefficient of their colours."""
    a, b = (np.frombuffer(each, dtype=np.uint8).astype(np.float64) for each in (one, other))
    length = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / length if length else 0.0


def sameness(one: bytes, other: bytes) -> float:
    """How far two thumbnails are the same picture, -1..1: the correlation of their levels over all channels."""
    a, b = (np.frombuffer(each, dtype=np.uint8).astype(np.float64).reshape(-1, 3) for each in (one, other))
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    length = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float((a * b).sum()) / length if length else 0.0


def _bins(picture: Image.Image) -> tuple[Levels, Levels]:
    """The bin of each pixel's colour, and its luma  # both (side, side)."""
    levels = np.asarray(picture.convert("YCbCr"), dtype=np.float32)
    luma = np.minimum(levels[..., 0] * _LUMA / 256, _LUMA - 1).astype(int)
    chroma = np.clip((levels[..., 1:] - 128) / _CHROMA_STEP + _CHROMA / 2, 0, _CHROMA - 1).astype(int)
    return (luma * _CHROMA + chroma[..., 0]) * _CHROMA + chroma[..., 1], levels[..., 0]


def _distribution(bins: Levels) -> Levels:
    """How often each colour occurs, blurred over the neighbouring bins  # (600,), sum 1."""
    counted = np.bincount(bins.ravel(), minlength=_LUMA * _CHROMA**2).reshape(_LUMA, _CHROMA, _CHROMA).astype(float)
    for axis in range(3):
        padded = np.pad(counted, [(1, 1) if each == axis else (0, 0) for each in range(3)])
        length = counted.shape[axis]
        before, here, after = (np.take(padded, range(start, start + length), axis) for start in range(3))
        counted = before + 2 * here + after
    flat = counted.ravel() / counted.sum() + _PRIOR / counted.size
    return np.asarray(flat / flat.sum())


def _packed(distribution: Levels) -> bytes:
    roots = np.sqrt(distribution)
    return bytes(np.round(255 * roots / roots.max()).astype(np.uint8))


def _ring() -> Levels:
    ring = np.ones((_SIDE, _SIDE), dtype=bool)
    ring[_RING:-_RING, _RING:-_RING] = False
    return ring


def _strip(pixels: Levels, side: Side) -> Levels:
    """The edge of a square, as one row: the majority of its outermost pixels  # (side,)."""
    return np.asarray(_seen_from(pixels, side)[:_STRIP].mean(axis=0) > 0.5)


def _seen_from(pixels: Levels, side: Side) -> Levels:
    """A view of the square whose first rows are the pixels at this edge."""
    return {"left": pixels.T, "right": pixels.T[::-1], "top": pixels, "bottom": pixels[::-1]}[side]


def _cut(bins: Levels, inside: Levels, side: Side) -> bool:
    """Whether a part of this edge looks like something inside and like none of the three other edges. `inside` is the
    colour distribution of all but the edges."""
    others = _ring()
    _seen_from(others, side)[:_RING] = False
    outside = _distribution(bins[others])
    return _touches(_strip(inside[bins] > _RATIO * outside[bins], side))


def _touches(edge: Levels) -> bool:
    """Whether one run of an edge is the subject's: neither a few pixels nor nearly all of it."""
    longest = run = gap = 0
    for each in edge:
        run, gap = (run + gap + 1 if run else 1, 0) if each else (run, gap + 1)
        if gap > _GAP:
            longest, run, gap = max(longest, run), 0, 0
    return _RUN_MIN <= max(longest, run) / len(edge) <= _RUN_MAX
