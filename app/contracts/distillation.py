"""Few-step models: Turbo, Lightning, LCM and others, distilled from an ordinary model to draw in 1 to 8 steps.

They draw with few steps, without guidance, and with time steps at the ends of equal parts of the schedule ("trailing"):
with 25 steps and guidance 7.5 their pictures are overcooked. Nothing is published on textual inversion with them, and
the loss of textual inversion asks for the noise at every time step, where they were trained at a few. So they are drawn
with and not taught on: a word of the model that they were distilled from, or of another of its kind, fits them.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from app.contracts.families import UNET
from app.contracts.scheduler_config import LCM, TCD
from app.contracts.texts import label

NONE: Final = "none"  # on a card: an ordinary model, whatever its name says
SPACING: Final = "trailing"
_STEPS: Final = re.compile(r"(?<!\d)([1-9]|1[0-6])[-_ ]?steps?", re.IGNORECASE)


@dataclass(frozen=True)
class Method:
    """One way of distilling: its defaults for drawing, and the names of models that it made."""

    title: str
    steps: int
    scheduler: str
    names: re.Pattern[str]


# Each line's steps and scheduler are those of the publishers' own examples. Guidance 1 is none.
METHODS: Final[Mapping[str, Method]] = {
    name: Method(title, steps, scheduler, re.compile(pattern, re.IGNORECASE))
    for name, title, steps, scheduler, pattern in (
        ("lightning", "Lightning", 4, "euler", r"lightning"),  # arXiv 2402.13929
        ("turbo", "Turbo", 4, "euler-a", r"turbo"),  # arXiv 2311.17042
        ("hyper", "Hyper-SD", 8, "ddim", r"hyper[-_ ]?sd"),  # arXiv 2404.13686
        ("dmd", "DMD2", 4, "lcm", r"(?<![a-z])dmd2?(?![a-z])"),  # arXiv 2405.14867
        ("flash", "Flash Diffusion", 4, "lcm", r"flash[-_ ]?(sd|xl|diffusion)"),  # arXiv 2406.02347
        ("pcm", "Phased Consistency", 4, "ddim", r"(?<![a-z])pcm(?![a-z])"),  # arXiv 2405.18407
        ("tcd", "Trajectory Consistency", 4, "ddim", r"(?<![a-z])tcd(?![a-z])"),  # arXiv 2402.19159
        ("lcm", "LCM", 4, "lcm", r"(?<![a-z])lcm(?![a-z])"),  # arXiv 2310.04378
    )
}
_BY_SCHEDULER: Final = {LCM: "lcm", TCD: "tcd"}


@dataclass(frozen=True)
class Distillation:
    """What is known of a few-step model."""

    method: str  # a key of METHODS
    evidence: str  # where it is stated: "its name is org/sdxl-turbo"
    steps: int

    @property
    def title(self) -> str:
        """The method's name for people."""
        return METHODS[self.method].title

    @property
    def defaults(self) -> dict[str, Any]:
        """What the model's card says where it says nothing."""
        return {"steps": self.steps, "guidance": 1.0, "scheduler": METHODS[self.method].scheduler}

    def refusal(self, model: str) -> str:
        """The sentence that says why nothing is taught on the model."""
        return (
            f"{model} is a few-step model ({self.title}: {self.evidence}), and a word is not learned from few steps. "
            "Teach on the model that it was distilled from, or on another of its kind, and draw the word with this one."
        )


def distillation_of(card: str, scheduler: str, names: Iterable[str]) -> Distillation | None:
    """How a model was distilled, by its card, its names or its scheduler's class; None for an ordinary model.

    `names` are those of the model, and those that its files remember from where it was made.
    """
    known = [_last_part(name) for name in names if name]
    method, evidence = None, ""
    if card:
        method, evidence = (None if card == NONE else card), "its card says so"
    else:
        for name in known:
            method = next((key for key, each in METHODS.items() if each.names.search(name)), None)
            if method is not None:
                evidence = f"its name is {label(name)}"
                break
        else:
            method, evidence = _BY_SCHEDULER.get(scheduler), f"its scheduler is {scheduler}"
    if method is None:
        return None
    stated = next((int(found[1]) for name in known if (found := _STEPS.search(name))), METHODS[method].steps)
    return Distillation(method, evidence, stated)


def _last_part(name: str) -> str:
    """`org/sdxl-turbo@0123abc` -> `sdxl-turbo`, `/models/sdxl-turbo/unet` -> `sdxl-turbo`."""
    path = PurePosixPath(name.partition("@")[0])
    return path.parent.name if path.name == UNET else path.name
