"""A fingerprint of a base model's weights: tells whether they changed since a concept was trained on them.

Hashes the names and sizes of the weight files and evenly spaced blocks of their content, in milliseconds instead of
the minute that gigabytes take. Blocks are enough: training or merging a model changes practically every number in it.
"""

import hashlib
from pathlib import Path
from typing import Final

BLOCKS: Final = 1024  # of each file
BLOCK_BYTES: Final = 4096


def fingerprinted_files(folder: Path) -> list[Path]:
    """The safetensors of every component of a diffusers folder, sorted, without those of a scorer beside them."""
    return sorted(path for path in folder.glob("*/*.safetensors") if path.parent.name != "scorer")


def fingerprint(folder: Path) -> str:
    """A SHA-256 as hexadecimal digits, the same on every machine. Raises OSError."""
    digest = hashlib.sha256()
    for path in fingerprinted_files(folder):
        size = path.stat().st_size
        digest.update(f"{path.parent.name}/{path.name} {size}\n".encode())
        with path.open("rb") as file:
            if size <= BLOCKS * BLOCK_BYTES:
                digest.update(file.read())
                continue
            for block in range(BLOCKS):
                file.seek(block * (size - BLOCK_BYTES) // (BLOCKS - 1))
                digest.update(file.read(BLOCK_BYTES))
    return digest.hexdigest()
