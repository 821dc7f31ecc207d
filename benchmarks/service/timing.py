"""Repeats a call and says what was typical, and what was slow."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Final

WARM: Final = 5  # rounds that do not count


@dataclass(frozen=True)
class Times:
    """Milliseconds of one call, many times."""

    each: list[float]

    @property
    def typical(self) -> float:
        """The median."""
        return median(self.each)

    @property
    def slow(self) -> float:
        """The 95th percentile."""
        return sorted(self.each)[int(0.95 * (len(self.each) - 1))]


def timed(call: Callable[[int], object], times: int) -> Times:
    """Call it with the number of the round, after `WARM` rounds that do not count."""
    for number in range(WARM):
        call(number)
    found = []
    for number in range(times):
        began = time.perf_counter()
        call(number)
        found.append((time.perf_counter() - began) * 1000)
    return Times(found)


def together(*parts: Times) -> Times:
    """Of several kinds of call as if they were one."""
    return Times([each for part in parts for each in part.each])
