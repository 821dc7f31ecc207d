"""How each family conditions its UNet: Stable Diffusion 1, 2 and XL.

`app.contracts.families` has the names and component classes of the families. No other module of the engine depends on
the family. This module knows no file, no training and no prompt.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import torch
from torch import Tensor

from app.contracts import families
from app.contracts.families import ModelFamily
from worker.engine.base_models.encoders import TextEncoder


@dataclass(frozen=True)
class Conditioning:
    """The UNet's input for a batch of texts."""

    context: Tensor  # (b, length, width of the cross-attention)
    pooled: Tensor | None = None  # (b, projection); Stable Diffusion XL only

    def __getitem__(self, chosen: slice | Tensor) -> "Conditioning":
        """The rows `chosen` of the batch."""
        return Conditioning(self.context[chosen], None if self.pooled is None else self.pooled[chosen])

    def detached(self) -> "Conditioning":
        """The same values in float32, from which gradients go no further back: they stay in `grad` of the tensors."""
        tensors = (None if each is None else each.detach().float().requires_grad_() for each in vars(self).values())
        return Conditioning(*tensors)  # type: ignore[arg-type]

    @property
    def tensors(self) -> list[Tensor]:
        """The tensors of the conditioning, in a fixed order."""
        return [each for each in vars(self).values() if each is not None]

    def to(self, dtype: torch.dtype) -> "Conditioning":
        """The same values in another precision."""
        return Conditioning(self.context.to(dtype), None if self.pooled is None else self.pooled.to(dtype))


def joined(parts: Sequence[Conditioning]) -> Conditioning:
    """Concatenate several batches into one."""
    pooled = [part.pooled for part in parts if part.pooled is not None]
    return Conditioning(torch.cat([part.context for part in parts]), torch.cat(pooled) if pooled else None)


class Family(ABC):
    """A family of base models, and how it turns token ids into the UNet's input."""

    layout: ClassVar[ModelFamily]  # names and component classes

    @property
    def name(self) -> str:
        """`sd1`, `sd2` or `sdxl`."""
        return self.layout.name

    @abstractmethod
    def condition(
        self, encoders: Sequence[TextEncoder], ids: Mapping[str, Tensor], rows: Mapping[str, Tensor]
    ) -> Conditioning:
        """Encode token ids, (b, length) for each encoder by name, with learned rows, (n, width) for each."""

    def unconditioned(self, conditioning: Conditioning, empty: Tensor) -> Conditioning:
        """The conditioning of the negative prompts for guidance; `empty` (b,) is true where the prompt is empty."""
        return conditioning

    def unet_arguments(self, conditioning: Conditioning, width: int, height: int) -> dict[str, Any]:
        """The arguments of the UNet's forward pass besides the noisy latents and the time step."""
        return {"encoder_hidden_states": conditioning.context}


class StableDiffusion(Family):
    """One CLIP encoder, whose last hidden state is the context."""

    def condition(
        self, encoders: Sequence[TextEncoder], ids: Mapping[str, Tensor], rows: Mapping[str, Tensor]
    ) -> Conditioning:
        (encoder,) = encoders
        return Conditioning(encoder.encode(ids[encoder.name], rows.get(encoder.name)).last)


class StableDiffusion1(StableDiffusion):
    """Rombach et al. 2022 (arXiv 2112.10752): CLIP ViT-L/14, 768 wide."""

    layout = families.SD1


class StableDiffusion2(StableDiffusion):
    """The 2.x series: OpenCLIP ViT-H/14, 1024 wide; the 768-pixel models predict the velocity."""

    layout = families.SD2


class StableDiffusionXL(Family):
    """Podell et al. 2023 (arXiv 2307.01952): two encoders side by side, a pooled text and the picture's size."""

    layout = families.SDXL

    def condition(
        self, encoders: Sequence[TextEncoder], ids: Mapping[str, Tensor], rows: Mapping[str, Tensor]
    ) -> Conditioning:
        encoded = [encoder.encode(ids[encoder.name], rows.get(encoder.name)) for encoder in encoders]
        return Conditioning(torch.cat([part.penultimate for part in encoded], dim=-1), encoded[-1].pooled)

    def unconditioned(self, conditioning: Conditioning, empty: Tensor) -> Conditioning:
        """SDXL was trained with zeros for "no text", and not with an empty text (`force_zeros_for_empty_prompt`)."""
        assert conditioning.pooled is not None
        return Conditioning(
            conditioning.context.masked_fill(empty[:, None, None], 0.0),
            conditioning.pooled.masked_fill(empty[:, None], 0.0),
        )

    def unet_arguments(self, conditioning: Conditioning, width: int, height: int) -> dict[str, Any]:
        """Micro-conditioning (section 2.2 of the paper): original size, crop corner and target size."""
        context = conditioning.context
        time_ids = _time_ids(width, height, context.dtype, context.device).expand(len(context), -1)
        added = {"text_embeds": conditioning.pooled, "time_ids": time_ids}
        return {"encoder_hidden_states": context, "added_cond_kwargs": added}


@lru_cache(maxsize=256)
def _time_ids(width: int, height: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """The sizes as numbers on the device  # (6,). Made once: to copy a list of numbers waits for the device."""
    return torch.tensor([height, width, 0, 0, height, width], dtype=dtype, device=device)


FAMILIES: Mapping[str, Family] = {
    family.name: family for family in (StableDiffusion1(), StableDiffusion2(), StableDiffusionXL())
}
