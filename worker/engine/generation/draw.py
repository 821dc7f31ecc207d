"""Prompts with concepts -> pictures, all in one denoising loop, whatever concepts they name.

A picture's noise comes from its own seed alone, so it looks the same in any company. Pictures that start from a picture
share a loop with those that begin at the same step.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from PIL import Image
from torch import Tensor

from worker.engine.base_models import BaseModel, Conditioning, joined
from worker.engine.generation.batch_invariant import batch_invariant, together
from worker.engine.generation.latent_preview import implied, latent_previews
from worker.engine.generation.prompts import Text, condition
from worker.engine.generation.request import Request, SamplerSettings
from worker.engine.generation.schedulers import SCHEDULERS, scheduler_for
from worker.engine.generation.start import InitialLatents, finished

PIXELS_AT_ONCE = 512 * 512 * 4  # decoded together; the autoencoder needs far more memory than the UNet


@dataclass(frozen=True)
class DenoisingStep:
    """One denoising step that has been done."""

    number: int  # from 1
    of: int
    places: tuple[int, ...]  # which requests it was for
    latent_previews: Callable[[], list[Image.Image]]  # what their pictures are going to be; costs only when it is asked


@torch.no_grad()
def draw(
    model: BaseModel,
    requests: Sequence[Request],
    settings: SamplerSettings,
    *,
    on_step: Callable[[DenoisingStep], None] | None = None,
) -> list[Image.Image]:
    """Draw one picture for each request.

    `on_step` hears of every step done; what it raises ends the loop. Raises DrawingError or EmbeddingError with a
    sentence.
    """
    settings.checked()
    for request in requests:
        request.checked(settings.steps)
    pictures: dict[int, Image.Image] = {}
    with batch_invariant(model.unet, model.vae, *(encoder.module for encoder in model.encoders)):
        for places in _loops(requests, settings.steps):
            drawn = _loop(model, [requests[place] for place in places], settings, places, on_step)
            pictures.update(zip(places, drawn, strict=True))
    return [pictures[place] for place in range(len(requests))]


def _loops(requests: Sequence[Request], steps: int) -> list[tuple[int, ...]]:
    """Places of requests that can share a loop: those that begin with the same step."""
    together: dict[int, list[int]] = {}
    for place, request in enumerate(requests):
        together.setdefault(request.first_step(steps), []).append(place)
    return [tuple(places) for places in together.values()]


def _loop(
    model: BaseModel,
    requests: Sequence[Request],
    settings: SamplerSettings,
    places: tuple[int, ...],
    on_step: Callable[[DenoisingStep], None] | None,
) -> list[Image.Image]:
    guided = Guided(model, requests)
    start = InitialLatents.of(model, requests, settings)
    scheduler = scheduler_for(settings.scheduler, model.scheduler_config, settings.steps, model.device, start.first)
    timesteps = scheduler.timesteps[start.first :]
    noise = {"generator": start.generators} if SCHEDULERS[settings.scheduler].adds_noise else {}
    z_t = start.latents(scheduler, timesteps)
    for number, t in enumerate(timesteps, start=1):
        seen = scheduler.scale_model_input(z_t, t)
        prediction = guided.predict(seen, t)
        z_t = scheduler.step(prediction, t, z_t, return_dict=False, **noise)[0]
        z_t = start.kept(z_t, scheduler, timesteps[number] if number < len(timesteps) else None)
        if on_step is not None:
            on_step(DenoisingStep(number, len(timesteps), places, partial(_glimpses, model, seen, t, prediction)))
    return [finished(picture, request) for picture, request in zip(decoded(model, z_t), requests, strict=True)]


def _glimpses(model: BaseModel, seen: Tensor, t: Tensor, prediction: Tensor) -> list[Image.Image]:
    return latent_previews(model, implied(model, seen, t, prediction))


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
        encoded = condition(model, texts)
        if self.needed:
            encoded[: len(requests)] = self._without_empty(encoded[: len(requests)], requests)
        self.parts = list(_parts(encoded, together(model.device, len(texts))))

    def predict(self, z_t: Tensor, t: Tensor) -> Tensor:
        """eps = eps_negative + guidance (eps_positive - eps_negative)  # (b, c, h, w)."""
        if not self.needed:
            return self._predict(z_t, t)
        negative, positive = self._predict(torch.cat([z_t, z_t]), t).chunk(2)
        return negative + self.guidance * (positive - negative)

    def _predict(self, z_t: Tensor, t: Tensor) -> Tensor:
        if len(self.parts) == 1:
            return self.model.predict(z_t, t, self.parts[0][1])
        prediction = torch.empty_like(z_t)
        for rows, conditioning in self.parts:
            prediction[rows] = self.model.predict(z_t[rows], t, conditioning)
        return prediction

    def _without_empty(self, encoded: Sequence[Conditioning], requests: Sequence[Request]) -> list[Conditioning]:
        unconditioned, device = self.model.family.unconditioned, self.model.device
        return [
            unconditioned(each, torch.tensor([not request.negative_prompt], device=device))
            for each, request in zip(encoded, requests, strict=True)
        ]


def _parts(encoded: Sequence[Conditioning], most: int) -> Iterator[tuple[list[int], Conditioning]]:
    """Rows that go through the UNet together: texts of equally many windows, `most` at once. Filling shorter ones up
    would let a text's company change what is drawn."""
    by_length: dict[int, list[int]] = {}
    for row, conditioning in enumerate(encoded):
        by_length.setdefault(conditioning.context.shape[1], []).append(row)
    for rows in by_length.values():
        for begin in range(0, len(rows), most):
            part = rows[begin : begin + most]
            yield part, joined([encoded[row] for row in part])


def decoded(model: BaseModel, z_0: Tensor) -> list[Image.Image]:
    """Pictures of scaled latents (b, c, h, w)."""
    pixels_each = z_0.shape[-2] * z_0.shape[-1] * model.scale**2
    at_once = 1 if z_0.device.type == "cpu" else max(1, PIXELS_AT_ONCE // pixels_each)
    return [picture for part in torch.split(z_0, at_once) for picture in _pictures(model.decode(part))]


def _pictures(pixels: Tensor) -> list[Image.Image]:
    """RGB pictures of pixels (b, 3, h, w) in -1..1."""
    bytes_ = ((pixels / 2 + 0.5).clamp(0, 1) * 255).round().to(torch.uint8)
    return [Image.fromarray(array) for array in bytes_.permute(0, 2, 3, 1).cpu().numpy()]
