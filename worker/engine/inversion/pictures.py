"""Pictures of the concept as latents: cropped, never stretched, and encoded once. Knows nothing of words.

A picture with transparency is learned from only where it is opaque.
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
    """q(z|x) of every view of the pictures: the pictures themselves and, if asked for, their mirror images."""

    mean: Tensor  # (views, c, h, w)
    deviation: Tensor  # (views, c, h, w)
    weight: Tensor  # (views, 1, h, w), how much each place counts; 1 on average

    def __len__(self) -> int:
        return len(self.mean)

    def draw(self, views: Tensor, noise: Tensor) -> Tensor:
        """A sample of the posterior for each of `views` (b,) from standard normal `noise` (b, c, h, w)."""
        return self.mean[views] + self.deviation[views] * noise


def square(picture: Image.Image, side: int) -> Image.Image:
    """The largest centred square of an upright picture, `side` pixels wide; what is transparent becomes white."""
    upright = ImageOps.exif_transpose(picture)
    if "A" in upright.getbands():
        paper = Image.new("RGB", upright.size, "white")
        paper.paste(upright.convert("RGB"), mask=upright.getchannel("A"))
        upright = paper
    return ImageOps.fit(upright.convert("RGB"), (side, side), Image.Resampling.LANCZOS)


def masked(picture: Image.Image, mask: Image.Image) -> Image.Image:
    """A picture that is opaque where `mask`, a grey picture of the same size, is white."""
    if mask.size != picture.size:
        raise InversionError(
            f"The mask is {mask.width}×{mask.height} pixels and its picture {picture.width}×{picture.height}. Give a "
            "mask of the picture's size."
        )
    picture = picture.convert("RGB")
    picture.putalpha(mask.convert("L"))
    return picture


def weight_of(picture: Image.Image, side: int) -> Tensor:
    """How much each place of the square counts: its opacity, scaled to 1 on average  # (1, side, side).

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
    """An RGB picture as the autoencoder reads it  # (3, h, w) in -1..1."""
    array = np.asarray(picture.convert("RGB"), dtype=np.float32)
    return torch.from_numpy(array).permute(2, 0, 1) / 127.5 - 1


@torch.no_grad()
def encode_pictures(model: BaseModel, pictures: Sequence[Image.Image], *, mirror: bool) -> Latents:
    """Encode every view once; the reference script does it again at every step."""
    pixels = [pixels_of(square(picture, model.resolution)) for picture in pictures]
    weights = [weight_of(picture, model.resolution // model.scale) for picture in pictures]
    if mirror:
        pixels += [view.flip(-1) for view in pixels]
        weights += [weight.flip(-1) for weight in weights]
    posteriors = [model.posterior(view.unsqueeze(0)) for view in pixels]  # one by one: the memory of one
    mean, deviation = (torch.cat(parts) for parts in zip(*posteriors, strict=True))
    return Latents(model.scaled(mean), model.scaled(deviation), torch.stack(weights).to(mean.device))
