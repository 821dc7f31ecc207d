"""The schedulers by the names that the API, recipes and `oneword.json` use.

Which diffusers class each is, and with which options, is in `worker.engine.generation.schedulers`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from app.contracts.limits import GENERATION_STEPS_MAX

SchedulerName = Literal["ddim", "dpm++2m", "dpm++2m-karras", "euler", "euler-a", "unipc", "lcm"]


@dataclass(frozen=True)
class Scheduler:
    """One scheduler."""

    label: str  # AUTOMATIC1111's name for it
    steps_max: int = GENERATION_STEPS_MAX


SCHEDULERS: Final[Mapping[str, Scheduler]] = {
    "ddim": Scheduler("DDIM"),
    "dpm++2m": Scheduler("DPM++ 2M"),
    "dpm++2m-karras": Scheduler("DPM++ 2M Karras"),
    "euler": Scheduler("Euler"),
    "euler-a": Scheduler("Euler a"),
    "unipc": Scheduler("UniPC"),
    "lcm": Scheduler("LCM", steps_max=50),  # its own schedule has 50 steps
}
SCHEDULER_NAMES: Final[tuple[str, ...]] = get_args(SchedulerName)
LABELS: Final[Mapping[str, str]] = {name: scheduler.label for name, scheduler in SCHEDULERS.items()}
STEPS_MAX: Final[Mapping[str, int]] = {
    name: scheduler.steps_max for name, scheduler in SCHEDULERS.items() if scheduler.steps_max < GENERATION_STEPS_MAX
}
BY_LABEL: Final[Mapping[str, str]] = {label: name for name, label in LABELS.items()}


def steps_max(name: str) -> int:
    """The largest number of steps that a scheduler takes; the general limit for an unknown name."""
    return STEPS_MAX.get(name, GENERATION_STEPS_MAX)
