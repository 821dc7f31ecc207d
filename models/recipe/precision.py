"""What the recipe trains in, by the processor."""

import torch


def precision(device: str) -> torch.dtype:
    """bf16 on a GPU and on a CPU that computes in it; elsewhere bf16 is only imitated, and slower than float32."""
    return torch.bfloat16 if device == "cuda" or torch.cpu._is_avx512_bf16_supported() else torch.float32
