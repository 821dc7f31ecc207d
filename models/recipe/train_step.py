"""One optimiser step, with clipped gradients."""

import torch
from torch import Tensor, nn

NORM_MOST = 1.0  # of all gradients as one vector


def train_step(optimiser: torch.optim.Optimizer, weights: list[Tensor], loss: Tensor, *rates: float) -> None:
    """Step down the gradient of `loss`. `rates` has a learning rate for each parameter group of the optimiser."""
    torch.autograd.backward(loss)
    nn.utils.clip_grad_norm_(weights, NORM_MOST)
    for group, rate in zip(optimiser.param_groups, rates, strict=True):
        group["lr"] = rate
    optimiser.step()
    optimiser.zero_grad()
