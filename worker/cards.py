"""AUTOMATIC1111's picture cards: a PNG that carries an embedding as text. Nothing else of the picture is read."""

import base64
import binascii
import io
import json
from collections.abc import Mapping
from typing import Any

import torch
from PIL import Image, UnidentifiedImageError

from worker.sentences import EmbeddingError

KEYWORD = "sd-ti-embedding"


def read_card(data: bytes, filename: str) -> Mapping[str, Any]:
    """The dictionary in a card's `sd-ti-embedding` text. Raises EmbeddingError."""
    try:
        # Pillow reads the header and the texts; the pixels stay undecoded.
        text = Image.open(io.BytesIO(data), formats=("PNG",)).info.get(KEYWORD)
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise EmbeddingError(f"{filename} is not a whole PNG. Download it again, not as a screenshot.") from error
    if not isinstance(text, str):
        raise EmbeddingError(f"{filename} is a picture without an embedding inside. Give the original card.")
    try:
        content = json.loads(base64.b64decode(text, validate=True), object_hook=_tensors)
    except (binascii.Error, ValueError, TypeError, RecursionError) as error:
        raise EmbeddingError(f"{filename}: the embedding inside the picture is damaged. Download it again.") from error
    if not isinstance(content, dict):
        raise EmbeddingError(f"{filename}: the embedding inside the picture is damaged. Download it again.")
    return content


def _tensors(node: dict[str, Any]) -> Any:
    return torch.tensor(node["TORCHTENSOR"]) if set(node) == {"TORCHTENSOR"} else node
