"""Prompts with concepts -> pictures, all in one denoising loop, whatever concepts they name.

A picture's noise comes from its own seed alone, so it looks the same in any company.
"""

from collections.abc import Callable, Sequence

import torch
from PIL import Image
from torch import Tensor

from worker.base_models import BaseModel, Conditioning, joined
from worker.generation.prompts import Text, condition
from worker.generation.request import Request, Settings
from worker.generation.schedulers import SCHEDULERS, scheduler_for

PIXELS_AT_ONCE = 512 * 512 * 4  # decoded together; the autoencoder needs far more memory than the UNet


@torch.no_grad()
def draw(
    model: BaseModel,
    requests: Sequence[Request],
    settings: Settings,
    *,
    on_step: Callable[[int], None] | None = None,
) -> list[Image.Image]:
    """Draw one picture for each request.

    `on_step` hears the number of every step done; what it raises ends the loop. Raises DrawingError or
    EmbeddingError with a sentence.
    """
    settings.checked()
    if not requests:
        return []
    for request in requests:
        request.checked()
    generators = [torch.Generator().manual_seed(request.seed) for request in requests]
    guided = Guided(model, requests)
    scheduler = scheduler_for(settings.scheduler, model.scheduler_config, settings.steps, model.device)
    noise = {"generator": generators} if SCHEDULERS[settings.scheduler].adds_noise else {}
    z_t = initial_noise(model, settings, generators) * scheduler.init_noise_sigma
    for number, t in enumerate(scheduler.timesteps, start=1):
        prediction = guided.predict(scheduler.scale_model_input(z_t, t), t)
        z_t = scheduler.step(prediction, t, z_t, return_dict=False, **noise)[0]
        if on_step is not None:
            on_step(number)
    return decoded(model, z_t)


class Guided:
    """The UNet under classifier-free guidance (Ho & Salimans 2022, arXiv 2207.12598), each picture with its own."""

    def __init__(self, model: BaseModel, requests: Sequence[Request]) -> None:
        self.model = model
        strengths = [model.card.guidance if request.guidance is None else request.guidance for request in requests]
        self.guidance = torch.tensor(strengths, device=model.device).view(-1, 1, 1, 1)
        self.needed = any(strength != 1.0 for strength in strengths)
        texts = [Text(request.prompt, request.concepts) for request in requests]
        if self.needed:
            texts = [Text(request.negative_prompt, request.concepts) for request in requests] + texts
        self.conditioning = self._without_empty(condition(model, texts), requests)

    def predict(self, z_t: Tensor, t: Tensor) -> Tensor:
        """eps = eps_negative + guidance (eps_positive - eps_negative)  # (b, c, h, w)."""
        if not self.needed:
            return self.model.predict(z_t, t, self.conditioning)
        negative, positive = self.model.predict(torch.cat([z_t, z_t]), t, self.conditioning).chunk(2)
        return negative + self.guidance * (positive - negative)

    def _without_empty(self, conditioning: Conditioning, requests: Sequence[Request]) -> Conditioning:
        if not self.needed:
            return conditioning
        empty = torch.tensor([not request.negative_prompt for request in requests], device=self.model.device)
        half = len(requests)
        negative = self.model.family.unconditioned(conditioning[:half], empty)
        return joined([negative, conditioning[half:]])


def initial_noise(model: BaseModel, settings: Settings, generators: Sequence[torch.Generator]) -> Tensor:
    """Standard normal latents, each from its own generator  # (b, c, h, w) float32."""
    shape = (model.latent_channels, settings.height // model.scale, settings.width // model.scale)
    return torch.stack([torch.randn(shape, generator=generator) for generator in generators]).to(model.device)


def decoded(model: BaseModel, z_0: Tensor) -> list[Image.Image]:
    """Pictures of scaled latents (b, c, h, w)."""
    pixels_each = z_0.shape[-2] * z_0.shape[-1] * model.scale**2
    at_once = max(1, PIXELS_AT_ONCE // pixels_each)
    return [picture for part in torch.split(z_0, at_once) for picture in _pictures(model.decode(part))]


def _pictures(pixels: Tensor) -> list[Image.Image]:
    """RGB pictures of pixels (b, 3, h, w) in -1..1."""
    bytes_ = ((pixels / 2 + 0.5).clamp(0, 1) * 255).round().to(torch.uint8)
    return [Image.fromarray(array) for array in bytes_.permute(0, 2, 3, 1).cpu().numpy()]
