"""Makes a picture come out the same to the last bit in any company, on a CPU.

Two things there depend on the size of a batch. A linear layer that sees very few rows, as those of the time step do,
goes through other kernels for 2 rows than for 32, so it is always shown a fixed number. Convolutions do from 16 rows
on, so no more than `TOGETHER` go through the UNet at once, which is not slower, and pictures are decoded one by one.
A GPU chooses its kernels by the size of the batch everywhere; there a picture may differ by a rounding.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

ROWS: Final = 64
TOGETHER: Final = 14


def together(device: torch.device, most: int) -> int:
    """How many rows of a batch of up to `most` go through a network at once."""
    return min(most, TOGETHER) if device.type == "cpu" else most


@contextmanager
def batch_invariant(*modules: nn.Module) -> Iterator[None]:
    """While open, linear layers in `modules` see few rows only as part of `ROWS`. Nothing is left behind."""
    linear = [each for module in modules for each in module.modules() if isinstance(each, nn.Linear)]
    on_cpu = [each for each in linear if each.weight.device.type == "cpu"]
    hooks = [hook for each in on_cpu for hook in _hooked(each)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _hooked(layer: nn.Linear) -> tuple[Any, Any]:
    asked: list[torch.Size] = []

    def fill_up(_: nn.Module, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        x: Tensor = arguments[0]
        asked.append(x.shape)
        rows = x.numel() // x.shape[-1]
        if not 0 < rows < ROWS:
            return arguments
        return (pad(x.reshape(rows, -1), (0, 0, 0, ROWS - rows)), *arguments[1:])

    def cut_off(_: nn.Module, __: tuple[Any, ...], y: Tensor) -> Tensor:
        shape = asked.pop()
        rows = shape.numel() // shape[-1]
        return y[:rows].reshape(*shape[:-1], -1) if 0 < rows < ROWS else y

    return layer.register_forward_pre_hook(fill_up), layer.register_forward_hook(cut_off)
