"""A drawn picture as a file that carries its recipe, and what is coming as an address that needs no file."""

import base64
import io
import json
from collections.abc import Mapping
from typing import Any, Final

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from app.contracts import recipe_text

QUALITY: Final = 70


def png(picture: Image.Image, recipe: Mapping[str, Any]) -> bytes:
    """A PNG that carries its recipe: ours as JSON, and the `parameters` text that AUTOMATIC1111 reads."""
    info = PngInfo()
    info.add_text("parameters", recipe_text.write(recipe))
    info.add_itxt("oneword", json.dumps(recipe, ensure_ascii=False))
    content = io.BytesIO()
    picture.save(content, "PNG", pnginfo=info)
    return content.getvalue()


def data_url(glimpse: Image.Image) -> str:
    """A small picture as a `data:` address of about a kilobyte."""
    content = io.BytesIO()
    glimpse.save(content, "JPEG", quality=QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(content.getvalue()).decode()}"
