"""One JSON file of a model's folder, read value by value. Errors name the file, the value and what it has to be."""

import json
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeGuard

from app.contracts.errors import UnfitModel
from app.contracts.texts import label

ADVICE: Final = "Copy the whole folder, or download it again."
SHOWN_CHARACTERS: Final = 60  # of a value in an error message


@dataclass(frozen=True)
class ConfigFile:
    """A parsed file. A value that is null counts as not stated, as in diffusers."""

    name: str  # within the folder, such as "unet/config.json"
    values: Mapping[str, Any]

    @classmethod
    def read(cls, folder: Path, name: str) -> "ConfigFile":
        """The file `name` of a folder. Raises UnfitModel."""
        return cls(name, read_json(folder, name))

    def get(self, key: str) -> Any:
        """The value, or None if it is not stated."""
        return self.values.get(key)

    def whole(self, key: str, default: int | None = None) -> int:
        """A whole number from 1. Raises UnfitModel, also if the value is not stated and there is no default."""
        value = default if self.get(key) is None else self.get(key)
        if not is_size(value):
            raise self.wrong(key, "a whole number")
        return value

    def number(self, key: str, default: float) -> float:
        """A finite number above 0. Raises UnfitModel."""
        value = default if self.get(key) is None else self.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
            raise self.wrong(key, "a number above 0")
        return float(value) if value < 1e300 else math.inf

    def flag(self, key: str, default: bool) -> bool:
        """True or false. Raises UnfitModel."""
        value = default if self.get(key) is None else self.get(key)
        if not isinstance(value, bool):
            raise self.wrong(key, "true or false")
        return value

    def one_of(self, key: str, choices: Collection[str], default: str) -> str:
        """One of some texts. Raises UnfitModel."""
        value = default if self.get(key) is None else self.get(key)
        if not isinstance(value, str) or value not in choices:
            raise self.wrong(key, " or ".join(choices))
        return value

    def wrong(self, key: str, expected: str) -> UnfitModel:
        """The error for a value that is no `expected`."""
        statement = f"says {key} is {shown(self.values[key])}" if key in self.values else f"does not say {key}"
        return UnfitModel(f"The file {self.name} {statement}, and it has to be {expected}. {ADVICE}")


def read_json(folder: Path, name: str) -> dict[str, Any]:
    """The JSON object in the file `name` of a folder. Raises UnfitModel."""
    try:
        content = json.loads((folder / name).read_bytes())
    except FileNotFoundError as error:
        raise UnfitModel(f"The file {name} is missing. {ADVICE}") from error
    except OSError as error:
        raise UnfitModel(f"The file {name} cannot be read ({error.strerror}). {ADVICE}") from error
    except (ValueError, RecursionError) as error:
        raise UnfitModel(f"The file {name} is not valid JSON. Download it again.") from error
    if not isinstance(content, dict):
        raise UnfitModel(f"The file {name} is not a JSON object. Download it again.")
    return content


def square_side(sample_size: object) -> int | None:
    """The side of a UNet's latents from `sample_size`: a number, or a list of two equal numbers. Else None."""
    sides = list(sample_size) if isinstance(sample_size, list | tuple) else [sample_size]
    if len(set(map(repr, sides))) != 1 or not is_size(sides[0]):
        return None
    return sides[0]


def is_size(value: object) -> TypeGuard[int]:
    """Whether a value is a whole number from 1. `true` is none."""
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def shown(value: object) -> str:
    """A JSON value on one line and cut, for an error message: `'sample'`, `[8, 12]`."""
    return label(repr(value), SHOWN_CHARACTERS)


def with_article(name: object) -> str:
    """The name of a class for an error message, cut: `a MyUNet`, `an AutoencoderTiny`."""
    noun = label(name, SHOWN_CHARACTERS) if isinstance(name, str) else shown(name)
    return f"{'an' if noun[:1] in tuple('AEIO') else 'a'} {noun}"
