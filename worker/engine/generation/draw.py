"""Requests -> pictures, in one denoising loop for any mix of concepts.

The noise of a picture comes from its own seed alone, so the picture is the same in any batch. Requests that start from
a picture share a loop with requests that skip the same number of steps.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import torch
from PIL import Image
from torch import Tensor

from worker.engine.base_models import BaseModel, Conditioning, joined
from worker.engine.generation.batch_invariant import batch_invariant, rows_at_once
from worker.engine.generation.latent_preview import implied_z_0, latent_previews
from worker.engine.generation.masked_area import area_alone
from worker.engine.generation.memory import decoded_together
from worker.engine.generation.prompts import Text, condition
from worker.engine.generation.request import Request, SamplerSettings
from worker.engine.generation.schedulers import SCHEDULERS, scheduler_for
from worker.engine.generation.start import InitialLatents, with_unmasked_pixels
from worker.engine.stepwise import run_to_end


@dataclass(frozen=True)
class DenoisingStep:
    """Report of one finished denoising step."""

    number: int  # from 1
    of: int  # steps of the loop
    indices: tuple[int, ...]  # which of the requests given to `draw` the step was for
    latent_previews: Callable[[], list[Image.Image]]  # computes a coarse picture of each request's result


def draw(
    model: BaseModel,
    requests: Sequence[Request],
    settings: SamplerSettings,
    *,
    on_step: Callable[[DenoisingStep], None] = lambda _: None,
) -> list[Image.Image]:
    """Draw one picture for each request.

    `on_step` is called after every denoising step; an exception that it raises ends the loop. Raises DrawingError or
    EmbeddingError with a sentence.
    """
    return run_to_end(denoise(model, requests, settings), on_step)


def denoise(
    model: BaseModel, requests: Sequence[Request], settings: SamplerSettings
) -> Generator[DenoisingStep, None, list[Image.Image]]:
    """Yield after every denoising step; return one picture for each request.

    Between two steps nothing of it is left behind in the model or in torch's settings, so that a caller may train or
    draw something else with the same model meanwhile. Raises DrawingError or EmbeddingError.
    """
    settings.checked()
    for request in requests:
        request.checked(settings.steps)
    pictures: dict[int, Image.Image] = {}
    for indices in _loops(requests, settings.steps):
        parts = [area_alone(requests[index], (settings.width, settings.height)) for index in indices]
        drawn = yield from _loop(model, parts, settings, indices)
        pictures.update(zip(indices, drawn, strict=True))
    return [with_unmasked_pixels(pictures[index], request) for index, request in enumerate(requests)]


def _loops(requests: Sequence[Request], steps: int) -> list[tuple[int, ...]]:
    """Indices of requests that share a loop: those that skip the same number of steps."""
    by_first_step: dict[int, list[int]] = {}
    for index, request in enumerate(requests):
        by_first_step.setdefault(request.first_step(steps), []).append(index)
    return [tuple(indices) for indices in by_first_step.values()]


def _loop(
    model: BaseModel, requests: Sequence[Request], settings: SamplerSettings, indices: tuple[int, ...]
) -> Generator[DenoisingStep, None, list[Image.Image]]:
    with _inference(model):
        guided = Guided(model, requests)
        start = InitialLatents.of(model, requests, settings)
        scheduler = scheduler_for(settings.scheduler, model.scheduler_config, settings.steps, model.device, start.first)
        timesteps = scheduler.timesteps[start.first :]
        noise = {"generator": start.generators} if SCHEDULERS[settings.scheduler].adds_noise else {}
        z_t = start.latents(scheduler, timesteps)
    for number, t in enumerate(timesteps, start=1):
        with _inference(model):
            scaled = scheduler.scale_model_input(z_t, t)
            prediction = guided.predict(scaled, t)
            z_t = scheduler.step(prediction, t, z_t, return_dict=False, **noise)[0]
            z_t = start.restore_unmasked(z_t, scheduler, timesteps[number] if number < len(timesteps) else None)
        yield DenoisingStep(number, len(timesteps), indices, partial(_latent_previews, model, scaled, t, prediction))
    with _inference(model):
        return decoded(model, z_t)


@contextmanager
def _inference(model: BaseModel) -> Iterator[None]:
    """No gradients, and the same result in any batch."""
    modules = (model.unet, model.vae, *(encoder.module for encoder in model.encoders))
    with torch.no_grad(), batch_invariant(*modules):
        yield


def _latent_previews(model: BaseModel, scaled: Tensor, t: Tensor, prediction: Tensor) -> list[Image.Image]:
    return latent_previews(model, implied_z_0(model, scaled, t, prediction))


class Guided:
    """The UNet under classifier-free guidance (Ho & Salimans 2022, arXiv 2207.12598), a scale for each picture."""

    def __init__(self, model: BaseModel, requests: Sequence[Request]) -> None:
        self.model = model
        scales = [model.card.guidance if request.guidance is None else request.guidance for request in requests]
        self.guidance = torch.tensor(scales, device=model.device).view(-1, 1, 1, 1)
        self.needed = any(scale != 1.0 for scale in scales)
        texts = [Text(request.prompt, request.concepts) for request in requests]
        if self.needed:
            texts = [Text(request.negative_prompt, request.concepts) for request in requests] + texts
        encoded = condition(model, texts)
        if self.needed and model.zeros_for_empty_prompt:
            encoded[: len(requests)] = self._without_empty(encoded[: len(requests)], requests)
        self.parts = list(_parts(encoded, rows_at_once(model.device, len(texts))))

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
    """Rows that go through the UNet in one call: texts with the same number of windows, at most `most` at once.

    Shorter texts are not padded to the longest of the batch, because padding changes the picture.
    """
    by_length: dict[int, list[int]] = {}
    for row, conditioning in enumerate(encoded):
        by_length.setdefault(conditioning.context.shape[1], []).append(row)
    for rows in by_length.values():
        for start in range(0, len(rows), most):
            part = rows[start : start + most]
            yield part, joined([encoded[row] for row in part])


def decoded(model: BaseModel, z_0: Tensor) -> list[Image.Image]:
    """Pictures of scaled latents (b, c, h, w)."""
    at_once = decoded_together(model, z_0.shape[-1] * model.scale, z_0.shape[-2] * model.scale)
    return [picture for part in torch.split(z_0, at_once) for picture in _pictures(model.decode(part))]


def _pictures(pixels: Tensor) -> list[Image.Image]:
    """RGB pictures of pixels (b, 3, h, w) in -1..1."""
    bytes_ = ((pixels / 2 + 0.5).clamp(0, 1) * 255).round().to(torch.uint8)
    return [Image.fromarray(array) for array in bytes_.permute(0, 2, 3, 1).cpu().numpy()]
