"""A stored embedding as NumPy arrays. The web service has no torch, and reads only files that Oneword wrote."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load

from app.contracts import concept_text
from app.contracts.concept_text import ConceptText
from app.contracts.encoders import ENCODER_NAMES
from app.contracts.safetensors_header import header_of, with_metadata
from app.core.errors import NotFound

Rows = np.ndarray[Any, np.dtype[np.float32]]  # (vectors, width)


@dataclass(frozen=True)
class StoredEmbedding:
    """An embedding of the library, and the bytes of its file."""

    rows: Mapping[str, Rows]  # by text encoder
    metadata: Mapping[str, str]
    content: bytes

    @classmethod
    def read(cls, content: bytes) -> "StoredEmbedding":
        """Read a file that a worker has written. Raises NotFound for a damaged file."""
        try:
            rows = load(content)
        except SafetensorError as error:
            raise NotFound(
                "The stored file of this version is damaged. Restore it from a backup, or teach the word again.",
                code="blob-damaged",
            ) from error
        order = [name for name in ENCODER_NAMES if name in rows]
        return cls({name: rows[name] for name in order}, header_of(content).metadata, content)

    def of_concept(self, placeholder: str, text: ConceptText) -> "StoredEmbedding":
        """The embedding with what its concept is called now in its metadata."""
        metadata = {**self.metadata, "placeholder": placeholder, concept_text.KEY: concept_text.write(text)}
        return StoredEmbedding(self.rows, metadata, with_metadata(self.content, metadata))
