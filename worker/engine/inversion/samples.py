"""The random draws of one optimiser step: views, captions, time steps and noise, all from one seeded generator.

Every step has a generator of its own, made from the seed and the number of the step. So a run continues from any step
without a stored generator, and a concept trained in one batch with others sees the same samples as one trained alone.
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
    eps: Tensor  # (b, c, h, w), standard normal noise
    t: Tensor  # (b,), time steps
    captions: Tensor  # (b,), index of the caption template y
    weight: Tensor  # (b, 1, h, w), how much each latent pixel counts; mean 1

    def __getitem__(self, chosen: slice) -> "Samples":
        """The samples `chosen` of the batch."""
        return Samples(*(value[chosen] for value in vars(self).values()))


def generator_for(seed: int, purpose: str, number: int = 0) -> torch.Generator:
    """A generator for one seed, purpose and number. It runs on the CPU, so that a GPU run draws the same samples."""
    digest = hashlib.blake2b(f"{seed}/{purpose}/{number}".encode(), digest_size=8).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest, "big") >> 1)


def draw_samples(
    latents: Latents,
    captions: int,
    time_steps: int,
    size: int,
    generator: torch.Generator,
    samples_before: int = 0,
    first_captions: Tensor | None = None,
) -> Samples:
    """Draw `size` samples: z ~ E(x), y, eps ~ N(0, 1) and t of equation 2.

    The views take turns: `samples_before` counts the samples of all earlier steps, and says which view is next. Time
    steps are stratified, one from each of `size` equal parts of the schedule, which removes most of the gradient's
    variance (low-discrepancy sampling, Kingma et al. 2021, arXiv 2107.00630, appendix I.1).

    Each sample takes one of `captions` templates. `first_captions` (views,) on the CPU says where those of each view
    begin, where pictures have captions of their own.
    """
    device = latents.mean.device
    turns = (samples_before + torch.arange(size)) % len(latents)
    views = to_device(turns, device)
    strata = (torch.randperm(size, generator=generator) + torch.rand(size, generator=generator)) / size
    templates = torch.randint(captions, (size,), generator=generator)
    if first_captions is not None:
        templates += first_captions[turns]
    shape = (size, *latents.mean.shape[1:])
    posterior_noise = torch.randn(shape, generator=generator)
    eps = torch.randn(shape, generator=generator)
    return Samples(
        z_0=latents.draw(views, to_device(posterior_noise, device)),
        eps=to_device(eps, device),
        t=to_device((strata * time_steps).long().clamp(max=time_steps - 1), device),
        captions=to_device(templates, device),
        weight=latents.weight[views],
    )


def to_device(tensor: Tensor, device: torch.device) -> Tensor:
    """Copy a CPU tensor to the device; for a GPU without waiting for the kernels that it still runs."""
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)
