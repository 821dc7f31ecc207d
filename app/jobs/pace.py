"""How long work takes here, measured on jobs that ended lately. Knows no database.

What a worker does at once takes `fixed + each · units` seconds: an overhead, and so much for each unit of all jobs that
share the loop. Both come from a Theil-Sen line (Sen, 1968) through the newest jobs, which a few odd ones, such as the
first after a start, do not bend.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median
from typing import Final

SAMPLES: Final = 40


@dataclass(frozen=True)
class Sample:
    """A loop that ended: all its units, and its seconds from the claim to the end."""

    base_model: str
    units: float
    seconds: float


@dataclass(frozen=True)
class Pace:
    """Seconds for a loop of so many units."""

    fixed: float
    each: float

    def seconds(self, units: float) -> float:
        """For all of them together."""
        return self.fixed + self.each * units


def measured(samples: Sequence[Sample], base_model: str) -> Pace | None:
    """The pace of a base model. Without samples of it, the pace over all base models; None without any samples."""
    own = [sample for sample in samples if sample.base_model == base_model][:SAMPLES]
    return _line(own or samples[:SAMPLES])


def _line(samples: Sequence[Sample]) -> Pace | None:
    if not samples:
        return None
    slopes = [
        (b.seconds - a.seconds) / (b.units - a.units)
        for a, b in combinations(samples, 2)
        if abs(b.units - a.units) > 0.05 * max(a.units, b.units)
    ]
    typical = median(sample.units for sample in samples)
    whole = median(sample.seconds for sample in samples)
    if not slopes:  # all jobs are about equally large: scale the median duration
        return Pace(0.0, whole / typical if typical > 0 else whole)
    each = max(0.0, median(slopes))
    fixed = median(sample.seconds - each * sample.units for sample in samples)
    if fixed < 0:  # no overhead is negative
        return Pace(0.0, median(sample.seconds / sample.units for sample in samples if sample.units > 0))
    return Pace(fixed, each)
