"""What differs between Stable Diffusion 1, 2 and XL: which text encoders there are and what the UNet is told.

Nothing else in the project asks which family a model is of. Knows nothing of files, training or prompts.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from worker.engine.base_models.encoders import TextEncoder


@dataclass(frozen=True)
class Conditioning:
    """What the UNet is told about a batch of texts."""

    context: Tensor  # (b, length, width of the cross-attention)
    pooled: Tensor | None = None  # (b, projection), families with a pooled text only

    def __getitem__(self, chosen: slice | Tensor) -> "Conditioning":
        """The same for some of the batch."""
        return Conditioning(self.context[chosen], None if self.pooled is None else self.pooled[chosen])

    def to(self, dtype: torch.dtype) -> "Conditioning":
        """The same in a precision."""
        return Conditioning(self.context.to(dtype), None if self.pooled is None else self.pooled.to(dtype))


def joined(parts: Sequence[Conditioning]) -> Conditioning:
    """One batch from several."""
    pooled = [part.pooled for part in parts if part.pooled is not None]
    return Conditioning(torch.cat([part.context for part in parts]), torch.cat(pooled) if pooled else None)


class Family(ABC):
    """A kind of base model. Concepts learned on one fit every other model of the same family and widths."""

    name: ClassVar[str]
    title: ClassVar[str]
    pipeline: ClassVar[str]
    encoder_names: ClassVar[tuple[str, ...]]
    encoder_classes: ClassVar[Mapping[str, str]]

    @abstractmethod
    def condition(
        self, encoders: Sequence[TextEncoder], ids: Mapping[str, Tensor], rows: Mapping[str, Tensor]
    ) -> Conditioning:
        """Encode token ids, (b, length) for each encoder by name, with learned rows, (n, width) for each encoder."""

    def unconditioned(self, conditioning: Conditioning, empty: Tensor) -> Conditioning:
        """The negative side of guidance; `empty` (b,) is true where nothing was asked to be avoided."""
        return conditioning

    def unet_arguments(self, conditioning: Conditioning, width: int, height: int) -> dict[str, Any]:
        """What the UNet's forward takes besides the noisy latents and the time step."""
        return {"encoder_hidden_states": conditioning.context}


class StableDiffusion(Family):
    """One CLIP encoder, whose last hidden state is the context."""

    pipeline = "StableDiffusionPipeline"
    encoder_names = ("text_encoder",)
    encoder_classes: ClassVar[Mapping[str, str]] = {"text_encoder": "CLIPTextModel"}

    def condition(
        self, encoders: Sequence[TextEncoder], ids: Mapping[str, Tensor], rows: Mapping[str, Tensor]
    ) -> Conditioning:
        (encoder,) = encoders
        return Conditioning(encoder.encode(ids[encoder.name], rows.get(encoder.name)).last)


class StableDiffusion1(StableDiffusion):
    """Rombach et al. 2022 (arXiv 2112.10752): CLIP ViT-L/14, 768 wide."""

    name = "sd1"
    title = "Stable Diffusion 1"


class StableDiffusion2(StableDiffusion):
    """The 2.x series: OpenCLIP ViT-H/14, 1024 wide; the 768-pixel models predict the velocity."""

    name = "sd2"
    title = "Stable Diffusion 2"


class StableDiffusionXL(Family):
    """Podell et al. 2023 (arXiv 2307.01952): two encoders side by side, a pooled text and the size of the picture."""

    name = "sdxl"
    title = "Stable Diffusion XL"
    pipeline = "StableDiffusionXLPipeline"
    encoder_names = ("text_encoder", "text_encoder_2")
    encoder_classes: ClassVar[Mapping[str, str]] = {
        "text_encoder": "CLIPTextModel",
        "text_encoder_2": "CLIPTextModelWithProjection",
    }

    def condition(
        self, encoders: Sequence[TextEncoder], ids: Mapping[str, Tensor], rows: Mapping[str, Tensor]
    ) -> Conditioning:
        encoded = [encoder.encode(ids[encoder.name], rows.get(encoder.name)) for encoder in encoders]
        return Conditioning(torch.cat([part.penultimate for part in encoded], dim=-1), encoded[-1].pooled)

    def unconditioned(self, conditioning: Conditioning, empty: Tensor) -> Conditioning:
        """SDXL was trained with zeros for "no text", not with an empty text (`force_zeros_for_empty_prompt`)."""
        assert conditioning.pooled is not None
        return Conditioning(
            conditioning.context.masked_fill(empty[:, None, None], 0.0),
            conditioning.pooled.masked_fill(empty[:, None], 0.0),
        )

    def unet_arguments(self, conditioning: Conditioning, width: int, height: int) -> dict[str, Any]:
        """Micro-conditioning (section 2.2 of the paper): original size, crop corner and target size."""
        context = conditioning.context
        size = torch.tensor([height, width, 0, 0, height, width], dtype=context.dtype, device=context.device)
        added = {"text_embeds": conditioning.pooled, "time_ids": size.expand(len(context), -1)}
        return {"encoder_hidden_states": context, "added_cond_kwargs": added}


FAMILIES: tuple[Family, ...] = (StableDiffusion1(), StableDiffusion2(), StableDiffusionXL())

SD2_CONTEXT_WIDTH = 1024


def family_of(pipeline: str, context_width: int) -> Family | None:
    """The family of a diffusers pipeline class whose UNet reads texts `context_width` wide, if we know it."""
    if pipeline == StableDiffusionXL.pipeline:
        return FAMILIES[2]
    if pipeline == StableDiffusion.pipeline:
        return FAMILIES[1] if context_width == SD2_CONTEXT_WIDTH else FAMILIES[0]
    return None
