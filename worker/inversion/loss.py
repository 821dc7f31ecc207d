"""The loss of the paper, for any number of words in one batch. Knows nothing of optimisers or of when to stop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from worker.base_models import BaseModel, Conditioning
from worker.inversion.samples import Samples


@dataclass(frozen=True)
class Reading:
    """Samples of one word, with the captions that name it and the rows it has."""

    samples: Samples
    ids: Mapping[str, Tensor]  # (b, length) for each encoder
    rows: Mapping[str, Tensor]  # (n, width) for each encoder


def losses(model: BaseModel, readings: Sequence[Reading]) -> list[Tensor]:
    """The mean loss of every word's samples, each a scalar; one pass for all.

    A sample's captions look up its own word's rows, so each word's gradient is the one it would have had alone.
    """
    samples = [reading.samples for reading in readings]
    joint = Samples(*(torch.cat([getattr(part, name) for part in samples]) for name in ("z_0", "eps", "t", "captions")))
    each = denoising_loss(model, joint, _condition(model, readings))
    return [part.mean() for part in torch.split(each, [len(part.t) for part in samples])]


def denoising_loss(model: BaseModel, samples: Samples, conditioning: Conditioning) -> Tensor:
    """|| target - prediction ||^2 for every sample  # (b,), averaged over its elements.

    The target is the noise eps (Ho et al. 2020, arXiv 2006.11239, equation 14), or for v-prediction the velocity
    v = alpha eps - sigma z_0 (Salimans & Ho 2022, arXiv 2202.00512, appendix D).
    """
    schedule, z_0, eps, t = model.noise_schedule, samples.z_0, samples.eps, samples.t
    alpha, sigma = (value[t].view(-1, 1, 1, 1) for value in (schedule.alpha, schedule.sigma))
    z_t = alpha * z_0 + sigma * eps
    target = alpha * eps - sigma * z_0 if schedule.prediction == "v_prediction" else eps
    return (target - model.predict(z_t, t, conditioning)).square().mean(dim=(1, 2, 3))


def _condition(model: BaseModel, readings: Sequence[Reading]) -> Conditioning:
    """Encode all captions at once: the words' rows one after another, the ids moved to match."""
    ids: dict[str, Tensor] = {}
    rows: dict[str, Tensor] = {}
    for encoder in model.encoders:
        moved, before = [], 0
        for reading in readings:
            own = reading.ids[encoder.name]
            moved.append(own + before * (own >= encoder.first_row_id))
            before += len(reading.rows[encoder.name])
        ids[encoder.name] = torch.cat(moved)
        rows[encoder.name] = torch.cat([reading.rows[encoder.name] for reading in readings])
    return model.condition(ids, rows)
