"""Where the pictures of a loop start: from noise, or from a picture under noise, of which a mask keeps a part.

Image to image is SDEdit (Meng et al. 2021, arXiv 2108.01073); the part that is kept is put back under the noise of each
step (RePaint's equation 8, Lugmayr et al. 2022, arXiv 2201.09865), and its pixels come back exactly at the end.
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
from worker.engine.generation.request import Request, SamplerSettings


@dataclass(frozen=True)
class InitialLatents:
    """What a loop over b pictures of one first step begins with."""

    first: int  # how many steps are left out
    noise: Tensor  # (b, c, h, w) float32, standard normal
    z_0: Tensor  # (b, c, h, w), the pictures to start from; zeros where there is none
    inpaint_mask: (
        Tensor | None
    )  # (b, 1, h, w), 1 where something is drawn, 0 where the picture stays; None: 1 everywhere
    generators: list[torch.Generator]  # one for each picture, for schedulers that add noise at every step

    @classmethod
    def of(cls, model: BaseModel, requests: Sequence[Request], settings: SamplerSettings) -> "InitialLatents":
        """From requests that all begin with the same step. Each draws from a generator of its own seed alone."""
        generators = [torch.Generator().manual_seed(request.seed) for request in requests]
        drawn = [
            _drawn(model, request, settings, generator) for request, generator in zip(requests, generators, strict=True)
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
        """z at the first step that is taken  # (b, c, h, w)."""
        if self.first == 0:
            noisy: Tensor = self.noise * scheduler.init_noise_sigma
        else:
            noisy = scheduler.add_noise(self.z_0, self.noise, timesteps[:1])
        return noisy

    def kept(self, z: Tensor, scheduler: Any, t: Tensor | None) -> Tensor:
        """z with what the masks keep put back, under the noise of time step t; None: without noise."""
        if self.inpaint_mask is None:
            return z
        original = self.z_0 if t is None else scheduler.add_noise(self.z_0, self.noise, t.unsqueeze(0))
        return (1 - self.inpaint_mask) * original + self.inpaint_mask * z


def finished(picture: Image.Image, request: Request) -> Image.Image:
    """The drawn picture, with every pixel that the mask keeps as it was."""
    if request.init_image is None or request.mask is None:
        return picture
    return Image.composite(picture, fitted(request.init_image, picture.size), _fitted_mask(request.mask, picture.size))


def fitted(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The middle of a picture at another size, never stretched. One that has the size stays as it is."""
    rgb = picture.convert("RGB")
    return rgb if rgb.size == size else ImageOps.fit(rgb, size, Image.Resampling.LANCZOS)


def _fitted_mask(mask: Image.Image, size: tuple[int, int]) -> Image.Image:
    grey = mask.convert("L")
    return grey if grey.size == size else ImageOps.fit(grey, size, Image.Resampling.BOX)


def _drawn(
    model: BaseModel, request: Request, settings: SamplerSettings, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Noise, and the latents of the picture, in the order in which diffusers draws them  # (c, h, w) each."""
    shape = (model.latent_channels, settings.height // model.scale, settings.width // model.scale)
    if request.init_image is None:
        return torch.randn(shape, generator=generator), torch.zeros(shape, device=model.device)
    mean, deviation = model.posterior(_pixels(fitted(request.init_image, (settings.width, settings.height))))
    drawn = torch.randn(shape, generator=generator).to(model.device)
    z_0 = model.scaled(mean[0] + deviation[0] * drawn)
    return torch.randn(shape, generator=generator), z_0


def _latent_mask(model: BaseModel, request: Request, settings: SamplerSettings) -> Tensor:
    """1 for every latent that has a pixel to be drawn  # (1, h, w)."""
    if request.mask is None:
        return torch.ones(1, settings.height // model.scale, settings.width // model.scale)
    grey = torch.from_numpy(np.array(_fitted_mask(request.mask, (settings.width, settings.height))))
    return functional.max_pool2d((grey > 0).float()[None], model.scale)


def _pixels(picture: Image.Image) -> Tensor:
    """Pixels (1, 3, h, w) in -1..1, computed as diffusers does."""
    levels = torch.from_numpy(np.array(picture).astype(np.float32) / 255.0)
    return 2.0 * levels.permute(2, 0, 1).unsqueeze(0) - 1.0
