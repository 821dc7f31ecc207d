"""A base model's card: the defaults that its maker states in `oneword.json`. The file is optional.

{"name": "Demo", "mirror": false, "steps": 20, "guidance": 3.0, "scheduler": "ddim", "teaching": {"vectors": 2}}

`distilled` says how a few-step model was made, such as "turbo", or "none" for an ordinary model whose name misleads.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from app.contracts.config_file import read_json, shown
from app.contracts.distillation import METHODS, NONE
from app.contracts.errors import UnfitModel
from app.contracts.limits import GENERATION_STEPS_MAX, GUIDANCE_MAX
from app.contracts.schedulers import SCHEDULER_NAMES, steps_max
from app.contracts.training_options import unfit_option

CARD_FILE: Final = "oneword.json"


@dataclass(frozen=True)
class Card:
    """The values of a card, and the defaults where the card says nothing."""

    name: str = ""
    description: str = ""
    mirror: bool = True
    steps: int = 25
    guidance: float = 7.5
    scheduler: str = "dpm++2m-karras"
    pixels_max: int = 0  # of one picture; 0 leaves it to app.contracts.sizes, like side_max
    side_max: int = 0
    distilled: str = ""  # how a few-step model was made; empty leaves it to app.contracts.distillation
    teaching: Mapping[str, Any] = field(default_factory=dict)  # defaults for worker.engine.inversion.Options

    @classmethod
    def read(cls, folder: Path, defaults: Mapping[str, Any] | None = None) -> "Card":
        """The card in a folder; `defaults` stand where it says nothing. Raises UnfitModel."""
        stated = read_json(folder, CARD_FILE) if (folder / CARD_FILE).is_file() else {}
        return cls.of({**(defaults or {}), **{name: value for name, value in stated.items() if value is not None}})

    @classmethod
    def of(cls, stated: Mapping[str, Any]) -> "Card":
        """The card of a parsed `oneword.json`. Unknown names and nulls are ignored. Raises UnfitModel."""
        known = {each.name for each in fields(cls)}
        given = {name: value for name, value in stated.items() if name in known and value is not None}
        return cls(
            **{name: _as_whole(value) if _KINDS[name][0] is int else value for name, value in given.items()}
        )._checked()

    def _checked(self) -> "Card":
        for name, (kind, expected) in _KINDS.items():
            value = getattr(self, name)
            # bool is a subclass of int, and no number.
            if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
                raise _unfit(name, value, expected)
        if not 1 <= self.steps <= GENERATION_STEPS_MAX:
            raise _unfit("steps", self.steps, f"from 1 to {GENERATION_STEPS_MAX}")
        if not 0 <= self.guidance <= GUIDANCE_MAX:
            raise _unfit("guidance", self.guidance, f"from 0 to {GUIDANCE_MAX:g}")
        for name in ("pixels_max", "side_max"):
            if getattr(self, name) < 0:
                raise _unfit(name, getattr(self, name), "a number of pixels, or 0 for the usual limit")
        if self.scheduler not in SCHEDULER_NAMES:
            raise _unfit("scheduler", self.scheduler, f"one of {', '.join(SCHEDULER_NAMES)}")
        if self.steps > (most := steps_max(self.scheduler)):
            raise _unfit("steps", self.steps, f"at most {most} with the scheduler {self.scheduler}")
        if self.distilled not in ("", NONE, *METHODS):
            raise _unfit("distilled", self.distilled, f"one of {', '.join((NONE, *METHODS))}")
        for name, value in self.teaching.items():
            if (range_of := unfit_option(name, value)) is not None:
                raise _unfit(f"teaching.{name}", value, range_of)
        return self


_KINDS: Final[Mapping[str, tuple[Any, str]]] = {
    "name": (str, "a text"),
    "description": (str, "a text"),
    "mirror": (bool, "true or false"),
    "steps": (int, "a whole number"),
    "guidance": ((int, float), "a number"),
    "scheduler": (str, "a text"),
    "pixels_max": (int, "a whole number"),
    "side_max": (int, "a whole number"),
    "distilled": (str, "a text"),
    "teaching": (Mapping, "an object with training options"),
}


def _as_whole(value: Any) -> Any:
    """`25.0` as 25, which is the same number in JSON."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _unfit(name: str, value: object, expected: str) -> UnfitModel:
    return UnfitModel(
        f"The file {CARD_FILE} says {name} is {shown(value)}, and it has to be {expected}. Correct the file."
    )
