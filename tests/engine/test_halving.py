"""A batch that fails is run again in halves, until the item that breaks it is alone."""

from collections.abc import Callable

import pytest
import torch

from worker.engine.halving import is_out_of_memory, run_halving


def attempts(fails: Callable[[list[int]], Exception | None], items: int) -> tuple[list[int], list[int], list[int]]:
    """Sizes of the attempts, the items that failed alone, and the sizes that memory was not enough for."""
    sizes: list[int] = []
    failed: list[int] = []
    too_large: list[int] = []

    def run(part: list[int]) -> None:
        sizes.append(len(part))
        if (error := fails(part)) is not None:
            raise error

    run_halving(
        list(range(items)),
        run,
        on_failure=lambda item, _: failed.append(item),
        on_out_of_memory=lambda part, _: too_large.append(len(part)),
    )
    return sizes, failed, too_large


def test_a_batch_that_works_is_run_once() -> None:
    assert attempts(lambda _: None, 8) == ([8], [], [])


def test_nothing_is_run_for_no_items() -> None:
    assert attempts(lambda _: None, 0) == ([], [], [])


def test_a_broken_item_is_found_and_costs_no_other() -> None:
    assert attempts(lambda part: RuntimeError("broken") if 4 in part else None, 8) == ([8, 4, 4, 2, 1, 1, 2], [4], [])


def test_too_little_memory_halves_the_batch_once_for_all() -> None:
    assert attempts(lambda part: MemoryError() if len(part) > 4 else None, 8) == ([8, 4, 4], [], [8])


def test_an_item_that_does_not_fit_even_alone_fails() -> None:
    sizes, failed, too_large = attempts(lambda _: torch.OutOfMemoryError("CUDA out of memory"), 2)
    assert (sizes, failed, too_large) == ([2, 1, 1], [0, 1], [2])


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (torch.cuda.OutOfMemoryError("CUDA out of memory"), True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9"), True),
        (RuntimeError("shapes do not match"), False),
    ],
)
def test_errors_of_memory_are_known(error: Exception, expected: bool) -> None:
    assert is_out_of_memory(error) is expected
