"""What each family does on cards of each size, as the worker reckons it, and the reckoning beside fake tensors.

Sides are those that a person may ask for. A card's free memory is its size less what CUDA's context takes.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

import torch

from benchmarks.fake_memory import weight_bytes
from benchmarks.fake_steps import drawing_bytes, fake_unet, training_bytes, vae_bytes
from benchmarks.published_shapes import PUBLISHED, SDXL, VAE, Published
from benchmarks.table import Row
from worker.engine.base_models.footprint import UNetShape, decoding, encoding
from worker.engine.base_models.memory import WORKING_BYTES_MIN
from worker.engine.base_models.tiling import TILE
from worker.engine.free_memory import SHARE
from worker.engine.inversion.memory import passes_within

CARDS: Final = (6, 8, 12, 16, 24, 48, 80)  # GB as they are sold, of 2**30 bytes
CONTEXT_BYTES: Final = 600 * 2**20  # of CUDA's own context; an assumption, and no measurement
BATCH: Final = 4  # the defaults of a training
EVALUATED: Final = 16
DTYPE: Final = torch.bfloat16
VAE_PARAMETERS: Final = 83_653_863
SIDES: Final = (1024, 768, 512, 384, 256)


def run() -> list[Row]:
    """Reckoned beside counted, for one sample; then the table of the cards."""
    rows = []
    for published in PUBLISHED:
        shape, side = _shape(published, published.resolution), published.resolution
        with fake_unet(published) as unet:
            ways = {
                "a step of one sample": (
                    training_bytes(unet, published, side, 1, checkpointing=False),
                    shape.training(checkpointing=False),
                ),
                "… with checkpointing": (
                    training_bytes(unet, published, side, 1, checkpointing=True),
                    shape.training(checkpointing=True),
                ),
                "… a pass of drawing": (drawing_bytes(unet, published, side, 1), shape.drawing()),
            }
            if published is SDXL:
                counted = ways["… with checkpointing"][0] + weight_bytes(unet)
                whole = counted + 2 * SDXL.encoder_parameters + 4 * VAE_PARAMETERS
                rows.append(Row("SDXL, one sample at 1024², checkpointing: weights and all", _gb(whole)))
        rows += [
            Row(f"{published.name}, {side}²: {what}", _gb(2 * reckoned), _gb(counted))
            for what, (counted, reckoned) in ways.items()
        ]
    encoded, decoded = vae_bytes(TILE)
    rows.append(Row(f"autoencoder, float32, {TILE}²: encode", _gb(encoding(VAE, TILE, TILE)), _gb(encoded)))
    rows.append(Row("… decode", _gb(decoding(VAE, TILE, TILE)), _gb(decoded)))
    return rows


def cards() -> str:
    """Family × card size -> what it does there, as a Markdown table."""
    lines = ["| card | " + " | ".join(f"{each.name}, {each.resolution}²" for each in PUBLISHED) + " |"]
    lines.append("|---" * (len(PUBLISHED) + 1) + "|")
    lines += [f"| {size} GB | " + " | ".join(_on(each, size) for each in PUBLISHED) + " |" for size in CARDS]
    return "\n".join(lines)


@dataclass(frozen=True)
class _Parts:
    """Bytes of the weights of one model."""

    unet: int
    encoders: int
    vae: int

    @property
    def all(self) -> int:
        return self.unet + self.encoders + self.vae


def _on(published: Published, size: int) -> str:
    free, parts = size * 2**30 - CONTEXT_BYTES, _parts(published)
    shape = _shape(published, published.resolution)
    tile = min(published.resolution, TILE)
    picture = 2 * shape.drawing() * DTYPE.itemsize
    working = max(picture, shape.training(checkpointing=True) * DTYPE.itemsize, decoding(VAE, tile, tile)) / SHARE
    idle_off = parts.all + max(working, WORKING_BYTES_MIN) > free  # as `WarmModels` decides
    if not idle_off:
        room = (free - parts.all) * SHARE
        return f"draws {_drawn(room, picture)}; {_taught(published, room)}"
    while_drawing, while_teaching = free - parts.unet, free - parts.unet - parts.encoders
    needed = max(parts.encoders, picture / SHARE, parts.vae + decoding(VAE, tile, tile) / SHARE)
    if needed > while_drawing:
        return "does not fit"
    taught = _taught(published, while_teaching * SHARE)
    return f"draws {_drawn(while_drawing * SHARE, picture)}, idle parts off; {taught}"


def _drawn(room: float, picture: int) -> str:
    return f"{max(1, min(16, int(room / picture)))} at once"


def _taught(published: Published, room: float) -> str:
    for side in (each for each in SIDES if each <= published.resolution):
        shape = _shape(published, side)
        if shape.training(checkpointing=True) * DTYPE.itemsize > room:
            continue
        passes = passes_within(int(room), shape, DTYPE, BATCH, EVALUATED)
        at = "" if side == published.resolution else f" at {side}²"
        how = ", checkpointing" if passes.checkpointing else ""
        return f"teaches{at} {passes.samples} of {BATCH} samples at once{how}"
    return "does not teach"


def _shape(published: Published, side: int) -> UNetShape:
    return UNetShape.of(published.unet, side // 8, side // 8)


@cache
def _parts(published: Published) -> _Parts:
    with fake_unet(published) as unet:
        return _Parts(weight_bytes(unet), DTYPE.itemsize * published.encoder_parameters, 4 * VAE_PARAMETERS)


def _gb(size: float) -> str:
    return f"{size / 1e9:.2f} GB"
