"""One step of a training."""

import torch
from torch import Tensor, nn

NORM_MOST = 1.0  # of all gradients together


def descend(optimiser: torch.optim.Optimizer, weights: list[Tensor], loss: Tensor, *rates: float) -> None:
    """Along the loss's gradient; a learning rate for each of the optimiser's groups."""
    torch.autograd.backward(loss)
    nn.utils.clip_grad_norm_(weights, NORM_MOST)
    for group, rate in zip(optimiser.param_groups, rates, strict=True):
        group["lr"] = rate
    optimiser.step()
    optimiser.zero_grad()
