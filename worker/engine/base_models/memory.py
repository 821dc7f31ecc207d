"""Estimates how much memory a base model needs on a device. This module does not know which models are loaded."""

from pathlib import Path
from typing import Final

import torch

from app.contracts.config_file import read_json
from app.contracts.errors import BrokenHeader, UnfitModel
from app.contracts.families import UNET, VAE
from app.contracts.model_folder import read_model_folder
from app.contracts.safetensors_header import read_header
from worker.engine.base_models.footprint import UNetShape, decoding
from worker.engine.base_models.precision import Precision
from worker.engine.base_models.tiling import TILE
from worker.engine.free_memory import SHARE

# Memory for drawing and training besides the weights, at least.
WORKING_BYTES_MIN: Final = 256 * 2**20
BYTES: Final = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1}


def needed(folder: Path, device: torch.device) -> int:
    """Bytes that a folder's model and its working memory take on a device, estimated from the sizes of the files.

    0 for a folder that cannot be loaded: `load` raises the error.
    """
    try:
        facts = read_model_folder(folder)
    except UnfitModel:
        return 0
    weights, precision = facts.weights, Precision.of(device, facts.weights[UNET].files)
    total = sum(
        _number_count(path) * _bytes_per_number(component, precision)
        for component, component_weights in weights.items()
        for path in component_weights.files
    )
    return int(total + max(_working_bytes(folder, facts.resolution, precision), WORKING_BYTES_MIN))


def _working_bytes(folder: Path, side: int, precision: Precision) -> float:
    """What one picture of the model's own size takes: to draw and to decode it, and to learn from it."""
    unet, vae = read_json(folder, f"{UNET}/config.json"), read_json(folder, f"{VAE}/config.json")
    scale = 2 ** (len(vae["block_out_channels"]) - 1)
    shape = UNetShape.of(unet, side // scale, side // scale)
    tile = min(side, TILE)
    numbers = max(2 * shape.drawing(), shape.training(checkpointing=True))
    return max(numbers * precision.training.itemsize, decoding(vae, tile, tile)) / SHARE


def _number_count(path: Path) -> float:
    """How many numbers a file holds, from its size and the type of its first tensor."""
    try:
        types = [tensor.dtype for tensor in read_header(path).tensors.values()]
    except BrokenHeader:
        types = []  # `load` raises the error
    return path.stat().st_size / BYTES.get(types[0] if types else "F32", 4)


def _bytes_per_number(component: str, precision: Precision) -> int:
    """Bytes of a number in memory. If training uses a copy of the UNet, the bytes of the copy are included."""
    if component == VAE:
        return 4
    copied = component == UNET and precision.training != precision.model
    return precision.model.itemsize + (precision.training.itemsize if copied else 0)
