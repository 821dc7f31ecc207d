"""The ranges of training options: for a base model's card, which the web service reads, and for the worker's training.

What each option means, with its default, is in `worker.engine.inversion.options`.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from app.contracts.limits import (
    KAPPA_MAX,
    LOSS_WEIGHT_MAX,
    SIDE_MAX,
    TRAINING_BATCH_MAX,
    TRAINING_STEPS_MAX,
    VECTORS_MAX,
)
from app.contracts.training import KINDS, METHODS, START_METHODS

EVALUATION_BATCH_MAX: Final = 64
WHOLE: Final[Mapping[str, tuple[int, int]]] = {
    "vectors": (1, VECTORS_MAX),
    "steps_max": (1, TRAINING_STEPS_MAX),
    "batch": (1, TRAINING_BATCH_MAX),
    "resolution": (0, SIDE_MAX),  # 0: the base model's own
    "evaluate_every": (1, TRAINING_STEPS_MAX),
    "evaluation_batch": (1, EVALUATION_BATCH_MAX),
    "stop_window": (1, TRAINING_STEPS_MAX),
}
REAL: Final[Mapping[str, tuple[float, float]]] = {
    "learning_rate": (1e-7, 10.0),
    "angle": (1e-5, 1.0),
    "kappa": (0.0, KAPPA_MAX),
    "context_weight": (0.0, LOSS_WEIGHT_MAX),
    "snr_gamma": (0.0, LOSS_WEIGHT_MAX),
    "beta_1": (0.0, 0.9999),
    "beta_2": (0.0, 0.99999),
    "epsilon": (0.0, 1.0),
    "weight_decay": (0.0, 1.0),
    "stop_ratio": (0.0, 1.0),
}
CHOICES: Final[Mapping[str, Sequence[str]]] = {"kind": KINDS, "method": METHODS, "start": START_METHODS}


def unfit_option(name: str, value: object) -> str | None:
    """What an option has to be, if the value is not; None for a value that is, and for an unknown name."""
    if name in CHOICES:
        return None if value in CHOICES[name] else " or ".join(CHOICES[name])
    if name == "mirror":
        return None if isinstance(value, bool) else "true or false"
    if name == "seed":
        return None if isinstance(value, int) and not isinstance(value, bool) else "a whole number"
    if name in WHOLE:
        low, high = WHOLE[name]
        whole = isinstance(value, int) and not isinstance(value, bool)
        return None if whole and low <= value <= high else f"a whole number from {low} to {high}"  # type: ignore[operator]
    if name in REAL:
        least, most = REAL[name]
        real = isinstance(value, int | float) and not isinstance(value, bool)
        return None if real and least <= value <= most else f"a number from {least:g} to {most:g}"  # type: ignore[operator]
    return None
