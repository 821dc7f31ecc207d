"""The pictures of a lesson as a word is learned from them: one of our own clean PNGs, with its mask if it has one."""

import io

from PIL import Image as Pillow

from app.core.storage import Storage
from worker.engine.inversion import masked


def as_learned(storage: Storage, key: str, mask_key: str | None) -> Pillow.Image:
    """One stored picture. Raises NotFound."""
    picture = Pillow.open(io.BytesIO(storage.get(key))).convert("RGB")
    return picture if mask_key is None else masked(picture, Pillow.open(io.BytesIO(storage.get(mask_key))))
