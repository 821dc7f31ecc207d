"""A stored embedding as arrays. Numpy only: the web service has no torch, and reads its own files alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from app.contracts.encoders import ENCODER_NAMES
from app.contracts.safetensors_header import header_of
from app.core.errors import NotFound

Rows = np.ndarray[Any, np.dtype[np.float32]]  # (vectors, width)


@dataclass(frozen=True)
class Stored:
    """An embedding of the library, and the file that it is stored as."""

    rows: Mapping[str, Rows]  # by text encoder
    metadata: Mapping[str, str]
    content: bytes

    @classmethod
    def read(cls, content: bytes) -> "Stored":
        """From one of our own files, which a worker has written. Raises NotFound for one that was damaged since."""
        try:
            found = load(content)
        except SafetensorError as error:
            raise NotFound(
                "The stored file of this version is damaged. Restore it from a backup, or teach the word again.",
                code="blob-damaged",
            ) from error
        order = [name for name in ENCODER_NAMES if name in found]
        return cls({name: found[name] for name in order}, header_of(content).metadata, content)

    def called(self, placeholder: str) -> "Stored":
        """The same under another placeholder; the same bytes under its own."""
        if self.metadata.get("placeholder") == placeholder:
            return self
        metadata = {**self.metadata, "placeholder": placeholder}
        return Stored(self.rows, metadata, save(dict(self.rows), metadata))
