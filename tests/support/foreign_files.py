"""Embedding files in the formats of other tools."""

import torch
from safetensors.torch import save

WIDTH = 128  # of the demo model


def rows(vectors: int = 2, width: int = WIDTH) -> torch.Tensor:
    return torch.randn(vectors, width, generator=torch.Generator().manual_seed(0))


def kohya(vectors: int = 2, width: int = WIDTH) -> bytes:
    return save({"emb_params": rows(vectors, width)})
