"""The amount of work of a job, so that jobs of one kind can be compared.

Units are for people and for forecasts: a generation is counted in denoised megapixels (pictures × steps × width ×
height / 10⁶), a training in optimiser steps. The seconds that a unit takes are measured by `app.jobs.forecast`. The
cost is the same amount as a whole number, for the tags of the fair queue: denoised pixels, or steps.
"""

from collections.abc import Mapping
from typing import Any, Final

from app.contracts.generation import GenerationSpec
from app.contracts.jobs import Kind

USUAL_STEPS: Final = 300  # of a training that leaves the number to the worker
PIXELS_IN_A_UNIT: Final = 1_000_000
ON_A_GPU: Final = frozenset({"training", "generation", "report"})  # kinds whose attempts count as GPU seconds


def units_of(kind: Kind, spec: Mapping[str, Any]) -> float:
    """The units of a job with this specification."""
    if kind == "generation":
        return cost_of(kind, spec) / PIXELS_IN_A_UNIT
    if kind == "training":
        return float(spec.get("steps_max") or USUAL_STEPS)
    return 1.0


def cost_of(kind: Kind, spec: Mapping[str, Any]) -> int:
    """The cost of a job with this specification, at least 1."""
    if kind == "generation":
        pictures = spec.get("pictures_left") or spec["count"]
        return int(pictures * spec["steps"] * spec["width"] * spec["height"])
    return max(1, int(units_of(kind, spec)))


def pass_units(kind: str, spec: Mapping[str, Any], units: float) -> float:
    """The units of the next pass of a job of which so many units are left. Only a generation has passes."""
    if kind != "generation":
        return units
    generation = GenerationSpec.model_validate(spec)
    return min(units, generation.pass_pictures * generation.picture_cost / PIXELS_IN_A_UNIT)
