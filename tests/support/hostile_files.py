"""Files that are made to take memory, time or a process, each small itself."""

import base64
import io
import json
import struct
import zipfile
import zlib
from typing import Any

import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from safetensors.torch import save

from tests.support.foreign_files import rows

BIG = 10**400  # a number of 401 digits
HALF = "\ud83d"  # half of a character


def pickled(content: object) -> bytes:
    """A file of `torch.save`."""
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


def a1111(**changes: object) -> dict[str, Any]:
    """AUTOMATIC1111's dictionary with other entries."""
    return {"string_to_token": {"*": 265}, "string_to_param": {"*": rows()}, "name": "mug", "step": 9, **changes}


def shared_lists(levels: int = 28) -> list[Any]:
    """A list of two that are the same list of two …: a few KB as a pickle, and 2 to the power of `levels` as a text."""
    found: list[Any] = ["step"]
    for _ in range(levels):
        found = [found, found]
    return found


def archive_with_a_tail(numbers: int = 5_000_000, tail: int = 100_000) -> bytes:
    """A packed `.pt` of zeros with bytes after its end: `zipfile` sees no archive, and PyTorch reads it."""
    stored, packed = io.BytesIO(pickled({"emb_params": torch.zeros(1, numbers)})), io.BytesIO()
    with zipfile.ZipFile(stored) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            target.writestr(entry.filename, source.read(entry))
    return packed.getvalue() + bytes(tail)


def safetensors(header: dict[str, Any], data: bytes = b"") -> bytes:
    """A file with a header that no library writes."""
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def tensor(dtype: str, shape: list[int], size: int, name: str = "emb_params") -> bytes:
    """A safetensors file with one tensor of any type and shape."""
    return safetensors({name: {"dtype": dtype, "shape": shape, "data_offsets": [0, size]}}, bytes(size))


def with_metadata(**metadata: str) -> bytes:
    """An embedding with texts in its header."""
    return save({"emb_params": rows()}, metadata)


def card(content: Any = None, text: str | None = None) -> bytes:
    """A picture card around anything."""
    if text is None:
        text = base64.b64encode((content if isinstance(content, str) else json.dumps(content)).encode()).decode()
    info, file = PngInfo(), io.BytesIO()
    info.add_text("sd-ti-embedding", text)
    Image.new("RGB", (8, 8)).save(file, "PNG", pnginfo=info)
    return file.getvalue()


def png_chunks(*chunks: tuple[bytes, bytes], side: int = 64) -> bytes:
    """A PNG of side × side pixels with these chunks between its header and its pixels."""

    def written(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = written(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    pixels = written(b"IDAT", zlib.compress((b"\0" + bytes(range(3)) * side) * side))
    middle = b"".join(written(kind, data) for kind, data in chunks)
    return b"\x89PNG\r\n\x1a\n" + header + middle + pixels + written(b"IEND", b"")


def packed_zeros(megabytes: int) -> bytes:
    """Zeros, packed a thousandfold."""
    packer = zlib.compressobj(9)
    return b"".join([*(packer.compress(bytes(1_000_000)) for _ in range(megabytes)), packer.flush()])


def png_bombs(megabytes: int = 200) -> dict[str, bytes]:
    """PNGs whose texts and colour profile unpack to this size, alone and in many parts."""
    whole, part = packed_zeros(megabytes), packed_zeros(1)[:-1]
    return {
        "zTXt": png_chunks((b"zTXt", b"parameters\0\0" + whole)),
        "iTXt": png_chunks((b"iTXt", b"parameters\0\x01\0\0\0" + whole)),
        "iCCP": png_chunks((b"iCCP", b"profile\0\0" + whole)),
        "many zTXt": png_chunks(*[(b"zTXt", b"a%d\0\0" % n + part) for n in range(megabytes)]),
    }


def jpeg_of_many_scans(scans: int = 500, size: tuple[int, int] = (2000, 2000)) -> bytes:
    """A progressive JPEG whose last scan is sent again and again: each time all of the picture is gone through."""
    file = io.BytesIO()
    Image.new("RGB", size, "tan").save(file, "JPEG", progressive=True, quality=50)
    whole = file.getvalue()
    last = whole.rindex(b"\xff\xda")
    return whole[:last] + whole[last:-2] * scans + b"\xff\xd9"


def jpeg_with_a_profile(megabytes: int = 14) -> bytes:
    """A JPEG with a colour profile as large as the format allows."""
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "tan").save(file, "JPEG", icc_profile=bytes(megabytes * 1_000_000))
    return file.getvalue()


def png_with(**texts: str) -> bytes:
    """A PNG with texts, as Oneword and AUTOMATIC1111 write them."""
    info, file = PngInfo(), io.BytesIO()
    for keyword, text in texts.items():
        info.add_text(keyword, text)
    Image.new("RGB", (64, 64)).save(file, "PNG", pnginfo=info)
    return file.getvalue()


def large(format: str, side: int) -> bytes:
    """A small file of side × side pixels."""
    file = io.BytesIO()
    options: dict[str, Any] = {"lossless": True, "method": 0, "quality": 0} if format == "WEBP" else {}
    Image.new("RGB", (side, side)).save(file, format, **options)
    return file.getvalue()
