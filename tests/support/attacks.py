"""Files and bodies that stop a service which trusts them. Each is small, and each was found by attacking the studio.

Shared by the tests of single defences and by `python -m benchmarks attacks`, which measures all of them.
"""

import base64
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Sequence
from typing import Any, Final

import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from safetensors.torch import save

from tests.support.foreign_files import rows

BIG: Final = 10**400  # a number of 401 digits
HALF: Final = "\ud83d"  # half of a character
PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_END_OF_ARCHIVE: Final = b"PK\x05\x06"
_START_OF_IMAGE: Final = b"\xff\xd8"
_START_OF_SCAN: Final = b"\xff\xda"
_END_OF_IMAGE: Final = b"\xff\xd9"


# --- JSON -------------------------------------------------------------------------------------------------------------


def json_of_many_objects(size: int = 30_000_000) -> bytes:
    """`size` bytes of JSON: empty objects, each of which takes about 70 bytes once it is parsed."""
    return b'{"prompt":"a cat","tags":[' + b"{}," * ((size - 30) // 3) + b"{}]}"


def json_of_pictures(field: str, *pictures: bytes) -> bytes:
    """Pictures as base64 in the list `field`, and what a concept needs beside them."""
    shown = [base64.b64encode(each).decode() for each in pictures]
    return json.dumps({"placeholder": "<json-word>", "initializer": "cat", field: shown}).encode()


def json_of_deep_nesting(depth: int = 400_000) -> bytes:
    """Lists in lists. A parser that calls itself for each of them runs out of stack."""
    return b'{"prompt":' + b"[" * depth + b"]" * depth + b"}"


def json_of_many_digits(field: str, digits: int = 400) -> bytes:
    """An integer that no column, no float and no C long holds."""
    return f'{{"prompt":"a cat","{field}":1{"0" * digits}}}'.encode()


def json_of_a_surrogate(field: str = "prompt") -> bytes:
    r"""Half of a character: valid JSON (`"\ud800"`), and no valid UTF-8 once it is written anywhere."""
    return json.dumps({"prompt": "a cat", field: "a cat \ud800"}).encode()


def json_of_long_names(characters: int = 400_000, names: int = 50_000) -> bytes:
    """Many names below a long one. Their full names, each with the long one in front, take 20 GB."""
    inner = {str(number): 1 for number in range(names)}
    return json.dumps({"text": {"A" * characters: inner}}, separators=(",", ":")).encode()


def json_of_many_tags(count: int = 330_000) -> bytes:
    """A list of what is no tag. A list that is validated to its end has an error for each."""
    return b'{"tags":[' + b"{}," * (count - 1) + b"{}]}"


# --- Pictures ---------------------------------------------------------------------------------------------------------


def png(*chunks: tuple[bytes, bytes], size: tuple[int, int] = (64, 64), depth: int = 8) -> bytes:
    """A whole, grey PNG with `chunks` in front of its pixels."""
    row = b"\0" + b"\x7f" * ((size[0] * depth + 7) // 8)
    packing = zlib.compressobj(9)
    pixels = b"".join(packing.compress(row) for _ in range(size[1])) + packing.flush()
    header = struct.pack(">IIBBBBB", *size, depth, 0, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", pixels), (b"IEND", b"")]
    return PNG_SIGNATURE + b"".join(_chunk(kind, data) for kind, data in parts)


def png_of_texts(**texts: str) -> bytes:
    """A PNG with plain texts, as AUTOMATIC1111 (`parameters`) and Oneword (`oneword`) write them."""
    return png(*((b"tEXt", f"{keyword}\0{text}".encode("latin-1")) for keyword, text in texts.items()))


def recipe_of_letters(characters: int = 100_000) -> bytes:
    """A PNG whose text is one long name without a colon: a pattern that looks for `name:` tries from each letter."""
    return png_of_texts(parameters="Steps: 20, " + "a" * characters)


def recipe_of_concepts(count: int = 20_000) -> bytes:
    """A PNG whose recipe names many concepts, in as few bytes as they can be named."""
    return png_of_texts(oneword=json.dumps({"prompt": "a cat", "concepts": [{}] * count}, separators=(",", ":")))


def recipe_of_numbers(value: str = "1" + "0" * 400) -> bytes:
    """A PNG whose settings are numbers that no field takes."""
    return png_of_texts(parameters=f"a cat\nSteps: {value}, Seed: {value}, CFG scale: {value}, Size: {value}x{value}")


def packed(size: int) -> bytes:
    """`size` spaces, packed a thousandfold."""
    packer = zlib.compressobj(9)
    return b"".join([*(packer.compress(b" " * 1_000_000) for _ in range(size // 1_000_000)), packer.flush()])


def png_of_profile_bomb(unpacked: int = 400_000_000) -> bytes:
    """A colour profile that unpacks to `unpacked` bytes."""
    return png((b"iCCP", b"icc\0\0" + packed(unpacked)))


def png_of_text_bomb(kind: bytes, chunks: int = 60, unpacked: int = 8_000_000) -> bytes:
    """Compressed texts (`kind` is `zTXt` or `iTXt`) that unpack to `unpacked` bytes each."""
    text = packed(unpacked)
    heads = {b"zTXt": b"\0\0", b"iTXt": b"\0\1\0\0\0"}
    return png(*((kind, b"key%d" % number + heads[kind] + text) for number in range(chunks)))


def png_of_many_pixels(side: int = 20_000) -> bytes:
    """A whole PNG of `side` × `side` pixels, one bit each, in some tens of kilobytes."""
    return png(size=(side, side), depth=1)


def jpeg_of_many_scans(scans: int = 2_000, side: int = 5_000) -> bytes:
    """A progressive JPEG that repeats a scan of one colour: a few bytes, for which the decoder visits every block."""
    content = io.BytesIO()
    Image.new("L", (side, side), "grey").save(content, "JPEG", progressive=True)
    whole = content.getvalue()
    first = whole.index(_START_OF_SCAN)
    second = whole.index(_START_OF_SCAN, first + 2)
    last = whole.rindex(_START_OF_SCAN)
    repeated = whole[last : whole.index(_END_OF_IMAGE, last)]
    return whole[:second] + whole[second:last] + repeated * scans + _END_OF_IMAGE


def jpeg_of_disguised_scans(scans: int = 2_000, side: int = 5_000) -> bytes:
    """Such a JPEG with a comment full of the mark of a thumbnail's begin, one for each scan."""
    comment = _START_OF_IMAGE * scans
    segment = b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment
    return _START_OF_IMAGE + segment + jpeg_of_many_scans(scans, side).removeprefix(_START_OF_IMAGE)


def jpeg_with_a_profile(megabytes: int = 14) -> bytes:
    """A JPEG with a colour profile as large as the format allows."""
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "tan").save(file, "JPEG", icc_profile=bytes(megabytes * 1_000_000))
    return file.getvalue()


def small_jpeg(seed: int, side: int = 1000) -> bytes:
    """A picture of few bytes and many pixels, unlike any with another seed."""
    content = io.BytesIO()
    Image.new("RGB", (side, side), (seed % 256, seed // 256 % 256, 128)).save(content, "JPEG", quality=50)
    return content.getvalue()


def large(format: str, side: int) -> bytes:
    """A small file of side × side pixels."""
    file = io.BytesIO()
    options: dict[str, Any] = {"lossless": True, "method": 0, "quality": 0} if format == "WEBP" else {}
    Image.new("RGB", (side, side)).save(file, format, **options)
    return file.getvalue()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def zip_of_files(*sizes: int) -> bytes:
    """A zip of a folder whose files are zeros, packed a thousandfold."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for number, size in enumerate(sizes):
            archive.writestr(f"{number}.bin", bytes(size))
    return content.getvalue()


# --- Embeddings -------------------------------------------------------------------------------------------------------


def pickled(content: object) -> bytes:
    """A file of `torch.save`."""
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


def a1111(**changes: object) -> dict[str, Any]:
    """AUTOMATIC1111's dictionary with other entries."""
    return {"string_to_token": {"*": 265}, "string_to_param": {"*": rows()}, "name": "mug", "step": 9, **changes}


def shared_lists(levels: int = 28, width: int = 2) -> list[Any]:
    """A list of the same list of the same list …: a few KB as a pickle, and width ** levels entries as a text."""
    found: list[Any] = ["step"]
    for _ in range(levels):
        found = [found] * width
    return found


def pt_of_shared_lists(levels: int = 8, width: int = 10) -> bytes:
    """A `.pt` whose `step` is a list of shared lists."""
    return pickled(a1111(step=shared_lists(levels, width)))


def pt_with_a_tail(unpacked: int = 700_000_000, tail: bytes = _END_OF_ARCHIVE) -> bytes:
    """A `.pt` of `unpacked` zeros with bytes behind its end, such as the beginning of a second end-of-archive record.

    `zipfile.is_zipfile` takes a truncated record for the archive's own and says no; PyTorch searches on and reads it.
    """
    whole = zipfile.ZipFile(io.BytesIO(pickled({"emb_params": torch.zeros(1, 128)})))
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in whole.namelist():
            data = whole.read(name)
            if name.endswith("data.pkl"):  # the storage has 128 numbers, and the file says how many there are
                data = data.replace(b"K\x80", b"J" + struct.pack("<i", unpacked // 4))
            elif name.endswith("data/0"):
                data = bytes(unpacked)
            archive.writestr(name, data)
    return content.getvalue() + tail


def safetensors(header: dict[str, Any], data: bytes = b"") -> bytes:
    """A file with a header that no library writes."""
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def tensor(dtype: str, shape: Sequence[int], size: int, name: str = "emb_params") -> bytes:
    """A safetensors file whose header says anything: `F4`, which has half bytes, or a side of 2**70."""
    return safetensors({name: {"dtype": dtype, "shape": list(shape), "data_offsets": [0, size]}}, bytes(size))


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
