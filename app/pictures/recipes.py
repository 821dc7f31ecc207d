"""Reads what a picture says of how it was drawn. Runs in a child process with limits (`app.foreign_bytes.limits`).

A PNG has texts. A JPEG and a WebP have AUTOMATIC1111's text in the EXIF `UserComment`, and Oneword's recipe in the XMP
packet (`app.generation.picture_formats` writes both).

The answer is plain, short and of known types, whatever the file says: texts that any database can hold, numbers of at
most 64 bits, and no more names than a prompt has room for. Whether a value is right, the request's schema checks.
"""

import io
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from xml.sax.saxutils import unescape

from PIL import ExifTags, Image

from app.contracts import recipe_text
from app.contracts.limits import RECIPE_CONCEPTS_MAX
from app.contracts.texts import label, storable
from app.pictures.decoding import FORMATS, PictureFault, guarded

XMP_RECIPE: Final = ("<oneword:recipe>", "</oneword:recipe>")
TEXT_MAX: Final = 100_000  # characters of a recipe that are read
_PROMPTS: Final = ("prompt", "negative_prompt")
_VALUES: Final = ("base_model", "seed", "steps", "guidance", "scheduler", "width", "height", "strength")
_PICTURES: Final = ("init_image", "mask")
_USED: Final = ("placeholder", "concept_id", "version")  # of a concept in a recipe


@dataclass(frozen=True)
class WrittenRecipe:
    """The request that a file describes, by fields. `concepts_named` may be more than the recipe's list holds."""

    read_from: Literal["oneword", "automatic1111", "nothing"] = "nothing"
    request: dict[str, Any] = field(default_factory=dict)
    concepts_named: int = 0
    notes: list[str] = field(default_factory=list)


def written_recipe(content: bytes) -> WrittenRecipe | PictureFault:
    """The recipe in a PNG, JPEG or WebP: Oneword's own, or else the text that AUTOMATIC1111 writes."""
    return guarded(content, lambda: _written(content))


def _written(content: bytes) -> WrittenRecipe:
    with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
        # Pillow reads the header and the texts in front of the pixels, within its own limits, and decodes no pixels.
        texts = {name: str(opened.info.get(name) or "")[:TEXT_MAX] for name in ("oneword", "parameters")}
        if opened.format != "PNG":
            texts = {"oneword": _in_xmp(opened), "parameters": _in_exif(opened)}
    recipe = _parsed(texts["oneword"])
    if recipe is not None:
        return WrittenRecipe("oneword", _of_oneword(recipe), _count(recipe.get("concepts")))
    parsed = recipe_text.read(storable(texts["parameters"], TEXT_MAX))
    return WrittenRecipe() if parsed is None else WrittenRecipe("automatic1111", parsed.request, 0, parsed.notes)


def _in_xmp(opened: Image.Image) -> str:
    """Oneword's recipe in the XMP packet, found by its tags: nothing parses the XML around it."""
    packet = opened.info.get("xmp")
    packet = packet if isinstance(packet, bytes) else b""
    _, _, rest = packet.partition(XMP_RECIPE[0].encode())
    return unescape(rest.partition(XMP_RECIPE[1].encode())[0][: 4 * TEXT_MAX].decode("utf-8", "replace"))[:TEXT_MAX]


def _in_exif(opened: Image.Image) -> str:
    """The EXIF `UserComment`: eight bytes name the encoding of the text. Programs disagree about the order of bytes."""
    try:
        comment = opened.getexif().get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.UserComment)
    except Exception:  # a picture with broken metadata is a picture without a recipe
        return ""
    if not isinstance(comment, bytes):
        return comment[:TEXT_MAX] if isinstance(comment, str) else ""
    kind, text = comment[:8], comment[8 : 8 + 2 * TEXT_MAX]
    if kind != b"UNICODE\0":
        return text.decode("utf-8", "replace").strip("\0")[:TEXT_MAX]
    little = text[1::2].count(0) > text[::2].count(0)
    return text.decode("utf-16-le" if little else "utf-16-be", "replace").strip("\0")[:TEXT_MAX]


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        recipe = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return recipe if isinstance(recipe, dict) and isinstance(recipe.get("prompt"), str) else None


def _of_oneword(recipe: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in _PROMPTS:
        if isinstance(recipe.get(name), str):
            found[name] = storable(recipe[name], TEXT_MAX)
    for name in _VALUES:
        if recipe.get(name) is not None:
            found[name] = _short(recipe[name])
    for name in _PICTURES:
        if recipe.get(name) is not None:
            found[name] = _short_fields(recipe[name], ("image_id", "upload_id"))
    named = recipe.get("concepts")
    used = named[:RECIPE_CONCEPTS_MAX] if isinstance(named, list) else []
    found["concepts"] = [_short_fields(each, _USED) for each in used if isinstance(each, dict)]
    return found


def _count(named: object) -> int:
    return len(named) if isinstance(named, list) else 0


def _short_fields(value: object, names: tuple[str, ...]) -> Any:
    if not isinstance(value, dict):
        return _short(value)
    return {name: _short(value[name]) for name in names if value.get(name) is not None}


def _short(value: object) -> str | int | float | bool:
    """A number that a database can hold, or a short text."""
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, int) and value.bit_length() < 64:
        return value
    return label(value)
