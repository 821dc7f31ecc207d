"""AUTOMATIC1111's picture cards: a picture that carries its own embedding as text, to be shown and to be used."""

import base64
import io
import json
from typing import Final

from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from app.embeddings.exporting.formats import a1111_content
from app.embeddings.exporting.stored import Stored

KEYWORD: Final = "sd-ti-embedding"
SIDE: Final = 512
_BAND: Final = 56


def write(stored: Stored, placeholder: str, picture: bytes | None) -> bytes:
    """A PNG of what the word draws, with its name below and its rows inside (`textual_inversion.py` of that tool)."""
    card = _drawn(placeholder, picture)
    info = PngInfo()
    info.add_text(KEYWORD, _encoded(stored, placeholder))
    content = io.BytesIO()
    card.save(content, "PNG", pnginfo=info, optimize=True)
    return content.getvalue()


def _encoded(stored: Stored, placeholder: str) -> str:
    """The dictionary as base64 of JSON, where a tensor is a nested list. Every digit is there, so nothing is lost."""
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
