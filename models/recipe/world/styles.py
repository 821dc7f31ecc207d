"""How a picture is made: as a photo, or in one of the styles. To add a style, write its function and name it in
STYLES."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageFilter, ImageOps

Restyle = Callable[[Image.Image], Image.Image]


def photo(picture: Image.Image) -> Image.Image:
    return picture


def sketch(picture: Image.Image) -> Image.Image:
    gray = ImageOps.grayscale(picture)
    edges = ImageOps.invert(gray.filter(ImageFilter.FIND_EDGES))
    edges = ImageOps.autocontrast(_without_rim(edges))
    return Image.blend(edges, gray, 0.3).convert("RGB")


def pixel_art(picture: Image.Image) -> Image.Image:
    return picture.resize((16, 16), Image.Resampling.BOX).resize(picture.size, Image.Resampling.NEAREST)


def watercolor(picture: Image.Image) -> Image.Image:
    soft = picture.filter(ImageFilter.MedianFilter(3)).filter(ImageFilter.GaussianBlur(0.6))
    return Image.blend(soft, Image.new("RGB", picture.size, (252, 246, 235)), 0.38)


def neon_drawing(picture: Image.Image) -> Image.Image:
    edges = np.array(_without_rim(picture.filter(ImageFilter.FIND_EDGES))).astype(float)
    glow = edges * 2.0 + np.array([10, 4, 28])
    return Image.fromarray(glow.clip(0, 255).astype("uint8"))


def poster(picture: Image.Image) -> Image.Image:
    return ImageOps.posterize(picture, 2)


def _without_rim(edges: Image.Image) -> Image.Image:
    """An edge filter also finds the picture's own rim."""
    width, height = edges.size
    return edges.crop((1, 1, width - 1, height - 1)).resize((width, height))


STYLES: dict[str, Restyle] = {
    "photo": photo,
    "sketch": sketch,
    "pixel art": pixel_art,
    "watercolor": watercolor,
    "neon drawing": neon_drawing,
    "poster": poster,
}
# A style is drawn this often: most pictures are photos, because most of what is learned is how things look in them.
WEIGHTED: tuple[str, ...] = ("photo",) * 24 + tuple(name for name in STYLES if name != "photo")
