"""When a word is learned: DVAR, Voronov et al. 2023 (arXiv 2302.04841). Knows only the evaluations so far."""

from collections.abc import Sequence
from statistics import pvariance


def has_converged(evaluations: Sequence[float], window: int, ratio: float) -> bool:
    """Whether the evaluation has stopped moving: var(last `window`) / var(all) < `ratio`.

    The loss of one fixed batch falls smoothly, unlike the loss of the steps; so its recent variance, beside that of
    the whole descent, says how much of the way is still being made.
    """
    if len(evaluations) <= window:
        return False
    overall = pvariance(evaluations)
    return overall == 0.0 or pvariance(evaluations[-window:]) / overall < ratio
