"""Reads pickles: `.pt` and `.bin` embeddings of other tools. No other module opens a pickle.

PyTorch's restricted unpickler (`weights_only=True`) builds tensors and plain containers, and calls nothing else. The
size of the archive is limited, packed and unpacked.
"""

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import torch

from worker.engine.errors import EmbeddingError

UNPACKED_BYTES_MAX = 4_000_000


def read(data: bytes, filename: str) -> Mapping[str, Any]:
    """The dictionary inside a `.pt` or `.bin` file. Raises EmbeddingError."""
    if zipfile.is_zipfile(io.BytesIO(data)):
        _check_unpacked_size(data, filename)
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


def _check_unpacked_size(data: bytes, filename: str) -> None:
    try:
        size = sum(entry.file_size for entry in zipfile.ZipFile(io.BytesIO(data)).infolist())
    except zipfile.BadZipFile as error:
        raise EmbeddingError(f"{filename} is a damaged archive. Download or export it again.") from error
    if size > UNPACKED_BYTES_MAX:
        raise EmbeddingError(f"{filename} unpacks to {size / 1e6:.0f} MB, which no embedding does.")


def _unwrapped(value: object) -> object:
    """A torch ParameterDict as a plain dictionary; other values unchanged."""
    if not isinstance(value, torch.nn.ParameterDict):
        return value
    return dict(value._parameters) or dict(value.items())
