"""The number format that a base model computes in, by its device and size. This module knows nothing of loading."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch import nn

from app.contracts.config_file import square_side

BF16_CAPABILITY: Final = (8, 0)  # of CUDA; Ampere. Older GPUs emulate bf16, slower than float32
LARGE_BYTES: Final = 500_000_000  # size of UNet weights; Stable Diffusion 1 has 1.7 GB in half precision
SMALL_SIDE: Final = 16  # side of latents up to which plain attention is faster than torch's bf16 kernel


@dataclass(frozen=True)
class Precision:
    """bf16 on a GPU that computes in it, float16 on an older one. On a CPU with bf16 instructions, bf16 for a large
    model and for the UNet in training.

    float16 holds no small gradients, so training scales its loss (`inversion/loss_scale.py`). The rows, their optimiser
    and the autoencoder are float32 everywhere: SDXL's autoencoder overflows in float16.

    With these instructions bf16 is two to four times as fast as float32. A small model draws fast enough in float32,
    and more precisely. A CPU without them computes in float32.
    """

    model: torch.dtype  # of the UNet and the encoders; the autoencoder computes in float32
    training: torch.dtype  # of the UNet in training, which uses a copy if this differs from `model`

    @classmethod
    def of(cls, device: torch.device, unet: Sequence[Path]) -> "Precision":
        """The precision for a device and a UNet's weight files."""
        if device.type == "cuda":
            native = torch.cuda.get_device_capability(device) >= BF16_CAPABILITY
            return cls(*[torch.bfloat16 if native else torch.float16] * 2)
        if not torch.cpu._is_avx512_bf16_supported():
            return cls(torch.float32, torch.float32)
        large = sum(path.stat().st_size for path in unet) > LARGE_BYTES
        return cls(torch.bfloat16 if large else torch.float32, torch.bfloat16)


def frozen_copy(unet: nn.Module, dtype: torch.dtype) -> nn.Module:
    """A copy of a frozen UNet in another precision, for training on a CPU. The original does not change."""
    from diffusers.models.attention_processor import AttnProcessor

    # deepcopy uses the entries of its memo as finished copies, so it does not copy the weights a second time.
    weights: dict[int, Any] = {
        id(weight): nn.Parameter(weight.detach().to(dtype), requires_grad=False) for weight in unet.parameters()
    }
    duplicate = copy.deepcopy(unet, weights)
    if (square_side(duplicate.config.sample_size) or 0) <= SMALL_SIDE:  # type: ignore[union-attr]
        duplicate.set_attn_processor(AttnProcessor())  # type: ignore[operator]
    return duplicate
