"""The loss of textual inversion, Gal et al. 2022 (arXiv 2208.01618), and its gradient, for many concepts in one pass.

    v* = arg min_v  E_{z ~ E(x), y, eps ~ N(0, 1), t}  || eps - eps_theta(z_t, t, c_theta(y)) ||^2        (equation 2)

v are the rows of a concept, one set for each text encoder: the only parameters. `next_batch()` draws z, y, eps and t;
the mean over the batch estimates the expectation. This module knows neither the optimiser nor when a run stops.
"""

from collections.abc import Sequence
from functools import reduce
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from worker.engine.base_models import BaseModel, Conditioning, NoiseSchedule
from worker.engine.inversion.batch import Batch, encode_captions, joint_samples
from worker.engine.inversion.passes import Passes, parts
from worker.engine.inversion.samples import Samples

if TYPE_CHECKING:
    from worker.engine.inversion.inversion import Inversion

WHOLE = Passes()


def gradients(model: BaseModel, inversions: Sequence["Inversion"], passes: Passes | None = None) -> list[Tensor]:
    """Give the rows of each concept the gradient of its own loss, with one backward pass for the sum of the losses.

    The captions of a sample look up the rows of its own concept only, so the gradient of the sum with respect to one
    concept's rows is the gradient of that concept's loss. Returns each loss, a scalar on the device.

    `passes` divides the samples; by default as the inversions say. The gradient is the same, but for rounding.
    """
    passes = passes or reduce(Passes.least, (inversion.passes for inversion in inversions))
    batches = [inversion.next_batch() for inversion in inversions]
    if sum(len(batch.samples.t) for batch in batches) > passes.samples:
        return _gradients_in_parts(model, batches, passes)
    each = losses(model, batches, passes)
    scaled = [batch.scaled(loss) for loss, batch in zip(each, batches, strict=True)]
    torch.stack(scaled).sum().backward()  # type: ignore[no-untyped-call]
    return [loss.detach() for loss in each]


def _gradients_in_parts(model: BaseModel, batches: Sequence[Batch], passes: Passes) -> list[Tensor]:
    """The same gradients from several passes of the denoiser over a part of the samples each.

    The captions are encoded once. Each pass adds its gradient with respect to the encoders' output, in float32, and
    one backward pass of the encoders takes the sum to the rows:

        d loss / d rows = sum over the samples of  d loss / d c_theta(y) · d c_theta(y) / d rows
    """
    samples = joint_samples(batches)
    c_theta, context_outputs = encode_captions(model, batches)
    c = c_theta.detached()
    shares = [_share(model.noise_schedule, batch) for batch in batches]
    share, scaled_share = torch.cat(shares), torch.cat([*map(Batch.scaled, batches, shares)])  # (b,)
    own_losses = []
    for part in parts(len(samples.t), passes.samples):
        errors = _errors(model, samples[part], c[part], passes)
        (scaled_share[part] * errors).sum().backward()  # type: ignore[no-untyped-call]
        own_losses.append(share[part] * errors.detach())
    each, regularisers = [], []
    for batch, own, context_output in zip(
        batches,
        torch.split(torch.cat(own_losses), [len(batch.samples.t) for batch in batches]),
        context_outputs,
        strict=True,
    ):
        each.append(own.sum())
        if batch.context is not None:
            regulariser = batch.context.loss(context_output)
            each[-1] = each[-1] + regulariser.detach()
            regularisers.append(batch.scaled(regulariser))
    gradients_of_outputs = [into.grad.to(of.dtype) for of, into in zip(c_theta.tensors, c.tensors, strict=True)]  # type: ignore[union-attr]
    torch.autograd.backward([*c_theta.tensors, *regularisers], [*gradients_of_outputs, *[None] * len(regularisers)])
    return each


def _share(schedule: NoiseSchedule, batch: Batch) -> Tensor:
    """What each sample's error counts in the loss of its concept  # (b,)."""
    t = batch.samples.t
    weight = min_snr_weight(schedule, t, batch.snr_gamma) if batch.snr_gamma else torch.ones_like(schedule.alpha[t])
    return weight / len(t)


def _errors(model: BaseModel, samples: Samples, c_theta: Conditioning, passes: Passes) -> Tensor:
    """The squared error of each sample's prediction  # (b,).

    The target is the noise eps (Ho et al. 2020, arXiv 2006.11239, equation 14) or, for v-prediction, the velocity
    alpha eps - sigma z_0 (Salimans & Ho 2022, arXiv 2202.00512, appendix D).
    """
    schedule = model.noise_schedule
    z_0, eps, t = samples.z_0, samples.eps, samples.t  # (b, c, h, w), (b, c, h, w), (b,)
    alpha, sigma = (value[t].view(-1, 1, 1, 1) for value in (schedule.alpha, schedule.sigma))  # (b, 1, 1, 1)
    z_t = alpha * z_0 + sigma * eps  # (b, c, h, w)
    target = alpha * eps - sigma * z_0 if schedule.prediction == "v_prediction" else eps  # (b, c, h, w)
    how = {"checkpointing": True} if passes.checkpointing else {}
    prediction = model.predict_for_training(z_t, t, c_theta, **how)  # (b, c, h, w), eps_theta
    return (samples.weight * (target - prediction).square()).mean(dim=(1, 2, 3))


def losses(model: BaseModel, batches: Sequence[Batch], passes: Passes = WHOLE) -> list[Tensor]:
    """The loss of each concept, a scalar, from one forward pass over the samples of all concepts.

    Without gradients, the samples may go through the denoiser in several passes: `passes.evaluated` at once.
    """
    schedule, samples = model.noise_schedule, joint_samples(batches)
    c_theta, context_outputs = encode_captions(model, batches)  # (b, length, width) of the captions y
    at_once = len(samples.t) if torch.is_grad_enabled() else passes.evaluated
    error = torch.cat(
        [_errors(model, samples[part], c_theta[part], passes) for part in parts(len(samples.t), at_once)]
    )  # (b,)

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
