"""The configurations of the published models' denoisers, autoencoders and text encoders, from their repositories.

Only shapes: they say how much memory a model takes, and random weights of these shapes are as slow as real ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

VAE: Final = {
    "block_out_channels": [128, 256, 512, 512],
    "down_block_types": ["DownEncoderBlock2D"] * 4,
    "up_block_types": ["UpDecoderBlock2D"] * 4,
    "layers_per_block": 2,
    "latent_channels": 4,
}
_DOWN: Final = ["CrossAttnDownBlock2D"] * 3 + ["DownBlock2D"]
_UP: Final = ["UpBlock2D"] + ["CrossAttnUpBlock2D"] * 3


@dataclass(frozen=True, eq=False)
class Published:
    """The shapes of one model, and the parameters of its text encoders."""

    name: str
    resolution: int  # pixels
    unet: Mapping[str, Any]
    encoder_parameters: int
    context: int  # width of the cross-attention
    pooled: int | None = None  # width of the pooled text

    @property
    def latent_side(self) -> int:
        """Latent pixels along one side at the model's own resolution."""
        return self.resolution // 8


SD1: Final = Published(
    "Stable Diffusion 1.5",
    512,
    {
        "sample_size": 64,
        "block_out_channels": [320, 640, 1280, 1280],
        "down_block_types": _DOWN,
        "up_block_types": _UP,
        "layers_per_block": 2,
        "cross_attention_dim": 768,
        "attention_head_dim": 8,
    },
    encoder_parameters=123_060_480,
    context=768,
)
SD2: Final = Published(
    "Stable Diffusion 2.1",
    768,
    {
        **SD1.unet,
        "sample_size": 96,
        "cross_attention_dim": 1024,
        "attention_head_dim": [5, 10, 20, 20],
        "use_linear_projection": True,
    },
    encoder_parameters=340_387_840,
    context=1024,
)
SDXL: Final = Published(
    "Stable Diffusion XL",
    1024,
    {
        "sample_size": 128,
        "block_out_channels": [320, 640, 1280],
        "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
        "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
        "layers_per_block": 2,
        "transformer_layers_per_block": [1, 2, 10],
        "cross_attention_dim": 2048,
        "attention_head_dim": [5, 10, 20],
        "use_linear_projection": True,
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 256,
        "projection_class_embeddings_input_dim": 2816,
    },
    encoder_parameters=123_060_480 + 694_659_840,
    context=2048,
    pooled=1280,
)
PUBLISHED: Final = (SD1, SD2, SDXL)
