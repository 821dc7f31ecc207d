"""Batch invariance: on a CPU, a picture is the same to the last bit in any batch.

Two kinds of layers choose their kernel by the batch size. Linear layers with few rows, such as those of the time step,
run other kernels for 2 rows than for 32, so their input is padded to ROWS rows. Convolutions run other kernels from 16
rows on, so at most BATCH_MAX rows go through the UNet at once, which is not slower, and pictures are decoded one at a
time. On a GPU every kernel depends on the batch size; there a picture may differ in the last bits.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

ROWS: Final = 64
BATCH_MAX: Final = 14


def rows_at_once(device: torch.device, rows: int) -> int:
    """How many of `rows` rows may go through the UNet in one call."""
    return min(rows, BATCH_MAX) if device.type == "cpu" else rows


@contextmanager
def batch_invariant(*modules: nn.Module) -> Iterator[None]:
    """While open, linear layers on a CPU pad inputs of fewer than ROWS rows. The hooks are removed at the end."""
    linear = [each for module in modules for each in module.modules() if isinstance(each, nn.Linear)]
    on_cpu = [each for each in linear if each.weight.device.type == "cpu"]
    hooks = [hook for each in on_cpu for hook in _padding_hooks(each)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _padding_hooks(layer: nn.Linear) -> tuple[Any, Any]:
    shapes: list[torch.Size] = []

    def add_rows(_: nn.Module, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        x: Tensor = arguments[0]
        shapes.append(x.shape)
        rows = x.numel() // x.shape[-1]
        if not 0 < rows < ROWS:
            return arguments
        return (pad(x.reshape(rows, -1), (0, 0, 0, ROWS - rows)), *arguments[1:])

    def drop_rows(_: nn.Module, __: tuple[Any, ...], y: Tensor) -> Tensor:
        shape = shapes.pop()
        rows = shape.numel() // shape[-1]
        return y[:rows].reshape(*shape[:-1], -1) if 0 < rows < ROWS else y

    return layer.register_forward_pre_hook(add_rows), layer.register_forward_hook(drop_rows)
