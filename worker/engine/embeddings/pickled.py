"""Reads pickles: `.pt` and `.bin` embeddings of other tools. No other module opens a pickle.

PyTorch's restricted unpickler (`weights_only=True`) builds tensors and plain containers, and calls nothing else. The
size of the archive is limited, packed and unpacked. PyTorch takes whatever begins as an archive for one and finds the
archive's directory by a search of its own, so a file that begins so has to end with the record that ends an archive:
then `zipfile` measures the same directory that PyTorch reads.
"""

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import torch

from worker.engine.errors import EmbeddingError

UNPACKED_BYTES_MAX = 4_000_000
ARCHIVE, END = b"PK\x03\x04", b"PK\x05\x06"  # how an archive begins, and the record that ends it
END_BYTES = 22  # length of that record without a comment, which PyTorch does not write


def read(data: bytes, filename: str) -> Mapping[str, Any]:
    """The dictionary inside a `.pt` or `.bin` file. Raises EmbeddingError."""
    if data.startswith(ARCHIVE):
        _check_archive(data, filename)
    try:
        with torch.serialization.safe_globals([torch.nn.ParameterDict]):
            content = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:  # unpickling can raise any exception; none of them is an embedding
        raise EmbeddingError(
            f"{filename} cannot be read safely as tensors ({type(error).__name__}). Export the embedding again, best "
            "as .safetensors."
        ) from error
    if not isinstance(content, Mapping) or not all(isinstance(key, str) for key in content):
        raise EmbeddingError(f"{filename} is not a dictionary of tensors by name, so it is not an embedding.")
    return {key: _unwrapped(value) for key, value in content.items()}


def _check_archive(data: bytes, filename: str) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, UnicodeError) as error:
        raise EmbeddingError(f"{filename} is a damaged archive. Download or export it again.") from error
    if data[-END_BYTES:][:4] != END:
        raise EmbeddingError(f"{filename} has bytes after its end, which no tool writes. Download or export it again.")
    if size > UNPACKED_BYTES_MAX:
        raise EmbeddingError(f"{filename} unpacks to {size / 1e6:.0f} MB, which no embedding does.")


def _unwrapped(value: object) -> object:
    """A torch ParameterDict as a plain dictionary; other values unchanged."""
    if not isinstance(value, torch.nn.ParameterDict):
        return value
    return dict(value._parameters) or dict(value.items())
