"""How much work a job is, so that jobs of one kind and base model can be compared. Only the ratio means anything.

A drawing is counted in megapixels that are denoised once, a teaching in optimiser steps. How long one of them takes
is measured, by `app.jobs.forecast`.
"""

from collections.abc import Mapping
from typing import Any, Final

from app.contracts.jobs import Kind

USUAL_STEPS: Final = 300  # of a teaching that leaves the number to the worker


def units_of(kind: Kind, spec: Mapping[str, Any]) -> float:
    """Of a job's specification."""
    if kind == "generation":
        return float(spec["count"] * spec["steps"] * spec["width"] * spec["height"] / 1e6)
    if kind == "training":
        return float(spec.get("steps_max") or USUAL_STEPS)
    return 1.0
