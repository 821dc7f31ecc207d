"""The autoencoder in overlapping tiles, for pictures that it has no memory for at once. diffusers cuts and blends."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import torch
from torch import nn

from worker.engine.free_memory import SHARE, free_bytes, release_memory
from worker.engine.halving import is_out_of_memory

Result = TypeVar("Result")

TILE: Final = 512  # pixels along a side; a tile of Stable Diffusion's autoencoder takes about 1 GB
WHOLE_ON_CPU: Final = 1280 * 1280  # pixels; the same on every machine, so that a seed draws the same picture on each


def in_tiles_if_needed(
    vae: nn.Module, scale: int, device: torch.device, pixels: int, needed: int, run: Callable[[], Result]
) -> Result:
    """`run()`, in tiles if a picture of `pixels` pixels takes more than fits: `needed` bytes, or in fact."""
    if not _needs_tiles(device, pixels, needed):
        try:
            return run()
        except Exception as error:
            if not is_out_of_memory(error):
                raise
        release_memory()
    with tiled(vae, scale):
        return run()


@contextmanager
def tiled(vae: Any, scale: int) -> Iterator[None]:
    """Inside the block, pictures are encoded and decoded in tiles of TILE pixels, and one at a time."""
    names = ("use_tiling", "use_slicing", "tile_sample_min_size", "tile_latent_min_size")
    before = {name: getattr(vae, name) for name in names}
    for name, value in zip(names, (True, True, TILE, TILE // scale), strict=True):
        setattr(vae, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(vae, name, value)


def _needs_tiles(device: torch.device, pixels: int, needed: int) -> bool:
    if device.type == "cpu":
        return pixels > WHOLE_ON_CPU
    free = free_bytes(device)
    return free is not None and needed > free * SHARE
