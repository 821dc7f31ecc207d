"""Reads AUTOMATIC1111's picture cards: pictures that carry an embedding in a text chunk, or in their margins.

Sites strip metadata, so the tool also writes the same bytes into columns left and right of the picture (its
`image_embedding.py`). Nothing else of the picture is read.
"""

import base64
import io
import json
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from PIL import Image

from worker.engine.errors import EmbeddingError

KEYWORD = "sd-ti-embedding"
PIXELS_MAX = 16_000_000
JSON_BYTES_MAX = 8_000_000
MARGIN_BYTES_MAX = 4_000_000
ROWS_MAX = 8192  # or numbers of a single vector
Pixels = np.ndarray[Any, np.dtype[np.uint8]]  # (height, width, 3)


def read_card(data: bytes, filename: str) -> Mapping[str, Any]:
    """The dictionary in a card. Raises EmbeddingError."""
    try:
        picture = Image.open(io.BytesIO(data), formats=("PNG", "WEBP"))
        if picture.width * picture.height > PIXELS_MAX:
            raise EmbeddingError(f"{filename} has {picture.width}×{picture.height} pixels, too many for a card.")
        picture.load()  # a text chunk may follow the pixels
    except EmbeddingError:
        raise
    except Exception as error:  # Pillow raises many kinds for a damaged file
        raise EmbeddingError(f"{filename} is not a whole picture. Download it again, not as a screenshot.") from error
    text = picture.info.get(KEYWORD)
    written: bytes | None
    try:
        if isinstance(text, str):
            written = base64.b64decode(text, validate=True)
        else:
            written = _in_the_margins(np.asarray(picture.convert("RGB")))
        content = json.loads(written, object_hook=_tensors) if written else None
    except Exception as error:  # base64, zlib, JSON and torch each have their own
        raise EmbeddingError(f"{filename}: the embedding inside the picture is damaged. Download it again.") from error
    if content is None:
        raise EmbeddingError(f"{filename} is a picture without an embedding inside. Give the original card.")
    if not isinstance(content, dict):
        raise EmbeddingError(f"{filename}: the embedding inside the picture is damaged. Download it again.")
    return content


def _in_the_margins(pixels: Pixels) -> bytes | None:
    """The bytes in the margins outside two black columns: four bits of each byte left, four right. None without any.

    Raises ValueError or zlib.error if the margins hold something else.
    """
    half: Pixels = np.bitwise_and(_without_black_frame(pixels), np.uint8(0x0F))
    black = np.flatnonzero(half.sum(axis=(0, 2), dtype=np.int64) == 0)
    if len(black) < 2 or black[0] == 0:
        return None
    low, high = half[:, : black[0]], half[:, black[-1] + 1 :]
    if low.shape != high.shape or low.size > MARGIN_BYTES_MAX:
        return None
    joined = (_unmasked(high) << 4) | _unmasked(low)
    unpacking = zlib.decompressobj()
    written = unpacking.decompress(joined.tobytes(), JSON_BYTES_MAX)
    if not unpacking.eof:
        raise ValueError("the margins end too early, or hold too much")
    return written


def _without_black_frame(pixels: Pixels) -> Pixels:
    shown = np.all(pixels > 0, axis=2)
    rows, columns = np.flatnonzero(shown.any(axis=1)), np.flatnonzero(shown.any(axis=0))
    if not len(rows):
        return pixels[:0]
    return pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _unmasked(block: Pixels) -> Pixels:
    """Undo the tool's masking of the margins: an exclusive or with a linear congruential generator's numbers."""
    state, pattern = 0, bytearray()
    for _ in range(block.size):
        state = (1664525 * state + 1013904223) % 2**32
        pattern.append(state % 255 & 0x0F)
    unmasked: Pixels = block ^ np.frombuffer(bytes(pattern), np.uint8).reshape(block.shape)
    return unmasked


def _tensors(node: dict[str, Any]) -> Any:
    if set(node) != {"TORCHTENSOR"}:
        return node
    if len(node["TORCHTENSOR"]) > ROWS_MAX:  # PyTorch takes seconds for a million
        raise ValueError("too many rows")
    return torch.tensor(node["TORCHTENSOR"])
