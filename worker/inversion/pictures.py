"""Pictures of the concept as latents: cropped, never stretched, and encoded once. Knows nothing of words."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from worker.base_models import BaseModel


@dataclass(frozen=True)
class Latents:
    """q(z|x) of every view of the pictures: the pictures themselves and, if asked for, their mirror images."""

    mean: Tensor  # (views, c, h, w)
    deviation: Tensor  # (views, c, h, w)

    def __len__(self) -> int:
        return len(self.mean)

    def draw(self, views: Tensor, noise: Tensor) -> Tensor:
        """A sample of the posterior for each of `views` (b,) from standard normal `noise` (b, c, h, w)."""
        return self.mean[views] + self.deviation[views] * noise


def square(picture: Image.Image, side: int) -> Image.Image:
    """The largest centred square of an upright picture, `side` pixels wide."""
    upright = ImageOps.exif_transpose(picture).convert("RGB")
    return ImageOps.fit(upright, (side, side), Image.Resampling.LANCZOS)


def pixels_of(picture: Image.Image) -> Tensor:
    """An RGB picture as the autoencoder reads it  # (3, h, w) in -1..1."""
    array = np.asarray(picture.convert("RGB"), dtype=np.float32)
    return torch.from_numpy(array).permute(2, 0, 1) / 127.5 - 1


@torch.no_grad()
def encode_pictures(model: BaseModel, pictures: Sequence[Image.Image], *, mirror: bool) -> Latents:
    """Encode every view once; the reference script does it again at every step."""
    pixels = [pixels_of(square(picture, model.resolution)) for picture in pictures]
    if mirror:
        pixels += [view.flip(-1) for view in pixels]
    posteriors = [model.posterior(view.unsqueeze(0)) for view in pixels]  # one by one: the memory of one
    mean, deviation = (torch.cat(parts) for parts in zip(*posteriors, strict=True))
    return Latents(model.scaled(mean), model.scaled(deviation))
