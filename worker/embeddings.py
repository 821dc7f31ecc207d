"""Stores an embedding as a version's files: in every format that its text encoders have, a few KB each."""

import hashlib
from collections.abc import Mapping
from typing import Any

from app.storage import Storage
from worker import formats
from worker.formats import Embedding


def keep(
    storage: Storage, folder: str, embedding: Embedding, placeholder: str, metadata: Mapping[str, str]
) -> dict[str, Any]:
    """Write the files under `folder`. Returns what `Version.files` holds: format -> key, size, hash and name."""
    files: dict[str, Any] = {}
    for file in formats.write_all(embedding, placeholder, metadata):
        key = f"{folder}/{file.format}/{file.name}"
        storage.put(key, file.content)
        files[file.format] = {
            "key": key,
            "bytes": len(file.content),
            "sha256": hashlib.sha256(file.content).hexdigest(),
            "file_name": file.name,
            "media_type": file.media_type,
        }
    return files
