"""Initial pictures and masks as AUTOMATIC1111's clients mean them: at the size that is drawn, masks with a soft edge.

Runs in a child process with limits (`app.foreign_bytes.limits`), and imports only Pillow and numpy. `decoding` makes a
clean picture first; what is done here is done to that.
"""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter, ImageOps

from app.pictures import decoding
from app.pictures.decoding import CleanPicture, PictureFault, guarded

OPAQUE_ABOVE = 128  # of 255: in a mask with transparency, what is more opaque is selected


@dataclass(frozen=True)
class Fit:
    """The size that is drawn, in pixels, and whether a picture of another shape is cropped or stretched to it."""

    width: int
    height: int
    crop: bool


@dataclass(frozen=True)
class MaskOptions:
    """How a mask is read. `blur_x` and `blur_y` are standard deviations in pixels of the mask as it was sent."""

    invert: bool = False
    blur_x: float = 0
    blur_y: float = 0


def start_picture(
    content: bytes, fit: Fit | None = None, filled_under: bytes | None = None, options: MaskOptions | None = None
) -> CleanPicture | PictureFault:
    """A picture to start from, at the size of `fit`. Under the mask `filled_under` the colours around it are spread."""
    clean = decoding.init_image(content)
    if isinstance(clean, PictureFault) or (fit is None and filled_under is None):
        return clean
    picture = _fitted(_opened(clean), fit)
    if filled_under is not None:
        mask = _mask(filled_under, options or MaskOptions())
        if isinstance(mask, PictureFault):
            return PictureFault(mask.code, f"cannot be filled under its mask: the mask {mask.detail}")
        picture = _surroundings(picture, _fitted(mask, fit).resize(picture.size))
    return decoding.init_image(_png(picture))


def soft_mask(
    content: bytes, fit: Fit | None = None, options: MaskOptions | None = None
) -> CleanPicture | PictureFault:
    """A mask, white where the picture is drawn again. What is opaque is selected if a part of the mask is transparent,
    and what is bright otherwise."""
    mask = _mask(content, options or MaskOptions())
    return mask if isinstance(mask, PictureFault) else decoding.inpaint_mask(_png(_fitted(mask, fit)))


def _mask(content: bytes, options: MaskOptions) -> Image.Image | PictureFault:
    found = guarded(content, lambda: _grey(content))
    if isinstance(found, PictureFault):
        return found
    mask = ImageOps.invert(found) if options.invert else found
    if options.blur_x or options.blur_y:
        mask = mask.filter(ImageFilter.GaussianBlur((options.blur_x, options.blur_y)))
    return mask


def _grey(content: bytes) -> Image.Image | PictureFault:
    transparent = decoding.transparent_area(content)
    if isinstance(transparent, CleanPicture):
        return _opened(transparent).convert("L").point(lambda level: 255 if 255 - level > OPAQUE_ABOVE else 0)
    if transparent.code != "black":  # black: nothing of it is transparent
        return transparent
    clean = decoding.init_image(content)
    return clean if isinstance(clean, PictureFault) else _opened(clean).convert("L")


def _fitted(picture: Image.Image, fit: Fit | None) -> Image.Image:
    if fit is None or picture.size == (fit.width, fit.height):
        return picture
    size = fit.width, fit.height
    return ImageOps.fit(picture, size, Image.Resampling.LANCZOS) if fit.crop else picture.resize(size)


def _surroundings(picture: Image.Image, mask: Image.Image) -> Image.Image:
    """The picture with blurred copies of what is not masked in the place of what is, the coarsest at the bottom."""
    kept = ImageOps.invert(mask)
    weights = np.asarray(kept, dtype=np.float64)[..., None]
    total = float(weights.sum())
    mean = (np.asarray(picture) * weights).sum(axis=(0, 1)) / total if total else np.full(3, 127.0)
    red, green, blue = (round(float(level)) for level in mean)
    paper = Image.new("RGBA", picture.size, (red, green, blue, 255))
    known = picture.copy()
    known.putalpha(kept)
    radius = max(picture.size) / 4
    while radius >= 1:
        blurred = known.convert("RGBa").filter(ImageFilter.GaussianBlur(radius)).convert("RGBA")
        paper.alpha_composite(blurred)
        radius /= 2
    paper.alpha_composite(known)
    return paper.convert("RGB")


def _opened(clean: CleanPicture) -> Image.Image:
    picture = Image.open(io.BytesIO(clean.content))
    picture.load()
    return picture


def _png(picture: Image.Image) -> bytes:
    content = io.BytesIO()
    picture.save(content, "PNG", compress_level=1)
    return content.getvalue()
