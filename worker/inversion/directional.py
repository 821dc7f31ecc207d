"""Directional Textual Inversion, Kim et al. 2025 (arXiv 2512.13672): only the direction of a row is learned.

    e = m v,   |v| = 1,   m the vocabulary's mean norm                                        (section 4.1)
    g = grad_v L - kappa mu                       von Mises-Fisher prior towards mu           (section 4.3)
    g_tan = g - <g, v> v,   v <- (v - lr g_tan / |g_tan|) / |...|                             (section 4.2)

Rows that grow long drown what the other words of a prompt say; rows of fixed length cannot.
"""

from collections.abc import Callable, Sequence
from typing import Any, overload

import torch
from torch import Tensor
from torch.nn.functional import normalize

TINY = 1e-12


class Directional(torch.optim.Optimizer):
    """Riemannian gradient descent on spheres, one step of `lr` radians (for small `lr`) at a time.

    Each parameter is (n, width), its rows all of the same length, which they keep; `towards` has the mean direction
    mu of the prior for each, also (n, width) and of any length.
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
        """Turn every row that has a gradient."""
        for group in self.param_groups:
            m, mu = group["norm"], group["mu"]  # (n, 1), (n, width)
            for e in group["params"]:
                if e.grad is None:
                    continue
                v = e / m
                g = m * e.grad - group["kappa"] * mu  # dL/dv = m dL/de
                g_tan = g - (g * v).sum(dim=-1, keepdim=True) * v
                g_tan = g_tan / g_tan.norm(dim=-1, keepdim=True).clamp(min=TINY)
                e.copy_(m * normalize(v - group["lr"] * g_tan, dim=-1))
        return None
