"""AUTOMATIC1111's picture cards: a PNG that shows what a concept draws and carries its embedding as text."""

import base64
import io
import json
from typing import Final

from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from app.embeddings.exporting.formats import a1111_content
from app.embeddings.exporting.stored import StoredEmbedding

KEYWORD: Final = "sd-ti-embedding"
SIDE: Final = 512
_BAND: Final = 56


def write(stored: StoredEmbedding, placeholder: str, picture: bytes | None) -> bytes:
    """A PNG with a drawing, the placeholder below it and the rows inside (AUTOMATIC1111's `textual_inversion.py`)."""
    card = _drawn(placeholder, picture)
    info = PngInfo()
    info.add_text(KEYWORD, _encoded(stored, placeholder))
    content = io.BytesIO()
    card.save(content, "PNG", pnginfo=info, optimize=True)
    return content.getvalue()


def _encoded(stored: StoredEmbedding, placeholder: str) -> str:
    """The dictionary as base64 of JSON. A tensor is a nested list of full-precision numbers, so nothing is lost."""
    content = a1111_content(stored, placeholder)
    content["string_to_param"] = {"*": {"TORCHTENSOR": content["string_to_param"]["*"].tolist()}}
    return base64.b64encode(json.dumps(content).encode()).decode()


def _drawn(placeholder: str, picture: bytes | None) -> Image.Image:
    card = Image.new("RGB", (SIDE, SIDE + _BAND), "#1d1c19")
    if picture is not None:
        opened = Image.open(io.BytesIO(picture)).convert("RGB")
        small = opened.width < SIDE / 2
        card.paste(opened.resize((SIDE, SIDE), Image.Resampling.NEAREST if small else Image.Resampling.LANCZOS))
    font = ImageFont.load_default(26)
    ImageDraw.Draw(card).text((SIDE / 2, SIDE + _BAND / 2), placeholder, fill="#ffe071", font=font, anchor="mm")
    return card
