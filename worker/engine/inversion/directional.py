"""Directional Textual Inversion, Kim et al. 2025 (arXiv 2512.13672): only the direction of a row is trained.

    e = m v,   |v| = 1,   m the vocabulary's mean norm                                        (section 4.1)
    g = grad_v L - kappa mu                       von Mises-Fisher prior towards mu           (section 4.3)
    g_tan = g - <g, v> v,   v <- (v - lr g_tan / |g_tan|) / |...|                             (section 4.2)

Long rows outweigh the other words of a prompt; rows of fixed norm do not.

One difference from the paper: kappa is in units of |grad_v L| along the sphere. In the paper kappa is absolute (1e-4
for SDXL) and has to be tuned for each base model; here 0.1 is a tenth of the gradient of the loss on every base model.
"""

from collections.abc import Callable, Sequence
from typing import Any, overload

import torch
from torch import Tensor
from torch.nn.functional import normalize


class Directional(torch.optim.Optimizer):
    """Riemannian gradient descent on spheres, one step of `lr` radians (for small `lr`) at a time.

    Each parameter is (n, width); every row keeps its norm. `towards` has the mean direction mu of the prior for each
    parameter, also (n, width) and of any norm.
    """

    def __init__(self, rows: Sequence[Tensor], towards: Sequence[Tensor], lr: float, kappa: float) -> None:
        groups = [
            {"params": [each], "mu": normalize(mu.detach(), dim=-1), "norm": each.detach().norm(dim=-1, keepdim=True)}
            for each, mu in zip(rows, towards, strict=True)
        ]
        super().__init__(groups, {"lr": lr, "kappa": kappa})

    @overload
    def step(self, closure: None = None) -> None: ...
    @overload
    def step(self, closure: Callable[[], float]) -> float: ...
    @torch.no_grad()
    def step(self, closure: Any = None) -> float | None:
        """Turn the rows of every parameter that has a gradient."""
        for group in self.param_groups:
            m, mu = group["norm"], group["mu"]  # (n, 1), (n, width)
            for e in group["params"]:
                if e.grad is None:
                    continue
                v = e / m
                g_tan = normalize(_tangent(e.grad, v), dim=-1)  # dL/dv = m dL/de has the same direction
                g_tan = normalize(g_tan - group["kappa"] * _tangent(mu, v), dim=-1)
                e.copy_(m * normalize(v - group["lr"] * g_tan, dim=-1))
        return None


def _tangent(x: Tensor, v: Tensor) -> Tensor:
    """The part of x orthogonal to v, |v| = 1."""
    return x - (x * v).sum(dim=-1, keepdim=True) * v
