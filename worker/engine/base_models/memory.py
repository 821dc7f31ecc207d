"""Estimates how much memory a base model needs on a device. Knows nothing of which models are loaded."""

from pathlib import Path
from typing import Final

import torch

from app.contracts.errors import BrokenHeader, UnfitModel
from app.contracts.families import UNET, VAE
from app.contracts.model_folder import read_model_folder
from app.contracts.safetensors_header import read_header
from worker.engine.base_models.precision import Precision

# Memory for drawing and training beside the weights: a share of theirs, and at least so many bytes.
WORKING_SHARE: Final = 0.5
WORKING_BYTES_MIN: Final = 256 * 2**20
BYTES: Final = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1}


def needed(folder: Path, device: torch.device) -> int:
    """Bytes that a folder's model takes on a device with its working memory, estimated from the files' sizes.

    0 for a folder that cannot be loaded: loading it says why.
    """
    try:
        weights = read_model_folder(folder).weights
    except UnfitModel:
        return 0
    precision = Precision.of(device, weights[UNET].files)
    total = sum(
        _numbers(path) * _bytes_each(component, precision)
        for component, found in weights.items()
        for path in found.files
    )
    return int(total + max(total * WORKING_SHARE, WORKING_BYTES_MIN))


def _numbers(path: Path) -> float:
    """How many numbers a file holds, from its size and the type of its first tensor."""
    try:
        types = [tensor.dtype for tensor in read_header(path).tensors.values()]
    except BrokenHeader:
        types = []  # loading it says what is wrong
    return path.stat().st_size / BYTES.get(types[0] if types else "F32", 4)


def _bytes_each(component: str, precision: Precision) -> int:
    """Bytes of a number in memory. Where training uses a copy of the UNet, the copy's bytes are included."""
    if component == VAE:
        return 4
    copied = component == UNET and precision.training != precision.model
    return precision.model.itemsize + (precision.training.itemsize if copied else 0)
