"""A frozen text-to-image model: encoders, UNet, autoencoder and noise schedule, each as its makers left it.

Knows nothing of where the files were, of training or of prompts.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from diffusers import DDIMScheduler
from torch import Tensor, nn

from app.contracts.weights import fingerprint
from worker.engine.base_models.encoders import TextEncoder
from worker.engine.base_models.families import Conditioning, Family
from worker.engine.base_models.precision import Precision, copied


@dataclass(frozen=True)
class Card:
    """What a base model says of itself in `oneword.json`; these are the values where it says nothing."""

    name: str = ""
    description: str = ""
    mirror: bool = True
    steps: int = 25
    guidance: float = 7.5
    scheduler: str = "dpm++2m-karras"
    teaching: Mapping[str, Any] = field(default_factory=dict)  # defaults for worker.engine.inversion.Options


@dataclass(frozen=True)
class NoiseSchedule:
    """z_t = alpha_t z_0 + sigma_t eps, and what the UNet predicts from it."""

    alpha: Tensor  # (T,) float32
    sigma: Tensor  # (T,) float32
    prediction: str  # "epsilon" or "v_prediction"

    @classmethod
    def from_config(cls, config: Mapping[str, Any], device: torch.device) -> "NoiseSchedule":
        """The schedule that a diffusers scheduler configuration describes."""
        known = {name: value for name, value in config.items() if name in SCHEDULE_KEYS}
        alphas_cumprod = DDIMScheduler(**known).alphas_cumprod.to(device, torch.float32)
        prediction = str(config.get("prediction_type", "epsilon"))
        return cls(alphas_cumprod.sqrt(), (1 - alphas_cumprod).sqrt(), prediction)


SIZES_MAX = 64

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
    """A base model in memory. Nothing in the project writes to any of its weights."""

    id: str  # the allowlist's name: a folder, or "org/name@revision"
    folder: Path
    family: Family
    encoders: tuple[TextEncoder, ...]
    unet: nn.Module
    vae: nn.Module
    scheduler_config: Mapping[str, Any]
    card: Card
    device: torch.device
    precision: Precision
    compiled: bool = False  # whether teaching runs a compiled UNet

    @property
    def title(self) -> str:
        """What people call it."""
        return self.card.name or self.id.rstrip("/").rpartition("/")[2]

    @property
    def widths(self) -> dict[str, int]:
        """Width of a row, for each encoder by name."""
        return {encoder.name: encoder.width for encoder in self.encoders}

    @property
    def context_length(self) -> int:
        """Tokens in a prompt, with its start and end."""
        return min(encoder.context_length for encoder in self.encoders)

    @property
    def scale(self) -> int:
        """Pixels along one side of a latent."""
        return int(2 ** (len(self.vae.config.block_out_channels) - 1))  # type: ignore[union-attr, arg-type]

    @property
    def resolution(self) -> int:
        """Side of the square pictures that the model was trained on, in pixels."""
        return int(self.unet.config.sample_size) * self.scale  # type: ignore[union-attr, arg-type]

    @property
    def latent_channels(self) -> int:
        """Channels of a latent."""
        return int(self.vae.config.latent_channels)  # type: ignore[union-attr, arg-type]

    @property
    def scaling_factor(self) -> float:
        """What the autoencoder's latents are multiplied with, so that the UNet sees unit variance."""
        return float(self.vae.config.scaling_factor)  # type: ignore[union-attr, arg-type]

    @cached_property
    def noise_schedule(self) -> NoiseSchedule:
        """The schedule that the model was trained with."""
        return NoiseSchedule.from_config(self.scheduler_config, self.device)

    def condition(self, ids: Mapping[str, Tensor], rows: Mapping[str, Tensor]) -> Conditioning:
        """Encode token ids, (b, length) for each encoder, with learned rows, (n, width) for each encoder."""
        return self.family.condition(self.encoders, ids, rows)

    def predict(self, z_t: Tensor, t: Tensor, conditioning: Conditioning) -> Tensor:
        """The UNet's answer (noise or velocity), in float32, for noisy latents z_t (b, c, h, w) at time steps t."""
        return self._ask(self.unet, self.precision.model, z_t, t, conditioning)

    def predict_for_training(self, z_t: Tensor, t: Tensor, conditioning: Conditioning) -> Tensor:
        """The same for teaching, whose batches are of the same few sizes, in the precision of teaching."""
        return self._ask(self._teaching_unet, self.precision.teaching, z_t, t, conditioning)

    @cached_property
    def _teaching_unet(self) -> Callable[..., Any]:
        """In the precision of teaching. Made when a word is first learned, and kept as long as the model.

        Compiled for each size of batch when it first comes, once per worker; torch keeps what it made on disk.
        """
        same = self.precision.teaching == self.precision.model
        unet = self.unet if same else copied(self.unet, self.precision.teaching)
        if not self.compiled:
            return unet
        # One for each number of words that learn together and for the evaluation; torch gives up after 8 by default.
        torch._dynamo.config.recompile_limit = max(torch._dynamo.config.recompile_limit, SIZES_MAX)
        compiled: Callable[..., Any] = torch.compile(unet, dynamic=False)
        return compiled

    def _ask(
        self, unet: Callable[..., Any], dtype: torch.dtype, z_t: Tensor, t: Tensor, conditioning: Conditioning
    ) -> Tensor:
        height, width = z_t.shape[-2] * self.scale, z_t.shape[-1] * self.scale
        arguments = self.family.unet_arguments(conditioning.to(dtype), width, height)
        answer: Tensor = unet(z_t.to(dtype), t, return_dict=False, **arguments)[0]
        return answer.float()

    def posterior(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and deviation of q(z|x), unscaled, for pixels (b, 3, h, w) in -1..1."""
        posterior = self.vae.encode(pixels.to(self.device, torch.float32)).latent_dist  # type: ignore[operator]
        return posterior.mean, posterior.std

    def scaled(self, z: Tensor) -> Tensor:
        """Latents as the UNet sees them."""
        return z * self.scaling_factor

    def decode(self, z: Tensor) -> Tensor:
        """Pixels (b, 3, h, w) in -1..1 for scaled latents."""
        unscaled = z.float() / self.scaling_factor
        pixels: Tensor = self.vae.decode(unscaled, return_dict=False)[0]  # type: ignore[operator]
        return pixels

    def state_hash(self) -> str:
        """SHA-256 over every parameter and buffer in memory, by name. Reads it all, each time."""
        digest = hashlib.sha256()
        modules = {encoder.name: encoder.module for encoder in self.encoders} | {"unet": self.unet, "vae": self.vae}
        for component in sorted(modules):
            for name, tensor in sorted(modules[component].state_dict().items()):
                digest.update(f"{component}.{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
                digest.update(tensor.detach().cpu().contiguous().view(torch.uint8).numpy().data)
        return digest.hexdigest()

    @cached_property
    def weights_hash(self) -> str:
        """Which weights these are: the same on every device and in every precision."""
        return fingerprint(self.folder)
