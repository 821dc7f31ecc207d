"""A picture to train on: its square, on white, with its mask, and what is measured on it for advice.

Runs in a child process with limits (`app.foreign_bytes.limits`), and imports only Pillow and numpy.
"""

import io
from dataclasses import replace

from PIL import Image, ImageChops

from app.pictures import decoding, edits
from app.pictures.decoding import CleanPicture, PictureFault, Upright, guarded
from app.pictures.edits import Edit
from app.pictures.measures import measured

NO_EDIT = Edit()


def training_picture(content: bytes, edit: Edit = NO_EDIT, encode: bool = True) -> CleanPicture | PictureFault:
    """A picture to train on, on white. Its mask is the opaque area, and in it what the edit's mask leaves.

    Without `encode` its PNGs are empty, which halves the time: a check keeps no picture."""
    return guarded(content, lambda: _edited(content, edit, encode))


def _edited(content: bytes, edit: Edit, encode: bool) -> CleanPicture | PictureFault:
    square = edit.square
    found = decoding.upright(content, None if square is None else square.size)
    if isinstance(found, PictureFault):
        return found
    if square is not None and (reason := edits.outside(square, found.width, found.height)) is not None:
        return PictureFault("square", reason)
    opacity = decoding.opaque_area(found.picture)
    if edit.mask is not None:
        drawn = _drawn_mask(edit.mask, found)
        if isinstance(drawn, PictureFault):
            return drawn
        opacity = drawn if opacity is None else ImageChops.multiply(drawn, opacity)
    picture = decoding.without_alpha(found.picture)
    if square is not None:
        scale = picture.width / found.width
        side = max(edits.SIDE_MIN, round(min(square.size * scale, decoding.SHORTER_SIDE_MAX)))
        picture = edits.cut_out(picture, square, scale, side)
        opacity = None if opacity is None else edits.cut_out(opacity, square, scale, side)
    if opacity is not None and opacity.getextrema()[0] == 255:
        opacity = None
    if opacity is not None and not decoding.centre_square(opacity).getbbox():
        return _nothing_left(masked=edit.mask is not None)
    clean = decoding.repacked(picture, opacity, found.width, found.height, encode=encode)
    return replace(
        clean,
        square=None if square is None else (square.x, square.y, square.size),
        measures=measured(
            decoding.centre_square(picture), None if opacity is None else decoding.centre_square(opacity)
        ),
    )


def _drawn_mask(content: bytes, of: Upright) -> Image.Image | PictureFault:
    """A mask as grey levels at the size of its picture: white where the picture is learned from."""
    clean = decoding.inpaint_mask(content)
    if isinstance(clean, PictureFault):
        if clean.code == "black":
            return _nothing_left(masked=True)
        return PictureFault(f"mask-{clean.code}", f"cannot be masked: its mask {clean.detail}")
    mask = Image.open(io.BytesIO(clean.content)).convert("L")
    if abs(mask.width * of.height - mask.height * of.width) > 0.02 * mask.width * of.height:
        return PictureFault(
            "mask-size",
            f"is {of.width}×{of.height} pixels and its mask {mask.width}×{mask.height}. Send a mask of the whole "
            "picture, in its shape.",
        )
    return mask.resize(of.picture.size, Image.Resampling.BILINEAR)


def _nothing_left(*, masked: bool) -> PictureFault:
    if masked:
        return PictureFault(
            "masked", "is masked everywhere in its square, so nothing could be learned from it. Leave the subject free."
        )
    return PictureFault(
        "transparent",
        "is transparent everywhere in the square in its middle, so nothing could be learned from it. Send a "
        "picture whose middle shows the subject.",
    )
