"""The masked area of a picture, drawn alone at the full size of the loop and put back: detail where the mask is small.

AUTOMATIC1111 calls it "only masked". Example: a mask of 40×20 pixels in a picture of 1024×1024, with 4 pixels around
it and a loop of 512×512. The area is 48×28, widened to 48×48 for the loop's aspect ratio. It is enlarged to 512×512,
drawn, reduced to 48×48, and shows in the picture where the mask is white. No other pixel changes.
"""

from dataclasses import replace

import numpy as np
from PIL import Image

from worker.engine.generation.request import Request

Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels of the picture; may reach beyond its edges


def masked_area(mask: Image.Image, padding: int, size: tuple[int, int]) -> Box:
    """The box that is drawn for a mask that is not black: all that is white in it, `padding` pixels around that within
    the picture, and more on the shorter axis until it has the aspect ratio of `size`.

    It lies within the picture, except along an axis on which it is longer than the picture.
    """
    found = mask.convert("L").getbbox()
    if found is None:
        raise ValueError("a black mask has no area")
    left, right = max(0, found[0] - padding), min(mask.width, found[2] + padding)
    top, bottom = max(0, found[1] - padding), min(mask.height, found[3] + padding)
    width, height = right - left, bottom - top
    wanted = size[0] / size[1]
    left, right = _widened(left, right, max(width, round(height * wanted)), mask.width)
    top, bottom = _widened(top, bottom, max(height, round(width / wanted)), mask.height)
    return left, top, right, bottom


def area_alone(request: Request, size: tuple[int, int]) -> Request:
    """The request to draw the masked area of a request at `size`; the request itself if it draws the whole picture."""
    if request.mask_padding is None or request.init_image is None or request.mask is None:
        return request
    box = masked_area(request.mask, request.mask_padding, size)
    return replace(
        request,
        init_image=_cut(request.init_image.convert("RGB"), box).resize(size, Image.Resampling.LANCZOS),
        mask=request.mask.convert("L").crop(box).resize(size, Image.Resampling.BILINEAR),
        mask_padding=None,
    )


def put_back(area: Image.Image, picture: Image.Image, mask: Image.Image, padding: int) -> Image.Image:
    """The whole picture with its drawn `area` under the mask."""
    whole = picture.convert("RGB")
    left, top, right, bottom = masked_area(mask, padding, area.size)
    drawn = whole.copy()
    drawn.paste(area.resize((right - left, bottom - top), Image.Resampling.LANCZOS), (left, top))
    return Image.composite(drawn, whole, mask.convert("L"))


def _widened(start: int, end: int, length: int, side: int) -> tuple[int, int]:
    """`start`..`end` made `length` long about its middle, moved into 0..`side` if it fits and about that otherwise."""
    start -= (length - (end - start)) // 2
    start = -((length - side) // 2) if length > side else min(max(0, start), side - length)
    return start, start + length


def _cut(picture: Image.Image, box: Box) -> Image.Image:
    """The pixels in a box. Beyond the picture's edges the pixels of the edge are repeated."""
    left, top, right, bottom = box
    rows = np.arange(top, bottom).clip(0, picture.height - 1)
    columns = np.arange(left, right).clip(0, picture.width - 1)
    return Image.fromarray(np.asarray(picture)[rows][:, columns])
