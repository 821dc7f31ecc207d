"""What a child process answers about a foreign embedding file: plain texts, numbers and bytes, no tensors.

`read_plain` runs in the child (`worker.foreign_files`), `foreign` in the worker.
"""

from dataclasses import dataclass

import torch

from worker.engine.embeddings import formats
from worker.engine.embeddings.formats import Embedding, Foreign
from worker.engine.errors import EmbeddingError

DETAIL_CHARACTERS_MAX = 1000


@dataclass(frozen=True)
class PlainForeign:
    """The content of a file: `formats.Foreign` without tensors. The rows are float32, little endian."""

    format: str
    rows: dict[str, bytes]
    widths: dict[str, int]
    placeholder: str | None
    metadata: dict[str, str]
    note: str | None


@dataclass(frozen=True)
class EmbeddingFault:
    """Why a file is no embedding: a sentence that names the file."""

    detail: str


def read_plain(content: bytes, filename: str) -> PlainForeign | EmbeddingFault:
    """Read any tool's file."""
    try:
        found = formats.read(content, filename)
    except EmbeddingError as error:
        return EmbeddingFault(str(error)[:DETAIL_CHARACTERS_MAX])
    return PlainForeign(
        found.format,
        {name: rows.contiguous().numpy().tobytes() for name, rows in found.embedding.rows.items()},
        found.embedding.widths,
        found.placeholder,
        dict(found.metadata),
        found.note,
    )


def foreign(found: PlainForeign | EmbeddingFault, filename: str) -> Foreign:
    """The content of a file with its tensors, checked again. Raises EmbeddingError."""
    if isinstance(found, EmbeddingFault):
        raise EmbeddingError(found.detail)
    rows = {
        name: formats.checked(_tensor(content, found.widths.get(name, 0)), name, filename)
        for name, content in found.rows.items()
    }
    if not rows:
        raise EmbeddingError(f"{filename} holds no rows.")
    return Foreign(found.format, Embedding(rows), found.placeholder, found.metadata, found.note)


def _tensor(content: bytes, width: int) -> torch.Tensor | None:
    """The rows; None if there are not as many numbers as `width` says."""
    if not content or width < 1 or len(content) % (4 * width):
        return None
    return torch.frombuffer(bytearray(content), dtype=torch.float32).reshape(-1, width)
