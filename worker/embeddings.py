"""Stores an embedding as a version's file: a few KB, from which other tools' formats are made."""

import hashlib
from collections.abc import Mapping
from typing import Any

from app.storage import Storage
from worker import formats
from worker.formats import Embedding


def keep(
    storage: Storage, folder: str, embedding: Embedding, placeholder: str, metadata: Mapping[str, str]
) -> dict[str, Any]:
    """Write the file under `folder`. Returns what `Version.files` holds: format -> key, size, hash and widths."""
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
