"""A frozen text-to-image model in memory: text encoders, UNet, autoencoder and noise schedule.

This module knows nothing of loading, training or prompts.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import torch
from diffusers import DDIMScheduler
from torch import Tensor, nn

from app.contracts.config_file import square_side
from app.contracts.model_card import Card
from app.contracts.weights import fingerprint
from worker.engine.base_models.checkpointing import checkpointed
from worker.engine.base_models.encoders import TextEncoder
from worker.engine.base_models.families import Conditioning, Family
from worker.engine.base_models.footprint import decoding, encoding
from worker.engine.base_models.precision import Precision, frozen_copy
from worker.engine.base_models.residence import on_device
from worker.engine.base_models.tiling import in_tiles_if_needed


@dataclass(frozen=True)
class NoiseSchedule:
    """z_t = alpha_t z_0 + sigma_t eps, and the quantity that the UNet predicts from z_t: eps, or the velocity."""

    alpha: Tensor  # (T,) float32
    sigma: Tensor  # (T,) float32
    prediction: str  # "epsilon" or "v_prediction"

    @classmethod
    def from_config(cls, config: Mapping[str, Any], device: torch.device) -> "NoiseSchedule":
        """The schedule of a diffusers scheduler configuration."""
        known = {name: value for name, value in config.items() if name in SCHEDULE_KEYS}
        alphas_cumprod = DDIMScheduler(**known).alphas_cumprod.to(device, torch.float32)
        prediction = str(config.get("prediction_type", "epsilon"))
        return cls(alphas_cumprod.sqrt(), (1 - alphas_cumprod).sqrt(), prediction)


SIZES_MAX = 64  # batch sizes that the UNet is compiled for

SCHEDULE_KEYS = (
    "num_train_timesteps",
    "beta_start",
    "beta_end",
    "beta_schedule",
    "trained_betas",
    "rescale_betas_zero_snr",
)


@dataclass(frozen=True, eq=False)
class BaseModel:
    """A base model in memory. No code in this project writes to its weights."""

    id: str  # a folder, or "org/name@revision"
    folder: Path
    family: Family
    encoders: tuple[TextEncoder, ...]
    unet: nn.Module
    vae: nn.Module
    scheduler_config: Mapping[str, Any]
    card: Card
    device: torch.device
    precision: Precision
    compiled: bool = False  # whether training runs a compiled UNet
    idle_off: bool = False  # whether the text encoders and the autoencoder leave the device while they are idle
    not_teachable_reason: str | None = None  # a sentence; None for a model that can be trained on
    zeros_for_empty_prompt: bool = True  # False: an empty negative prompt is encoded like any other text

    @property
    def title(self) -> str:
        """The model's name for people."""
        return self.card.name or self.id.rstrip("/").rpartition("/")[2]

    @property
    def widths(self) -> dict[str, int]:
        """Width of a row, by name of the encoder."""
        return {encoder.name: encoder.width for encoder in self.encoders}

    @property
    def context_length(self) -> int:
        """Tokens in a prompt, start and end included."""
        return min(encoder.context_length for encoder in self.encoders)

    @property
    def scale(self) -> int:
        """Pixels per latent along one side: 8 in every published model."""
        return int(2 ** (len(self.vae.config.block_out_channels) - 1))  # type: ignore[union-attr, arg-type]

    @property
    def resolution(self) -> int:
        """Side of the square pictures that the model was trained on, in pixels."""
        side = square_side(self.unet.config.sample_size)  # type: ignore[union-attr]
        assert side is not None  # loading refuses other UNets
        return side * self.scale

    @property
    def latent_channels(self) -> int:
        """Channels of a latent."""
        return int(self.vae.config.latent_channels)  # type: ignore[union-attr, arg-type]

    @property
    def scaling_factor(self) -> float:
        """The factor that gives the autoencoder's latents unit variance for the UNet."""
        return float(self.vae.config.scaling_factor)  # type: ignore[union-attr, arg-type]

    @cached_property
    def noise_schedule(self) -> NoiseSchedule:
        """The schedule that the model was trained with."""
        return NoiseSchedule.from_config(self.scheduler_config, self.device)

    def condition(self, ids: Mapping[str, Tensor], rows: Mapping[str, Tensor]) -> Conditioning:
        """Encode token ids, (b, length) for each encoder by name, with learned rows, (n, width) for each."""
        with self.encoders_here():
            return self.family.condition(self.encoders, ids, rows)

    @contextmanager
    def encoders_here(self) -> Iterator[None]:
        """Inside the block, the text encoders are on the device; with `idle_off` they leave it at the end."""
        with on_device([encoder.module for encoder in self.encoders], self.device) if self.idle_off else nullcontext():
            yield

    @contextmanager
    def _vae_here(self) -> Iterator[nn.Module]:
        with on_device([self.vae], self.device) if self.idle_off else nullcontext():
            yield self.vae

    def predict(self, z_t: Tensor, t: Tensor, conditioning: Conditioning) -> Tensor:
        """The UNet's prediction (noise or velocity) as float32, for noisy latents z_t (b, c, h, w) at time steps t."""
        return self._run_unet(self.unet, self.precision.model, z_t, t, conditioning)

    def predict_for_training(
        self, z_t: Tensor, t: Tensor, conditioning: Conditioning, *, checkpointing: bool = False
    ) -> Tensor:
        """The same prediction in training precision, with a compiled UNet if `compiled`.

        With `checkpointing`, the backward pass computes again what is inside the UNet's blocks, and nothing of it is
        kept until then: a fraction of the memory, for about a third more time.
        """
        unet = self._training_unet
        with checkpointed(unet) if checkpointing else nullcontext():
            return self._run_unet(unet, self.precision.training, z_t, t, conditioning)

    @cached_property
    def _training_unet(self) -> Callable[..., Any]:
        """The UNet for training, created for the first training and kept as long as the model.

        If `compiled`, each worker compiles it once for each batch size, when a batch of that size first occurs. torch
        caches the result on disk.
        """
        same = self.precision.training == self.precision.model
        unet = self.unet if same else frozen_copy(self.unet, self.precision.training)
        if not self.compiled:
            return unet
        # One size for each number of concepts in a batch, and one for the evaluation. torch's default limit is 8.
        torch._dynamo.config.recompile_limit = max(torch._dynamo.config.recompile_limit, SIZES_MAX)
        compiled: Callable[..., Any] = torch.compile(unet, dynamic=False)
        return compiled

    def _run_unet(
        self, unet: Callable[..., Any], dtype: torch.dtype, z_t: Tensor, t: Tensor, conditioning: Conditioning
    ) -> Tensor:
        height, width = z_t.shape[-2] * self.scale, z_t.shape[-1] * self.scale
        arguments = self.family.unet_arguments(conditioning.to(dtype), width, height)
        prediction: Tensor = unet(z_t.to(dtype), t, return_dict=False, **arguments)[0]
        return prediction.float()

    def posterior(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and deviation of q(z|x), unscaled, for pixels (b, 3, h, w) in -1..1; in tiles if they do not fit."""
        pixels = pixels.to(self.device, torch.float32)
        height, width = pixels.shape[-2:]
        with self._vae_here() as vae:
            needed = encoding(vae.config, height, width) * len(pixels)  # type: ignore[arg-type]
            encoded = self._in_tiles(height * width, needed, lambda: vae.encode(pixels))  # type: ignore[operator]
            posterior = encoded.latent_dist
            return posterior.mean, posterior.std

    def scaled(self, z: Tensor) -> Tensor:
        """Latents multiplied by the scaling factor, as the UNet expects them."""
        return z * self.scaling_factor

    def decode(self, z: Tensor) -> Tensor:
        """Pixels (b, 3, h, w) in -1..1 for scaled latents; in tiles if they do not fit."""
        unscaled = z.float() / self.scaling_factor
        height, width = z.shape[-2] * self.scale, z.shape[-1] * self.scale
        with self._vae_here() as vae:
            needed = decoding(vae.config, height, width) * len(z)  # type: ignore[arg-type]
            decode = partial(vae.decode, unscaled, return_dict=False)  # type: ignore[arg-type, operator, misc]
            pixels: Tensor = self._in_tiles(height * width, needed, decode)[0]
        return pixels

    def _in_tiles(self, pixels: int, needed: int, run: Callable[[], Any]) -> Any:
        return in_tiles_if_needed(self.vae, self.scale, self.device, pixels, needed, run)

    def state_hash(self) -> str:
        """SHA-256 over every parameter and buffer in memory, by name. Reads all of them on every call."""
        digest = hashlib.sha256()
        modules = {encoder.name: encoder.module for encoder in self.encoders} | {"unet": self.unet, "vae": self.vae}
        for component in sorted(modules):
            for name, tensor in sorted(modules[component].state_dict().items()):
                digest.update(f"{component}.{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
                digest.update(tensor.detach().cpu().contiguous().view(torch.uint8).numpy().data)
        return digest.hexdigest()

    @cached_property
    def weights_hash(self) -> str:
        """Fingerprint of the weight files: the same on every device and in every precision."""
        return fingerprint(self.folder)
