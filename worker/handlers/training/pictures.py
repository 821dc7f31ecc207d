"""Training pictures as they are trained on: the studio's own clean PNGs, with their masks as transparency."""

import io

from PIL import Image as Pillow

from app.core.storage import Storage
from worker.engine.inversion import masked


def as_trained(storage: Storage, key: str, mask_key: str | None) -> Pillow.Image:
    """One stored picture, opaque where the concept is trained from. Raises NotFound."""
    picture = Pillow.open(io.BytesIO(storage.get(key))).convert("RGB")
    return picture if mask_key is None else masked(picture, Pillow.open(io.BytesIO(storage.get(mask_key))))
