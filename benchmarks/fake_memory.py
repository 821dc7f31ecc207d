"""Memory of a computation without its numbers: fake tensors have shapes, and every allocation and release is counted.

The figures are those of an allocator without fragmentation and without the workspace of any kernel.
"""

import gc
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter


@dataclass
class Allocated:
    """Bytes of the tensors that exist, and the most that existed at the same time."""

    now: int = 0
    peak: int = 0
    _known: set[int] = field(default_factory=set)

    def add(self, tensor: Tensor) -> None:
        """Count the storage of a tensor until it is released; views of a counted storage cost nothing."""
        storage = tensor.untyped_storage()
        if storage._cdata in self._known:
            return
        self._known.add(storage._cdata)
        self.now += storage.nbytes()
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self._release, storage._cdata, storage.nbytes())

    def _release(self, key: int, size: int) -> None:
        self._known.discard(key)
        self.now -= size


class _Counting(TorchDispatchMode):  # type: ignore[no-untyped-call]
    def __init__(self, allocated: Allocated) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.allocated = allocated

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        output = func(*args, **(kwargs or {}))
        for each in tree_iter(output):
            if isinstance(each, Tensor):
                self.allocated.add(each)
        return output


@contextmanager
def counted(*modules: torch.nn.Module) -> Iterator[Allocated]:
    """Count what is allocated inside the block; the weights of `modules` existed before and are not counted."""
    gc.collect()
    weights = [each for module in modules for each in (*module.parameters(), *module.buffers())]
    allocated = Allocated(_known={each.untyped_storage()._cdata for each in weights})
    with _Counting(allocated):
        yield allocated


def fake() -> FakeTensorMode:
    """A mode in which modules are built and run with fake tensors, which take no memory."""
    return FakeTensorMode(allow_non_fake_inputs=True)


def weight_bytes(module: torch.nn.Module) -> int:
    """Bytes of a module's parameters."""
    return sum(weight.numel() * weight.element_size() for weight in module.parameters())
