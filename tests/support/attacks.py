"""Files and bodies that stop a service which trusts them. Each is small, and each was found by attacking the studio.

Shared by the tests of single defences and by `python -m benchmarks attacks`, which measures all of them.
"""

import io
import json
import pickle
import struct
import zipfile
import zlib
from collections.abc import Sequence
from typing import Any, Final

import torch
from PIL import Image

PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_END_OF_ARCHIVE: Final = b"PK\x05\x06"
_START_OF_SCAN: Final = b"\xff\xda"
_END_OF_IMAGE: Final = b"\xff\xd9"


# --- JSON -------------------------------------------------------------------------------------------------------------


def json_of_many_objects(size: int = 30_000_000) -> bytes:
    """`size` bytes of JSON: empty objects, each of which takes about 70 bytes once it is parsed."""
    return b'{"prompt":"a cat","tags":[' + b"{}," * ((size - 30) // 3) + b"{}]}"


def json_of_deep_nesting(depth: int = 400_000) -> bytes:
    """Lists in lists. A parser that calls itself for each of them runs out of stack."""
    return b'{"prompt":' + b"[" * depth + b"]" * depth + b"}"


def json_of_many_digits(field: str, digits: int = 400) -> bytes:
    """An integer that no column, no float and no C long holds."""
    return f'{{"prompt":"a cat","{field}":1{"0" * digits}}}'.encode()


def json_of_a_surrogate(field: str = "prompt") -> bytes:
    r"""Half of a character: valid JSON (`"\ud800"`), and no valid UTF-8 once it is written anywhere."""
    return json.dumps({"prompt": "a cat", field: "a cat \ud800"}).encode()


# --- Pictures ---------------------------------------------------------------------------------------------------------


def png(*chunks: tuple[bytes, bytes], size: tuple[int, int] = (64, 64), depth: int = 8) -> bytes:
    """A grey PNG of whole, black pixels, with `chunks` in front of them."""
    row = b"\0" * (1 + (size[0] * depth + 7) // 8)
    packing = zlib.compressobj(9)
    pixels = b"".join(packing.compress(row) for _ in range(size[1])) + packing.flush()
    header = struct.pack(">IIBBBBB", *size, depth, 0, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", pixels), (b"IEND", b"")]
    return PNG_SIGNATURE + b"".join(_chunk(kind, data) for kind, data in parts)


def png_of_text(keyword: str, text: str) -> bytes:
    """A PNG with a plain text, as AUTOMATIC1111 (`parameters`) and Oneword (`oneword`) write it."""
    return png((b"tEXt", keyword.encode() + b"\0" + text.encode("latin-1")))


def recipe_of_letters(characters: int = 100_000) -> bytes:
    """A PNG whose text is one long name without a colon: a pattern that looks for `name:` tries from each letter."""
    return png_of_text("parameters", "Steps: 20, " + "a" * characters)


def recipe_of_concepts(count: int = 20_000) -> bytes:
    """A PNG whose recipe names many concepts, in as few bytes as they can be named."""
    return png_of_text("oneword", json.dumps({"prompt": "a cat", "concepts": [{}] * count}, separators=(",", ":")))


def recipe_of_numbers(value: str = "1" + "0" * 400) -> bytes:
    """A PNG whose settings are numbers that no field takes."""
    return png_of_text("parameters", f"a cat\nSteps: {value}, Seed: {value}, CFG scale: {value}, Size: {value}x{value}")


def png_of_profile_bomb(unpacked: int = 400_000_000) -> bytes:
    """A colour profile that unpacks to `unpacked` bytes."""
    return png((b"iCCP", b"icc\0\0" + zlib.compress(bytes(unpacked), 9)))


def png_of_text_bomb(kind: bytes, chunks: int = 60, unpacked: int = 8_000_000) -> bytes:
    """Compressed texts (`kind` is `zTXt` or `iTXt`) that unpack to `unpacked` bytes each."""
    packed = zlib.compress(b" " * unpacked, 9)
    heads = {b"zTXt": b"\0\0", b"iTXt": b"\0\1\0\0\0"}
    return png(*((kind, b"key%d" % number + heads[kind] + packed) for number in range(chunks)))


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


def small_jpeg(seed: int, side: int = 1000) -> bytes:
    """A picture of few bytes and many pixels, unlike any with another seed."""
    content = io.BytesIO()
    Image.new("RGB", (side, side), (seed % 256, seed // 256 % 256, 128)).save(content, "JPEG", quality=50)
    return content.getvalue()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


# --- Embeddings -------------------------------------------------------------------------------------------------------


def pt_of_shared_lists(levels: int = 8, width: int = 10) -> bytes:
    """A `.pt` whose `step` is a list of the same list, `levels` deep: width ** levels entries once written out."""
    shared: list[Any] = [0] * width
    for _ in range(levels - 1):
        shared = [shared] * width
    return _pt({"string_to_param": {"*": torch.zeros(1, 128)}, "name": "x", "step": shared})


def pt_with_a_tail(unpacked: int = 700_000_000) -> bytes:
    """A `.pt` of `unpacked` zeros with the beginning of a second end-of-archive record behind its end.

    `zipfile.is_zipfile` takes the truncated record for the archive's own and says no; PyTorch searches on and reads it.
    """
    whole = zipfile.ZipFile(io.BytesIO(_pt({"emb_params": torch.zeros(1, 128)})))
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in whole.namelist():
            data = whole.read(name)
            if name.endswith("data.pkl"):  # the storage has 128 numbers, and the file says how many there are
                data = data.replace(b"K\x80", b"J" + struct.pack("<i", unpacked // 4))
            elif name.endswith("data/0"):
                data = bytes(unpacked)
            archive.writestr(name, data)
    return content.getvalue() + _END_OF_ARCHIVE


def safetensors_of(dtype: str, shape: Sequence[int], data: bytes = b"", key: str = "emb_params") -> bytes:
    """A safetensors file whose header says anything: `F4`, which has half bytes, or a side of 2**70."""
    header = json.dumps({key: {"dtype": dtype, "shape": list(shape), "data_offsets": [0, len(data)]}}).encode()
    return struct.pack("<Q", len(header)) + header + data


def _pt(content: Any) -> bytes:
    file = io.BytesIO()
    torch.save(content, file, pickle_module=pickle)
    return file.getvalue()
