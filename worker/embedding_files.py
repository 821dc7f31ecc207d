"""Embeddings as files of a version, a few KB each, and a cache of the ones that were read lately."""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

from app.core.storage import Storage
from worker.engine.embeddings import formats
from worker.engine.embeddings.formats import Embedding

BYTES_MAX: Final = 64 * 2**20  # about 16,000 concepts of Stable Diffusion 1
OVERHEAD_BYTES: Final = 1024  # of a cached embedding besides its rows, roughly


class EmbeddingCache:
    """Embeddings that were read lately, by the key of their file, which is written once and never changes.

    A worker draws with the same few concepts all day. The cache knows nothing of permissions: its callers have checked
    them.
    """

    def __init__(self, storage: Storage, bytes_max: int = BYTES_MAX) -> None:
        self._storage = storage
        self._bytes_max = bytes_max
        self._bytes = 0
        self._read: OrderedDict[str, Embedding] = OrderedDict()

    def get(self, key: str) -> Embedding:
        """The embedding in a file; the file is read only if it is not cached. Raises NotFound or EmbeddingError."""
        embedding = self._read.get(key)
        if embedding is not None:
            self._read.move_to_end(key)
            return embedding
        embedding = self._read[key] = formats.read_native(self._storage.get(key))
        self._bytes += _bytes(embedding)
        while self._bytes > self._bytes_max:
            _, evicted = self._read.popitem(last=False)
            self._bytes -= _bytes(evicted)
        return embedding


def _bytes(embedding: Embedding) -> int:
    return OVERHEAD_BYTES + sum(rows.numel() * rows.element_size() for rows in embedding.rows.values())


def store(
    storage: Storage, folder: str, embedding: Embedding, placeholder: str, metadata: Mapping[str, str]
) -> dict[str, Any]:
    """Store the file under `folder`. Returns what `Version.files` holds: format -> key, bytes, sha256 and widths."""
    content = formats.write_native(embedding, placeholder, metadata)
    key = f"{folder}/oneword.safetensors"
    storage.put(key, content)
    return {
        "oneword": {
            "key": key,
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "widths": embedding.widths,
        }
    }
