"""A training step, a pass of drawing and the autoencoder of a published model with fake tensors: their bytes."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from benchmarks.fake_memory import counted, fake
from benchmarks.published_shapes import VAE, Published
from worker.engine.base_models.checkpointing import checkpointed

TEXT = 77  # tokens


@contextmanager
def fake_unet(published: Published, dtype: torch.dtype = torch.bfloat16) -> Iterator[Any]:
    """The model's UNet, frozen, in a mode where tensors have shapes alone."""
    from diffusers import UNet2DConditionModel

    with fake(), _default(dtype), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield UNet2DConditionModel(**published.unet).requires_grad_(False).eval()


def training_bytes(unet: Any, published: Published, side: int, samples: int, *, checkpointing: bool) -> int:
    """The most that a forward and a backward pass need besides the weights, for squares of `side` pixels."""
    z_t, t, arguments = _inputs(unet, published, side, samples, learns=True)
    with counted(unet) as allocated:
        if checkpointing:
            with checkpointed(unet):
                prediction = unet(z_t, t, return_dict=False, **arguments)[0].float()
        else:
            prediction = unet(z_t, t, return_dict=False, **arguments)[0].float()
        prediction.square().mean().backward()
    return allocated.peak


def drawing_bytes(unet: Any, published: Published, side: int, samples: int) -> int:
    """The most that one pass without gradients needs besides the weights."""
    z_t, t, arguments = _inputs(unet, published, side, samples, learns=False)
    with torch.no_grad(), counted(unet) as allocated:
        unet(z_t, t, return_dict=False, **arguments)
    return allocated.peak


def vae_bytes(side: int) -> tuple[int, int]:
    """The most that encoding and decoding one picture in float32 need besides the weights."""
    from diffusers import AutoencoderKL

    with fake(), torch.no_grad():
        vae: nn.Module = AutoencoderKL(**VAE).eval()
        with counted(vae) as encoded:
            vae.encode(torch.empty(1, 3, side, side))  # type: ignore[operator]
        with counted(vae) as decoded:
            vae.decode(torch.empty(1, 4, side // 8, side // 8))  # type: ignore[operator]
    return encoded.peak, decoded.peak


def _inputs(unet: Any, published: Published, side: int, samples: int, *, learns: bool) -> tuple[Any, Any, Any]:
    text = torch.empty(samples, TEXT, published.context, requires_grad=learns)
    arguments: dict[str, Any] = {"encoder_hidden_states": text}
    if published.pooled is not None:
        added = {
            "text_embeds": torch.empty(samples, published.pooled, requires_grad=learns),
            "time_ids": torch.empty(samples, 6),
        }
        arguments["added_cond_kwargs"] = added
    latent = torch.empty(samples, unet.config.in_channels, side // 8, side // 8)
    return latent, torch.zeros(samples, dtype=torch.long), arguments


@contextmanager
def _default(dtype: torch.dtype) -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)
