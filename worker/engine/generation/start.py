"""Initial latents of a denoising loop: noise, or a noised picture, with an optional inpainting mask.

Image to image is SDEdit (Meng et al. 2021, arXiv 2108.01073). For inpainting, the unmasked part is replaced after every
step by the original at that step's noise level (RePaint, Lugmayr et al. 2022, arXiv 2201.09865, equation 8), and by the
original pixels at the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor
from torch.nn import functional

from worker.engine.base_models import BaseModel
from worker.engine.generation.masked_area import put_back
from worker.engine.generation.request import Request, SamplerSettings


@dataclass(frozen=True)
class InitialLatents:
    """The initial state of a loop over b pictures that skip the same number of steps."""

    first: int  # number of steps that are skipped
    noise: Tensor  # (b, c, h, w) float32, standard normal
    z_0: Tensor  # (b, c, h, w), latents of the initial pictures; zeros for a request without one
    inpaint_mask: Tensor | None  # (b, 1, h, w), 1 where the loop draws, 0 where the picture stays; None: 1 everywhere
    generators: list[torch.Generator]  # one for each picture, for schedulers that add noise at every step

    @classmethod
    def of(cls, model: BaseModel, requests: Sequence[Request], settings: SamplerSettings) -> "InitialLatents":
        """For requests that all skip the same number of steps. Each picture's noise depends on its own seed alone."""
        generators = [torch.Generator().manual_seed(request.seed) for request in requests]
        drawn = [
            _noise_and_latents(model, request, settings, generator)
            for request, generator in zip(requests, generators, strict=True)
        ]
        masks = [_latent_mask(model, request, settings) for request in requests]
        return cls(
            first=requests[0].first_step(settings.steps),
            noise=torch.stack([noise for noise, _ in drawn]).to(model.device),
            z_0=torch.stack([z_0 for _, z_0 in drawn]),
            inpaint_mask=torch.stack(masks).to(model.device)
            if any(request.mask is not None for request in requests)
            else None,
            generators=generators,
        )

    def latents(self, scheduler: Any, timesteps: Tensor) -> Tensor:
        """z_t at the first step of the loop  # (b, c, h, w)."""
        if self.first == 0:
            noisy: Tensor = self.noise * scheduler.init_noise_sigma
        else:
            noisy = scheduler.add_noise(self.z_0, self.noise, timesteps[:1])
        return noisy

    def restore_unmasked(self, z: Tensor, scheduler: Any, t: Tensor | None) -> Tensor:
        """z with its unmasked part replaced by the original at the noise level of t; t = None: without noise."""
        if self.inpaint_mask is None:
            return z
        original = self.z_0 if t is None else scheduler.add_noise(self.z_0, self.noise, t.unsqueeze(0))
        return (1 - self.inpaint_mask) * original + self.inpaint_mask * z


def with_unmasked_pixels(picture: Image.Image, request: Request) -> Image.Image:
    """The drawn picture with the original pixels wherever the mask is black. A masked area is put back first."""
    if request.init_image is None or request.mask is None:
        return picture
    if request.mask_padding is not None:
        return put_back(picture, request.init_image, request.mask, request.mask_padding)
    return Image.composite(picture, fitted(request.init_image, picture.size), _fitted_mask(request.mask, picture.size))


def fitted(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The largest centred crop of a picture, scaled to `size`; never stretched. A picture of that size is unchanged."""
    rgb = picture.convert("RGB")
    return rgb if rgb.size == size else ImageOps.fit(rgb, size, Image.Resampling.LANCZOS)


def _fitted_mask(mask: Image.Image, size: tuple[int, int]) -> Image.Image:
    grey = mask.convert("L")
    return grey if grey.size == size else ImageOps.fit(grey, size, Image.Resampling.BOX)


def _noise_and_latents(
    model: BaseModel, request: Request, settings: SamplerSettings, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Noise and the picture's latents, drawn in the order of diffusers  # (c, h, w) each."""
    shape = (model.latent_channels, settings.height // model.scale, settings.width // model.scale)
    if request.init_image is None:
        return torch.randn(shape, generator=generator), torch.zeros(shape, device=model.device)
    mean, deviation = model.posterior(_pixels(fitted(request.init_image, (settings.width, settings.height))))
    posterior_noise = torch.randn(shape, generator=generator).to(model.device)
    z_0 = model.scaled(mean[0] + deviation[0] * posterior_noise)
    return torch.randn(shape, generator=generator), z_0


def _latent_mask(model: BaseModel, request: Request, settings: SamplerSettings) -> Tensor:
    """1 for every latent pixel that covers at least one pixel to draw  # (1, h, w)."""
    if request.mask is None:
        return torch.ones(1, settings.height // model.scale, settings.width // model.scale)
    grey = torch.from_numpy(np.array(_fitted_mask(request.mask, (settings.width, settings.height))))
    return functional.max_pool2d((grey > 0).float()[None], model.scale)


def _pixels(picture: Image.Image) -> Tensor:
    """Pixels (1, 3, h, w) in -1..1, computed as diffusers does."""
    levels = torch.from_numpy(np.array(picture).astype(np.float32) / 255.0)
    return 2.0 * levels.permute(2, 0, 1).unsqueeze(0) - 1.0
