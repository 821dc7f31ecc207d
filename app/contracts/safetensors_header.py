"""The header of a safetensors file: names, types and shapes of its tensors, and its metadata. No tensor is read.

Layout: 8 bytes with the header's length n (little endian), n bytes of JSON, then the tensors' bytes. The length is
checked against the file before the header is read, so a damaged file cannot ask for more memory than it has bytes.
Source: https://github.com/huggingface/safetensors#format
"""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from app.contracts.errors import BrokenHeader

LENGTH_BYTES: Final = 8
HEADER_BYTES_MAX: Final = 100_000_000  # the safetensors library's own limit
METADATA: Final = "__metadata__"


@dataclass(frozen=True)
class TensorEntry:
    """One tensor of the file."""

    dtype: str  # "F32", "F16", "BF16", …
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Header:
    """Tensors by name in the file's order, and the metadata."""

    tensors: Mapping[str, TensorEntry]
    metadata: Mapping[str, str]


def header_of(content: bytes) -> Header:
    """The header of a file in memory. Raises BrokenHeader."""
    return _read(io.BytesIO(content), len(content))


def read_header(path: Path) -> Header:
    """The header of a file on disk. Raises BrokenHeader, or OSError."""
    with path.open("rb") as file:
        return _read(file, path.stat().st_size)


def with_metadata(content: bytes, metadata: Mapping[str, str]) -> bytes:
    """The same tensors with other metadata. `content` is a whole file.

    The safetensors library writes metadata in an order by chance; here the same metadata makes the same bytes.
    """
    length = int.from_bytes(content[:LENGTH_BYTES], "little")
    entries = json.loads(content[LENGTH_BYTES : LENGTH_BYTES + length])
    header = json.dumps({**entries, METADATA: dict(metadata)}, separators=(",", ":")).encode()
    header += b" " * (-len(header) % LENGTH_BYTES)  # tensors begin at a multiple of 8, as the library has it
    return len(header).to_bytes(LENGTH_BYTES, "little") + header + content[LENGTH_BYTES + length :]


def _read(file: BinaryIO, size: int) -> Header:
    length = int.from_bytes(file.read(LENGTH_BYTES), "little")
    room = size - LENGTH_BYTES
    if room < 2 or length > min(room, HEADER_BYTES_MAX):  # the shortest header is `{}`
        raise BrokenHeader("it is cut off, or not a safetensors file")
    try:
        entries = json.loads(file.read(length))
        metadata = dict(entries.pop(METADATA, None) or {})
        ends = [_end(entry) for entry in entries.values()]
        tensors = {name: TensorEntry(str(e["dtype"]), tuple(e["shape"])) for name, e in entries.items()}
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise BrokenHeader("its header is damaged") from error
    if max(ends, default=0) != room - length:
        raise BrokenHeader("it has another length than its header says")
    return Header(tensors, metadata)


def _end(entry: Mapping[str, Any]) -> int:
    """Offset of the first byte behind a tensor, counted from the end of the header."""
    begin, end = entry["data_offsets"]
    if not 0 <= begin <= end:
        raise ValueError("a tensor ends before it begins")
    return int(end)
