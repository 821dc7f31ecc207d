"""Pictures that a test uploads, and how it compares the ones that it gets back."""

import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image


def photo(seed: int, size: tuple[int, int] = (200, 160), format: str = "JPEG", **options: object) -> bytes:
    """A sharp picture unlike any with another seed."""
    noise = np.random.default_rng(seed).integers(0, 256, (size[1] // 8, size[0] // 8, 3), dtype=np.uint8)
    content = io.BytesIO()
    Image.fromarray(noise).resize(size, Image.Resampling.NEAREST).save(content, format, **options)
    return content.getvalue()


def photos(count: int = 4) -> list[tuple[str, tuple[str, bytes, str]]]:
    """Multipart `images`."""
    return [("images", (f"{index}.jpg", photo(index), "image/jpeg")) for index in range(count)]


def huge_png(side: int) -> bytes:
    """A PNG that claims side × side pixels and holds a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


def png(size: tuple[int, int] = (64, 64), colour: str = "skyblue") -> bytes:
    """A PNG of one colour."""
    content = io.BytesIO()
    Image.new("RGB", size, colour).save(content, "PNG")
    return content.getvalue()


def mask(size: tuple[int, int] = (64, 64), box: tuple[int, int, int, int] = (16, 16, 48, 48)) -> bytes:
    """A black PNG with a white box."""
    content, white = io.BytesIO(), Image.new("L", size)
    white.paste(255, box)
    white.save(content, "PNG")
    return content.getvalue()


def levels(image: Image.Image) -> np.ndarray[Any, Any]:
    """The picture's RGB levels, (height, width, 3), 0..255."""
    return np.asarray(image.convert("RGB"), dtype=int)
