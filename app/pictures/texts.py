"""Reads the texts in a picture's metadata. Runs in a child process with limits (`app.foreign_bytes.limits`)."""

import io
from dataclasses import dataclass, field
from typing import Final

from PIL import Image

from app.contracts.texts import label, storable
from app.pictures.decoding import FORMATS, PictureFault, guarded
from app.pictures.recipes import TEXT_MAX

TEXTS_MAX: Final = 30  # of one picture
_PARAMETERS: Final = "parameters"


@dataclass(frozen=True)
class PictureTexts:
    """What a picture says of itself: the text of AUTOMATIC1111, and every other text by its name."""

    parameters: str = ""
    others: dict[str, str] = field(default_factory=dict)


def texts_of(content: bytes) -> PictureTexts | PictureFault:
    """The texts of a picture, each cut to 100,000 characters, and at most 30 of them."""
    return guarded(content, lambda: _texts(content))


def _texts(content: bytes) -> PictureTexts:
    with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
        # Pillow reads the header and the texts in front of the pixels, within its own limits, and decodes no pixels.
        found = {str(name): value for name, value in opened.info.items() if isinstance(value, str)}
    parameters = storable(found.pop(_PARAMETERS, ""), TEXT_MAX)
    return PictureTexts(
        parameters, {label(name): storable(str(found[name]), TEXT_MAX) for name in list(found)[:TEXTS_MAX]}
    )
