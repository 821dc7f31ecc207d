"""The loss of the paper, for any number of words in one batch. Knows nothing of optimisers or of when to stop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import accumulate

import torch
from torch import Tensor

from worker.engine.base_models import BaseModel, Conditioning, NoiseSchedule, joined
from worker.engine.inversion.context import Context
from worker.engine.inversion.samples import Samples


@dataclass(frozen=True)
class Batch:
    """Samples of one word, with the captions that name it and the rows it has."""

    samples: Samples
    ids: Mapping[str, Tensor]  # (b, length) for each encoder
    rows: Mapping[str, Tensor]  # (n, width) for each encoder
    snr_gamma: float = 0.0  # of min-SNR weighting; 0 for none
    context: Context | None = None


def losses(model: BaseModel, readings: Sequence[Batch]) -> list[Tensor]:
    """The loss of every word, each a scalar; one pass for all.

    A sample's captions look up its own word's rows, so each word's gradient is the one it would have had alone.
    """
    samples = [reading.samples for reading in readings]
    names = [field.name for field in fields(Samples)]
    joint = Samples(*(torch.cat([getattr(part, name) for part in samples]) for name in names))
    encoded = [_condition(model, part) for part in _read_together(model, readings)]
    each = denoising_loss(model, joint, joined([conditioning for conditioning, _ in encoded]))
    contexts = [context for _, part in encoded for context in part]
    parts = torch.split(each, [len(part.t) for part in samples])
    return [_loss(model, *read) for read in zip(readings, parts, contexts, strict=True)]


def _read_together(model: BaseModel, readings: Sequence[Batch]) -> list[Sequence[Batch]]:
    """Readings that go through the encoders at once: on a CPU each by itself.

    The size of a batch there decides about the last digit of a product, and what goes on in bf16 makes more of it.
    """
    return [[reading] for reading in readings] if model.device.type == "cpu" else [readings]


def _loss(model: BaseModel, reading: Batch, each: Tensor, context: Tensor) -> Tensor:
    if reading.snr_gamma:
        each = each * min_snr_weight(model.noise_schedule, reading.samples.t, reading.snr_gamma)
    return each.mean() if reading.context is None else each.mean() + reading.context.loss(context)


def denoising_loss(model: BaseModel, samples: Samples, conditioning: Conditioning) -> Tensor:
    """|| target - prediction ||^2 for every sample  # (b,), averaged over its elements by their weight.

    The target is the noise eps (Ho et al. 2020, arXiv 2006.11239, equation 14), or for v-prediction the velocity
    v = alpha eps - sigma z_0 (Salimans & Ho 2022, arXiv 2202.00512, appendix D).
    """
    schedule, z_0, eps, t = model.noise_schedule, samples.z_0, samples.eps, samples.t
    alpha, sigma = (value[t].view(-1, 1, 1, 1) for value in (schedule.alpha, schedule.sigma))
    z_t = alpha * z_0 + sigma * eps
    target = alpha * eps - sigma * z_0 if schedule.prediction == "v_prediction" else eps
    error = (target - model.predict_for_training(z_t, t, conditioning)).square()
    return (samples.weight * error).mean(dim=(1, 2, 3))


def min_snr_weight(schedule: NoiseSchedule, t: Tensor, gamma: float) -> Tensor:
    """Min-SNR weighting (Hang et al. 2023, arXiv 2303.09556, section 3.4)  # (b,).

    min(SNR, gamma) / SNR for the noise, and / (SNR + 1) for the velocity, with SNR = alpha^2 / sigma^2.
    """
    snr = (schedule.alpha[t] / schedule.sigma[t]).square()
    if schedule.prediction == "v_prediction":
        return snr.clamp(max=gamma) / (snr + 1)
    return (gamma / snr).clamp(max=1)


def _condition(model: BaseModel, readings: Sequence[Batch]) -> tuple[Conditioning, list[Tensor]]:
    """Encode everything at once: the captions of all words, and behind them the prompts of each word's context.

    The words' rows lie one after another, so their ids move to match.
    """
    ids: dict[str, Tensor] = {}
    rows: dict[str, Tensor] = {}
    for encoder in model.encoders:
        name, first = encoder.name, encoder.first_row_id
        before = list(accumulate((len(reading.rows[name]) for reading in readings), initial=0))
        texts = [(reading.ids[name], moved) for reading, moved in zip(readings, before, strict=False)]
        texts += [
            (reading.context.ids[name], moved)
            for reading, moved in zip(readings, before, strict=False)
            if reading.context is not None
        ]
        ids[name] = torch.cat([own + moved * (own >= first) for own, moved in texts])
        rows[name] = torch.cat([reading.rows[name] for reading in readings])
    conditioning = model.condition(ids, rows)
    captions = sum(len(reading.samples.t) for reading in readings)
    prompts = [0 if reading.context is None else len(reading.context) for reading in readings]
    return conditioning[:captions], list(torch.split(conditioning.context[captions:], prompts))
