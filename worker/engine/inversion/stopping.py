"""The stopping rule: DVAR, Voronov et al. 2023 (arXiv 2302.04841). Its only input is the evaluations so far."""

from collections.abc import Sequence
from statistics import pvariance


def has_converged(evaluations: Sequence[float], window: int, ratio: float) -> bool:
    """Whether the evaluation has converged: var(last `window`) / var(all) < `ratio`.

    The loss of the fixed validation batch falls smoothly, unlike the training loss. The ratio of its recent variance to
    its variance over the whole run measures how much it still moves.
    """
    if len(evaluations) <= window:
        return False
    overall = pvariance(evaluations)
    return overall == 0.0 or pvariance(evaluations[-window:]) / overall < ratio
