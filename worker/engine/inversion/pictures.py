"""Pictures of the concept as latents: cropped, never stretched, and encoded once. No text in this module.

Of a picture with transparency, only the opaque part counts in the loss.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from worker.engine.base_models import BaseModel
from worker.engine.errors import InversionError


@dataclass(frozen=True)
class Latents:
    """q(z|x) of every view: the pictures and, with the option `mirror`, their mirror images."""

    mean: Tensor  # (views, c, h, w)
    deviation: Tensor  # (views, c, h, w)
    weight: Tensor  # (views, 1, h, w), how much each latent pixel counts; mean 1

    def __len__(self) -> int:
        return len(self.mean)

    def draw(self, views: Tensor, noise: Tensor) -> Tensor:
        """A sample of the posterior for each of `views` (b,) from standard normal `noise` (b, c, h, w)."""
        return self.mean[views] + self.deviation[views] * noise


def square(picture: Image.Image, side: int) -> Image.Image:
    """The largest centred square of an upright picture, `side` pixels wide; transparent parts become white."""
    upright = ImageOps.exif_transpose(picture)
    if "A" in upright.getbands():
        background = Image.new("RGB", upright.size, "white")
        background.paste(upright.convert("RGB"), mask=upright.getchannel("A"))
        upright = background
    return ImageOps.fit(upright.convert("RGB"), (side, side), Image.Resampling.LANCZOS)


def masked(picture: Image.Image, mask: Image.Image) -> Image.Image:
    """The picture, opaque where `mask` is white. `mask` is a greyscale picture of the same size.

    Raises InversionError if the sizes differ.
    """
    if mask.size != picture.size:
        raise InversionError(
            f"The mask is {mask.width}×{mask.height} pixels and its picture {picture.width}×{picture.height}. Give a "
            "mask of the picture's size."
        )
    picture = picture.convert("RGB")
    picture.putalpha(mask.convert("L"))
    return picture


def weight_of(picture: Image.Image, side: int) -> Tensor:
    """Weight of each latent pixel of the square: its opacity, scaled to mean 1  # (1, side, side).

    Raises InversionError if nothing of the square is opaque.
    """
    upright = ImageOps.exif_transpose(picture)
    if "A" not in upright.getbands():
        return torch.ones(1, side, side)
    opacity = ImageOps.fit(upright.getchannel("A"), (side, side), Image.Resampling.BOX)
    weight = torch.from_numpy(np.asarray(opacity, dtype=np.float32)).unsqueeze(0)
    if not weight.any():
        raise InversionError(
            "A picture is transparent everywhere in the square in its middle, so there is nothing to learn from. Give "
            "one whose middle shows the concept."
        )
    return weight / weight.mean()


def pixels_of(picture: Image.Image) -> Tensor:
    """A picture as input of the autoencoder  # (3, h, w) in -1..1."""
    array = np.asarray(picture.convert("RGB"), dtype=np.float32)
    return torch.from_numpy(array).permute(2, 0, 1) / 127.5 - 1


@torch.no_grad()
def encode_pictures(
    model: BaseModel, pictures: Sequence[Image.Image], resolution: int | None = None, *, mirror: bool
) -> Latents:
    """Encode every view once, before training, at `resolution` pixels a side, by default the model's own.

    The reference script encodes its pictures at every step.
    """
    side = resolution or model.resolution
    pixels = [pixels_of(square(picture, side)) for picture in pictures]
    weights = [weight_of(picture, side // model.scale) for picture in pictures]
    if mirror:
        pixels += [view.flip(-1) for view in pixels]
        weights += [weight.flip(-1) for weight in weights]
    posteriors = [model.posterior(view.unsqueeze(0)) for view in pixels]  # one at a time, to bound memory
    mean, deviation = (torch.cat(parts) for parts in zip(*posteriors, strict=True))
    return Latents(model.scaled(mean), model.scaled(deviation), torch.stack(weights).to(mean.device))
