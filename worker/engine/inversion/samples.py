"""What one optimiser step looks at: views, captions, time steps and noise, all from one seeded generator.

Every step has a generator of its own, made from the seed and the step's number. So a run can go on from any step
without a stored generator, and a word learned in company meets the same samples as one learned alone.
"""

import hashlib
from dataclasses import dataclass

import torch
from torch import Tensor

from worker.engine.inversion.pictures import Latents


@dataclass(frozen=True)
class Samples:
    """A batch of b training samples."""

    z_0: Tensor  # (b, c, h, w), clean latents
    eps: Tensor  # (b, c, h, w), standard normal
    t: Tensor  # (b,), time steps
    captions: Tensor  # (b,), which template
    weight: Tensor  # (b, 1, h, w), how much each place of the picture counts; 1 on average


def generator_for(seed: int, purpose: str, number: int = 0) -> torch.Generator:
    """A generator of its own for each seed, purpose and number. On the CPU, so that a GPU draws the same."""
    digest = hashlib.blake2b(f"{seed}/{purpose}/{number}".encode(), digest_size=8).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest, "big") >> 1)


def draw_samples(
    latents: Latents, captions: int, time_steps: int, size: int, generator: torch.Generator, turn: int = 0
) -> Samples:
    """Draw `size` samples. `turn` counts the samples before, so that every view has its share.

    Time steps are stratified: one from each of `size` equal parts of the schedule, which takes the largest part of
    the variance out of the gradient (low-discrepancy sampling, Kingma et al. 2021, arXiv 2107.00630, appendix I.1).
    """
    device = latents.mean.device
    views = sent((turn + torch.arange(size)) % len(latents), device)
    strata = (torch.randperm(size, generator=generator) + torch.rand(size, generator=generator)) / size
    templates = torch.randint(captions, (size,), generator=generator)
    shape = (size, *latents.mean.shape[1:])
    posterior_noise = torch.randn(shape, generator=generator)
    eps = torch.randn(shape, generator=generator)
    return Samples(
        z_0=latents.draw(views, sent(posterior_noise, device)),
        eps=sent(eps, device),
        t=sent((strata * time_steps).long().clamp(max=time_steps - 1), device),
        captions=sent(templates, device),
        weight=latents.weight[views],
    )


def sent(tensor: Tensor, device: torch.device) -> Tensor:
    """On the device, without waiting for what it is still busy with."""
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)
