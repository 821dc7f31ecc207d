"""Whether a base model is still the one that a word was learned on: a hash over its weight files, in milliseconds.

Reading gigabytes for it would hold up whoever asks first. So names, sizes and evenly spaced blocks are hashed: whatever
trains a model, or merges it with another, changes practically every number in it.
"""

import hashlib
from pathlib import Path
from typing import Final

BLOCKS: Final = 1024  # of each file
BLOCK_BYTES: Final = 4096


def weight_files(folder: Path) -> list[Path]:
    """The weights of every component of a diffusers folder, in order; a scorer that lies beside is none."""
    return sorted(path for path in folder.glob("*/*.safetensors") if path.parent.name != "scorer")


def fingerprint(folder: Path) -> str:
    """SHA-256 that is the same for the same weights on every machine. Raises OSError."""
    digest = hashlib.sha256()
    for path in weight_files(folder):
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
