"""Modules that are on the device only while they compute, where a model would not fit with all of them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import nn

HOME = torch.device("cpu")


@contextmanager
def on_device(modules: Sequence[nn.Module], device: torch.device) -> Iterator[None]:
    """Inside the block, all modules are on `device`. Those that were not go back to the CPU at the end.

    Blocks may be nested: the outermost moves.
    """
    moved = [module for module in modules if place(module) != device.type]
    try:
        for module in moved:
            module.to(device)
        yield
    finally:
        for module in moved:
            module.to(HOME)


def place(module: nn.Module) -> str:
    return next(module.parameters()).device.type
