"""How a picture is made: as a photo, or in one of the styles. To add a style, write its function and name it in
STYLES. All but pixel art and mosaic are lines and washes that survive a small picture."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageEnhance, ImageFilter, ImageOps

Restyle = Callable[[Image.Image], Image.Image]
CELLS = 16  # of pixel art and of a mosaic, to a side


def photo(picture: Image.Image) -> Image.Image:
    return picture


def sketch(picture: Image.Image) -> Image.Image:
    """Pencil lines, and a little of the shade."""
    paper = Image.eval(ImageOps.grayscale(picture), lambda level: 200 + level * 55 // 255)
    lines = _edges(picture).convert("L").point(lambda level: min(205, level * 2))
    return Image.composite(Image.new("L", picture.size, 45), paper, lines).convert("RGB")


def pixel_art(picture: Image.Image) -> Image.Image:
    small = picture.resize((CELLS, CELLS), Image.Resampling.BOX)
    return small.resize(picture.size, Image.Resampling.NEAREST)


def watercolor(picture: Image.Image) -> Image.Image:
    soft = picture.filter(ImageFilter.MedianFilter(5)).filter(ImageFilter.GaussianBlur(1.2))
    return Image.blend(soft, Image.new("RGB", picture.size, (252, 246, 235)), 0.38)


def neon_drawing(picture: Image.Image) -> Image.Image:
    """Glowing lines in the colours of what they bound, in the dark."""
    glow = _array(picture.filter(ImageFilter.MaxFilter(3))) * _array(_edges(picture).convert("L"))[..., None] / 90
    return _picture(glow + np.array([12, 4, 30]))


def poster(picture: Image.Image) -> Image.Image:
    return ImageOps.posterize(picture, 2)


def comic(picture: Image.Image) -> Image.Image:
    """Strong colours, ink around everything, dots of a cheap print."""
    strong = ImageEnhance.Color(ImageOps.posterize(picture, 3)).enhance(1.5)
    rows, columns = np.indices((picture.height, picture.width))
    cell = picture.width // CELLS
    dots = ((rows % cell < cell // 2) & (columns % cell < cell // 2))[..., None] * 26.0
    ink = _edges(picture).convert("L").point(lambda level: min(255, max(0, level - 70) * 2))
    return Image.composite(Image.new("RGB", picture.size, (18, 14, 26)), _picture(_array(strong) - dots), ink)


def mosaic(picture: Image.Image) -> Image.Image:
    """Square stones with light joints."""
    stones = _array(pixel_art(picture))
    cell = picture.width // CELLS
    for joint in range(cell // 4):
        stones[joint::cell] = stones[:, joint::cell] = (226, 218, 200)
    return _picture(stones)


def vintage_photo(picture: Image.Image) -> Image.Image:
    """Brown and cream, darker towards the corners."""
    brown = _array(ImageOps.colorize(ImageOps.grayscale(picture), (52, 32, 20), (250, 232, 196), (168, 124, 82)))
    across = np.linspace(-1, 1, picture.width)
    distance = across[None, :] ** 2 + across[:, None] ** 2
    return _picture(brown * (1 - 0.22 * distance)[..., None])


def _edges(picture: Image.Image) -> Image.Image:
    """How far each pixel's neighbours differ; one smooth line on every border."""
    soft = picture.filter(ImageFilter.GaussianBlur(0.5))
    return ImageChops.difference(soft.filter(ImageFilter.MaxFilter(3)), soft.filter(ImageFilter.MinFilter(3)))


def _array(picture: Image.Image) -> npt.NDArray[np.float64]:
    return np.array(picture, dtype=float)


def _picture(levels: npt.NDArray[np.float64]) -> Image.Image:
    return Image.fromarray(levels.clip(0, 255).astype("uint8"))


STYLES: dict[str, Restyle] = {
    "photo": photo,
    "sketch": sketch,
    "pixel art": pixel_art,
    "watercolor": watercolor,
    "neon drawing": neon_drawing,
    "poster": poster,
    "comic": comic,
    "mosaic": mosaic,
    "vintage photo": vintage_photo,
}
# A style is drawn this often: most pictures are photos, because most of what is learned is how things look in them.
WEIGHTED: tuple[str, ...] = ("photo",) * 22 + tuple(name for name in STYLES if name != "photo")
