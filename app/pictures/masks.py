"""The decoder that makes masks (`app.pictures.segmentation`), beside the one that cleans uploads."""

from app.pictures.cleaning import PictureCleaner
from app.pictures.segmentation import mask_pool


def mask_maker(bytes_max: int) -> PictureCleaner:
    """A cleaner whose one child makes masks, of uploads of at most `bytes_max` bytes. It starts with the first mask."""
    return PictureCleaner(bytes_max, mask_pool())
