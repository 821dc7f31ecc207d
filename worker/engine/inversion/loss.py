"""The loss of textual inversion, Gal et al. 2022 (arXiv 2208.01618), and its gradient, for many concepts in one pass.

    v* = arg min_v  E_{z ~ E(x), y, eps ~ N(0, 1), t}  || eps - eps_theta(z_t, t, c_theta(y)) ||^2        (equation 2)

v are the rows of a concept, one set for each text encoder: the only parameters. `next_batch()` draws z, y, eps and t;
the mean over the batch estimates the expectation. This module knows neither the optimiser nor when a run stops.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from worker.engine.base_models import BaseModel, NoiseSchedule
from worker.engine.inversion.batch import Batch, encode_captions, joint_samples

if TYPE_CHECKING:
    from worker.engine.inversion.inversion import Inversion


def gradients(model: BaseModel, inversions: Sequence["Inversion"]) -> list[Tensor]:
    """Give the rows of each concept the gradient of its own loss, with one backward pass for the sum of the losses.

    The captions of a sample look up the rows of its own concept only, so the gradient of the sum with respect to one
    concept's rows is the gradient of that concept's loss. Returns each loss, a scalar on the device.
    """
    each = losses(model, [inversion.next_batch() for inversion in inversions])
    torch.stack(each).sum().backward()  # type: ignore[no-untyped-call]
    return [loss.detach() for loss in each]


def losses(model: BaseModel, batches: Sequence[Batch]) -> list[Tensor]:
    """The loss of each concept, a scalar, from one forward pass over the samples of all concepts.

    The target is the noise eps (Ho et al. 2020, arXiv 2006.11239, equation 14) or, for v-prediction, the velocity
    alpha eps - sigma z_0 (Salimans & Ho 2022, arXiv 2202.00512, appendix D).
    """
    schedule, samples = model.noise_schedule, joint_samples(batches)
    z_0, eps, t = samples.z_0, samples.eps, samples.t  # (b, c, h, w), (b, c, h, w), (b,)
    alpha, sigma = (value[t].view(-1, 1, 1, 1) for value in (schedule.alpha, schedule.sigma))  # (b, 1, 1, 1)
    z_t = alpha * z_0 + sigma * eps  # (b, c, h, w)
    target = alpha * eps - sigma * z_0 if schedule.prediction == "v_prediction" else eps  # (b, c, h, w)
    c_theta, context_outputs = encode_captions(model, batches)  # (b, length, width) of the captions y
    prediction = model.predict_for_training(z_t, t, c_theta)  # (b, c, h, w), eps_theta
    error = (samples.weight * (target - prediction).square()).mean(dim=(1, 2, 3))  # (b,)

    each = []
    own_errors = torch.split(error, [len(batch.samples.t) for batch in batches])
    for batch, own_error, context_output in zip(batches, own_errors, context_outputs, strict=True):
        if batch.snr_gamma:
            own_error = own_error * min_snr_weight(schedule, batch.samples.t, batch.snr_gamma)
        loss = own_error.mean()
        each.append(loss if batch.context is None else loss + batch.context.loss(context_output))
    return each


def min_snr_weight(schedule: NoiseSchedule, t: Tensor, gamma: float) -> Tensor:
    """Min-SNR weighting (Hang et al. 2023, arXiv 2303.09556, section 3.4)  # (b,).

    min(SNR, gamma) / SNR for noise prediction, min(SNR, gamma) / (SNR + 1) for v-prediction; SNR = alpha^2 / sigma^2.
    """
    snr = (schedule.alpha[t] / schedule.sigma[t]).square()
    if schedule.prediction == "v_prediction":
        return snr.clamp(max=gamma) / (snr + 1)
    return (gamma / snr).clamp(max=1)
