"""What a base model computes in, by the device and by how large it is. Knows nothing of how it is read."""

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch import nn

LARGE_BYTES: Final = 500_000_000  # of UNet weights; Stable Diffusion 1 has 1.7 GB in half precision
SMALL_SIDE: Final = 16  # latents; up to here attention is faster written out than by torch's kernel for bf16


@dataclass(frozen=True)
class Precision:
    """bf16 on a GPU. On a CPU that computes in it: a large model, and any model's UNet while a word is learned.

    There it is two to four times as fast. A small model draws fast enough, and keeps all its digits.
    """

    model: torch.dtype  # of the UNet and the encoders; the autoencoder computes in float32
    teaching: torch.dtype  # of the UNet while a word is learned; where it differs, of a copy

    @classmethod
    def of(cls, device: torch.device, folder: Path) -> "Precision":
        """For the model of a folder on a device."""
        if device.type == "cuda":
            return cls(torch.bfloat16, torch.bfloat16)
        if not torch.cpu._is_avx512_bf16_supported():
            return cls(torch.float32, torch.float32)
        large = sum(path.stat().st_size for path in folder.glob("unet/*.safetensors")) > LARGE_BYTES
        return cls(torch.bfloat16 if large else torch.float32, torch.bfloat16)


def copied(unet: nn.Module, dtype: torch.dtype) -> nn.Module:
    """A copy of a frozen UNet in another precision, for a loop on a CPU. The original stays as it is."""
    from diffusers.models.attention_processor import AttnProcessor

    # What deepcopy finds in here it takes for copied: so no weight is ever there a third time.
    weights: dict[int, Any] = {
        id(weight): nn.Parameter(weight.detach().to(dtype), requires_grad=False) for weight in unet.parameters()
    }
    made = copy.deepcopy(unet, weights)
    if int(made.config.sample_size) <= SMALL_SIDE:  # type: ignore[union-attr, arg-type]
        made.set_attn_processor(AttnProcessor())  # type: ignore[operator]
    return made
