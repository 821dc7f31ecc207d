"""Latent previews: small, coarse pictures of the result while the denoising loop still runs, at almost no cost.

A linear map, fitted once for each base model, turns the clean latents implied by a step into colours; the autoencoder
does not run.
"""

from weakref import WeakKeyDictionary

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from worker.engine.base_models import BaseModel

CELL = 4  # latent pixels along one side of a patch of the picture that the matrix is fitted to
PATCHES = 16  # patches along one side of that picture
SIDE_MAX = 64  # pixels of a preview


def latent_previews(model: BaseModel, z_0: Tensor) -> list[Image.Image]:
    """A small picture for each of the scaled latents (b, c, h, w): one pixel for each latent pixel, or for each block
    of them where a side would exceed SIDE_MAX."""
    matrix = _colour_matrix(model)  # (c + 1, 3)
    smaller = max(1, -(-max(z_0.shape[-2:]) // SIDE_MAX))
    z = functional.avg_pool2d(z_0.float(), smaller) if smaller > 1 else z_0.float()
    colours = torch.einsum("bchw,cd->bhwd", z, matrix[:-1]) + matrix[-1]
    levels = ((colours / 2 + 0.5).clamp(0, 1) * 255).round().to(torch.uint8).cpu().numpy()
    return [Image.fromarray(each) for each in levels]


def implied_z_0(model: BaseModel, z_t: Tensor, t: Tensor, prediction: Tensor) -> Tensor:
    """The clean latents that a prediction implies  # (b, c, h, w).

    z_0 = (z_t - sigma eps) / alpha, or alpha z_t - sigma v for v-prediction (Salimans & Ho 2022, arXiv 2202.00512,
    section 4), for z_t scaled as input of the UNet.
    """
    schedule = model.noise_schedule
    index = t.round().long().clamp(0, len(schedule.alpha) - 1)
    alpha, sigma = schedule.alpha[index], schedule.sigma[index]
    if schedule.prediction == "v_prediction":
        return alpha * z_t - sigma * prediction
    return (z_t - sigma * prediction) / alpha


def _colour_matrix(model: BaseModel) -> Tensor:
    """Least squares from latents to colours, fitted to one encoded picture of random colour patches  # (c + 1, 3)."""
    if model not in _colour_matrices:
        generator = torch.Generator().manual_seed(0)
        patches = torch.rand(1, 3, PATCHES, PATCHES, generator=generator) * 2 - 1
        pixels = functional.interpolate(patches, scale_factor=CELL * model.scale, mode="bilinear").clamp(-1, 1)
        with torch.no_grad():
            mean, _ = model.posterior(pixels)
        z = model.scaled(mean)[0].flatten(1).T  # (n, c)
        target = functional.avg_pool2d(pixels, model.scale)[0].flatten(1).T.to(z)  # (n, 3)
        with_one = torch.cat([z, torch.ones_like(z[:, :1])], dim=1)
        _colour_matrices[model] = torch.linalg.lstsq(with_one, target).solution
    return _colour_matrices[model]


_colour_matrices: WeakKeyDictionary[BaseModel, Tensor] = WeakKeyDictionary()
