"""What a picture is going to be, while it is still being drawn: small, rough, and nearly free.

The clean latents that a step implies become colours by one matrix for each base model, not by the autoencoder. Knows
nothing of who looks.
"""

from weakref import WeakKeyDictionary

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from worker.engine.base_models import BaseModel

CELL = 4  # latents along one side of a patch that the matrix is fitted to
PATCHES = 16  # along one side
SIDE_MAX = 64


def latent_previews(model: BaseModel, z_0: Tensor) -> list[Image.Image]:
    """Small pictures, one pixel for each latent, of scaled latents (b, c, h, w)."""
    matrix = _colours(model)  # (c + 1, 3)
    smaller = max(1, -(-max(z_0.shape[-2:]) // SIDE_MAX))
    z = functional.avg_pool2d(z_0.float(), smaller) if smaller > 1 else z_0.float()
    colours = torch.einsum("bchw,cd->bhwd", z, matrix[:-1]) + matrix[-1]
    levels = ((colours / 2 + 0.5).clamp(0, 1) * 255).round().to(torch.uint8).cpu().numpy()
    return [Image.fromarray(each) for each in levels]


def implied(model: BaseModel, z_t: Tensor, t: Tensor, prediction: Tensor) -> Tensor:
    """The clean latents that a prediction implies, for z_t as the UNet sees it: z_0 = (z_t - sigma eps) / alpha, or
    alpha z_t - sigma v (Salimans & Ho 2022, arXiv 2202.00512, section 4)  # (b, c, h, w)."""
    schedule = model.noise_schedule
    moment = t.round().long().clamp(0, len(schedule.alpha) - 1)
    alpha, sigma = schedule.alpha[moment], schedule.sigma[moment]
    if schedule.prediction == "v_prediction":
        return alpha * z_t - sigma * prediction
    return (z_t - sigma * prediction) / alpha


def _colours(model: BaseModel) -> Tensor:
    """Least squares from latents to colours, over patches of random colours that the autoencoder encodes once."""
    if model not in _known:
        generator = torch.Generator().manual_seed(0)
        patches = torch.rand(1, 3, PATCHES, PATCHES, generator=generator) * 2 - 1
        pixels = functional.interpolate(patches, scale_factor=CELL * model.scale, mode="bilinear").clamp(-1, 1)
        with torch.no_grad():
            mean, _ = model.posterior(pixels)
        z = model.scaled(mean)[0].flatten(1).T  # (n, c)
        wanted = functional.avg_pool2d(pixels, model.scale)[0].flatten(1).T.to(z)  # (n, 3)
        with_one = torch.cat([z, torch.ones_like(z[:, :1])], dim=1)
        _known[model] = torch.linalg.lstsq(with_one, wanted).solution
    return _known[model]


_known: WeakKeyDictionary[BaseModel, Tensor] = WeakKeyDictionary()
