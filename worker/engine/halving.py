"""Runs a batch; after an error its halves, so that one bad item or too little memory costs as little as possible."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch

from worker.engine.free_memory import release_memory

Item = TypeVar("Item")


def run_halving(
    items: Sequence[Item],
    run: Callable[[list[Item]], None],
    *,
    on_failure: Callable[[Item, Exception], None],
    on_out_of_memory: Callable[[list[Item], int], None] = lambda part, half: None,
) -> None:
    """Call `run(items)`. If it raises, run the first and the second half by themselves, and so on.

    Example: of 8 items the fifth is broken. `run` is called with 8, 4, 4, 2, 1 (which fails), 1 and 2 of them, and
    `on_failure` is called for the fifth item only. If 8 items need too much memory and 4 do not, `run` is called with
    8, 4 and 4, and `on_out_of_memory(all 8, 4)` is called once.

    Memory that the failed attempt held is released before the next one. `run` has to be repeatable.
    """
    waiting = [list(items)] if items else []
    while waiting:
        part = waiting.pop(0)
        try:
            run(part)
            continue
        except Exception as error:  # the batch is shared, so any error has to be traced to its item
            problem = error
        if len(part) > 1 or is_out_of_memory(problem):
            problem = problem.with_traceback(None)  # the frames would keep the tensors of the whole batch
            release_memory()
        if len(part) == 1:
            on_failure(part[0], problem)
            continue
        half = (len(part) + 1) // 2
        if is_out_of_memory(problem):
            on_out_of_memory(part, half)
        waiting[:0] = [part[:half], part[half:]]


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that the memory of a device or of the machine was not enough."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    # torch's allocator for the CPU raises a plain RuntimeError.
    return isinstance(error, RuntimeError) and "can't allocate memory" in str(error)
