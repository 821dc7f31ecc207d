"""Whether a folder is a scorer: a CLIP model as transformers' CLIPModel reads it, with its tokenizer.

The worker asks before it loads one, and `oneword pull` before it downloads its weights.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.contracts.component_configs import check_tokenizer
from app.contracts.config_file import ConfigFile, is_size, with_article
from app.contracts.errors import UnfitModel
from app.contracts.weight_files import Weights, weights_of

PREPROCESSOR: Final = "preprocessor_config.json"
# Mean and deviation of OpenAI's training pictures. A scorer's preprocessor_config.json may state others.
MEAN: Final = (0.48145466, 0.4578275, 0.40821073)
DEVIATION: Final = (0.26862954, 0.26130258, 0.27577711)
SIDE_MAX: Final = 1024  # pixels
_NEEDED: Final = "a report needs a CLIP model: a folder that transformers' CLIPModel reads"


@dataclass(frozen=True)
class ScorerConfiguration:
    """The properties that a scorer's JSON files state."""

    tokenizer: str  # the folder with its files; "" for files beside the model's
    size: int  # side of the pictures that it reads, in pixels
    mean: Sequence[float]  # of each colour, 0..1
    deviation: Sequence[float]


def read_scorer_folder(folder: Path) -> tuple[ScorerConfiguration, Weights]:
    """Read a scorer's folder. Raises UnfitModel."""
    return read_scorer_configuration(folder), weights_of(folder, "")


def read_scorer_configuration(folder: Path) -> ScorerConfiguration:
    """Read a scorer's folder that need not have weights yet. Raises UnfitModel."""
    if (folder / "model_index.json").is_file():
        raise UnfitModel(f"It is a base model's folder, and {_NEEDED}.")
    config = ConfigFile.read(folder, "config.json")
    if config.get("model_type") != "clip":
        raise UnfitModel(f"It is {with_article(config.get('model_type'))} model, and {_NEEDED}.")
    tokenizer = "tokenizer" if (folder / "tokenizer").is_dir() else ""
    largest = check_tokenizer(folder, tokenizer)
    parts = {part: _part(config, part) for part in ("text_config", "vision_config")}
    if largest >= parts["text_config"].whole("vocab_size", 49408):
        raise UnfitModel("Its tokenizer has more tokens than its text encoder has vectors. Copy it again, whole.")
    if (size := parts["vision_config"].whole("image_size", 224)) > SIDE_MAX:
        raise parts["vision_config"].wrong("image_size", f"at most {SIDE_MAX}")
    own = ConfigFile.read(folder, PREPROCESSOR) if (folder / PREPROCESSOR).is_file() else ConfigFile(PREPROCESSOR, {})
    return ScorerConfiguration(
        tokenizer, size, _colours(own, "image_mean", MEAN), _colours(own, "image_std", DEVIATION)
    )


def _part(config: ConfigFile, name: str) -> ConfigFile:
    values = {} if config.get(name) is None else config.get(name)
    if not isinstance(values, dict):
        raise config.wrong(name, "an object")
    return ConfigFile(f"{config.name}, {name},", values)


def _colours(config: ConfigFile, name: str, default: Sequence[float]) -> Sequence[float]:
    values = default if config.get(name) is None else config.get(name)
    numbers = isinstance(values, list | tuple) and all(isinstance(each, float) or is_size(each) for each in values)
    if not numbers or len(values) != 3 or not all(0 < each < 256 for each in values):
        raise config.wrong(name, "a list of three numbers above 0")
    return [float(each) for each in values]
