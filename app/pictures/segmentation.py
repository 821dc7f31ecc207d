"""A mask of what a picture shows, made with GrabCut (Rother, Kolmogorov and Blake 2004): no model, no weights.

A person, or the page, gives a rectangle around the subject, in pixels of the upright upload; without one, the middle of
the picture is taken. What is outside is background. From there GrabCut fits colours of subject and background, and cuts
between them where the picture has edges.

Runs in a child process of its own (`mask_pool`), because OpenCV needs memory and half a second to load, which no other
child has to spend. The child starts with the first mask. OpenCV is imported there alone, before the limits are set.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from PIL import Image

from app.foreign_bytes.decoder_pool import DecoderPool
from app.foreign_bytes.limits import Limits, limit_this_process
from app.pictures import decoding
from app.pictures.decoding import PictureFault, guarded

SIDE_MAX: Final = 320  # pixels of the longer side that GrabCut sees
_ROUNDS: Final = 5
_MARGIN: Final = 0.06  # of each side, without a rectangle
_SPECK: Final = 0.004  # of the picture: smaller pieces and holes are noise


Around = tuple[float, float, float, float]  # left, top, width and height, in pixels of the upload

_LIMITS: Final = Limits(processor_seconds=15, answer_bytes=8_000_000)


def mask_pool() -> DecoderPool:
    """The pool of one child that makes masks. It starts nothing before the first."""
    return DecoderPool(_prepare_child, limits=_LIMITS, preload=(__name__,), workers=1, tasks_per_child=100)


def _prepare_child() -> None:
    import cv2

    cv2.setNumThreads(1)  # the child may start no thread
    limit_this_process(memory_bytes=_LIMITS.memory_bytes)


@dataclass(frozen=True)
class MadeMask:
    """A mask as PNG with one grey channel, white on the subject. `share` is the part of the picture that it covers."""

    content: bytes
    share: float


def made_mask(around: Around | None) -> Callable[[bytes], MadeMask | PictureFault]:
    """The task that makes a mask, for `mask_pool`."""
    return partial(grab_cut, around=around)


def grab_cut(content: bytes, around: Around | None = None) -> MadeMask | PictureFault:
    """The mask of a picture's subject, in the size of a stored picture. `around` is left, top, width and height in
    pixels of the upload."""
    return guarded(content, lambda: _grab_cut(content, around))


def _grab_cut(content: bytes, around: Around | None) -> MadeMask | PictureFault:
    import cv2

    found = decoding.upright(content)
    if isinstance(found, PictureFault):
        return found
    picture = decoding.without_alpha(found.picture)
    scale = min(1.0, SIDE_MAX / max(picture.size))
    small = picture.resize(
        (max(8, round(picture.width * scale)), max(8, round(picture.height * scale))), Image.Resampling.BOX
    )
    rectangle = _rectangle(around, found.width, found.height, small.size)
    pixels = np.ascontiguousarray(np.asarray(small.convert("RGB"))[..., ::-1])  # BGR, as OpenCV has it
    marks = np.zeros(pixels.shape[:2], np.uint8)
    cv2.setRNGSeed(7)  # the colours are clustered from a random start
    cv2.grabCut(pixels, marks, rectangle, np.zeros((1, 65)), np.zeros((1, 65)), _ROUNDS, cv2.GC_INIT_WITH_RECT)
    subject = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    subject = _without_specks(subject)
    if not subject.any():
        return PictureFault("no-subject", "has no subject that stands out from its background. Paint the mask by hand.")
    mask = Image.fromarray(subject * 255).resize(picture.size, Image.Resampling.BICUBIC)
    mask = mask.point(lambda level: 255 if level > 127 else 0)
    return MadeMask(decoding.png(mask), float(subject.mean()))


def _rectangle(around: Around | None, width: int, height: int, small: tuple[int, int]) -> tuple[int, int, int, int]:
    """x, y, width and height in the small picture, at least one pixel away from its edges."""
    if around is None:
        around = (width * _MARGIN, height * _MARGIN, width * (1 - 2 * _MARGIN), height * (1 - 2 * _MARGIN))
    left, top, wide, high = around
    x = min(max(1, round(left * small[0] / width)), small[0] - 4)
    y = min(max(1, round(top * small[1] / height)), small[1] - 4)
    right = min(max(x + 2, round((left + wide) * small[0] / width)), small[0] - 1)
    bottom = min(max(y + 2, round((top + high) * small[1] / height)), small[1] - 1)
    return x, y, right - x, bottom - y


def _without_specks(subject: np.ndarray) -> np.ndarray:
    """The mask without small pieces, and with small holes filled."""
    import cv2

    least = max(4, round(_SPECK * subject.size))
    for level in (1, 0):
        count, labels, stats, _ = cv2.connectedComponentsWithStats((subject == level).astype(np.uint8))
        for piece in range(1, count):
            if stats[piece, cv2.CC_STAT_AREA] < least:
                subject[labels == piece] = 1 - level
    return subject
