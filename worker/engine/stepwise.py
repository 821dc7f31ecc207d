"""Long computations as generators: they yield between two steps and return a result.

The caller decides what happens between two steps: it may cancel, report, or run other work.
"""

from collections.abc import Callable, Generator
from typing import TypeVar

Step = TypeVar("Step")
Result = TypeVar("Result")


def run_to_end(steps: Generator[Step, None, Result], on_step: Callable[[Step], object]) -> Result:
    """Take every step and return the result. An exception of `on_step` ends the computation and passes through."""
    try:
        while True:
            try:
                step = next(steps)
            except StopIteration as end:
                result: Result = end.value
                return result
            on_step(step)
    finally:
        steps.close()
