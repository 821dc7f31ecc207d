"""Loss scaling for a denoiser that computes in float16 (Micikevicius et al. 2018, arXiv 1710.03740, section 3.2).

The smallest gradients of a prediction are below what float16 holds. So the loss is multiplied before the backward pass,
and the gradients of the rows, which are float32, are divided by the same number. Nothing here waits for the device.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

START: Final = 2.0**16  # as torch's GradScaler
LEAST: Final = 1.0


@dataclass
class LossScale:
    """The scale of one concept's loss. It is halved whenever the gradients overflow, and never grows again: a run has
    too few steps for that to matter."""

    value: Tensor  # scalar, float32

    @classmethod
    def on(cls, device: torch.device) -> "LossScale":
        """The scale of a run's first step."""
        return cls(torch.full((), START, device=device))

    @torch.no_grad()
    def unscale(self, rows: Iterable[Tensor]) -> None:
        """Divide the gradients of all rows by the scale. If one has overflowed, all become zero, and the scale half."""
        gradients = [each.grad for each in rows if each.grad is not None]
        finite = torch.stack([each.isfinite().all() for each in gradients]).all()
        for each in gradients:
            each.copy_(torch.where(finite, each / self.value, 0.0))
        self.value = torch.where(finite, self.value, (self.value / 2).clamp(min=LEAST))
