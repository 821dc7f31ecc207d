"""Gradient checkpointing of a diffusers model for one forward pass (Chen et al. 2016, arXiv 1604.06174)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch.utils.checkpoint import checkpoint


@contextmanager
def checkpointed(module: Any) -> Iterator[None]:
    """Inside the block, the blocks of `module` keep their inputs alone for the backward pass, and run again there."""
    module.enable_gradient_checkpointing(_again)
    try:
        yield
    finally:
        module.disable_gradient_checkpointing()


def _again(module: Any, *arguments: Any) -> Any:
    # Nothing random is inside a frozen model, and to save the device's generator would wait for the device.
    return checkpoint(
        module.__call__, *arguments, use_reentrant=False, preserve_rng_state=False, determinism_check="none"
    )
