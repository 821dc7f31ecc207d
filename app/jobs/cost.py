"""The amount of work of a job in units, so that jobs of one kind and base model can be compared.

A generation is counted in denoised megapixels (pictures × steps × width × height / 10⁶), a training in optimiser steps.
The seconds that a unit takes are measured by `app.jobs.forecast`.
"""

from collections.abc import Mapping
from typing import Any, Final

from app.contracts.jobs import Kind

USUAL_STEPS: Final = 300  # of a training that leaves the number to the worker
ON_A_GPU: Final = frozenset({"training", "generation", "report"})  # kinds whose attempts count as GPU seconds


def units_of(kind: Kind, spec: Mapping[str, Any]) -> float:
    """The units of a job with this specification."""
    if kind == "generation":
        return float(spec["count"] * spec["steps"] * spec["width"] * spec["height"] / 1e6)
    if kind == "training":
        return float(spec.get("steps_max") or USUAL_STEPS)
    return 1.0
