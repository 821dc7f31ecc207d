"""Which weight files of a component are read: one copy of the weights, as safetensors.

Repositories hold the same weights several times over: in full and in half precision, whole and in shards, with and
without moving averages, as safetensors and as pickles. Full precision comes before half. Pickles are never opened,
since they can run code.
"""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.contracts.config_file import ADVICE
from app.contracts.errors import BrokenHeader, UnfitModel
from app.contracts.families import UNET, VAE
from app.contracts.safetensors_header import read_header

PICKLES: Final = (".bin", ".ckpt", ".pt", ".pth")


@dataclass(frozen=True)
class WeightCopy:
    """One copy of a component's weights, by its file names: whole, or in shards that an index lists."""

    variant: str | None  # what from_pretrained takes
    whole: str
    index: str
    shard: re.Pattern[str]


@dataclass(frozen=True)
class Weights:
    """The files of the copy that is read."""

    variant: str | None
    files: tuple[Path, ...]


def copies(component: str) -> tuple[WeightCopy, WeightCopy]:
    """The copies that can be read, full precision first. A scorer's component is "", since it lies at the top."""
    stem = "diffusion_pytorch_model" if component in (UNET, VAE) else "model"
    shard = r"\d+-of-\d+"
    return (
        WeightCopy(
            None,
            f"{stem}.safetensors",
            f"{stem}.safetensors.index.json",
            re.compile(rf"{stem}-{shard}\.safetensors"),
        ),
        WeightCopy(
            "fp16",
            f"{stem}.fp16.safetensors",
            f"{stem}.safetensors.index.fp16.json",
            re.compile(rf"{stem}(\.fp16-{shard}|-{shard}\.fp16)\.safetensors"),  # today's and the older spelling
        ),
    )


def one_copy(component: str, names: Collection[str]) -> list[str]:
    """Of a component's file names, those of the first copy that is there."""
    for copy in copies(component):
        if found := [name for name in names if name == copy.whole or copy.shard.fullmatch(name)]:
            return found
    return []


def weights_of(folder: Path, component: str) -> Weights:
    """The weight files that a worker reads for a component. Raises UnfitModel if there is no whole copy."""
    part = folder / component
    for copy in copies(component):
        whole, index = part / copy.whole, part / copy.index
        # With both, diffusers reads the shards and transformers the whole file.
        if index.is_file() and (component in (UNET, VAE) or not whole.is_file()):
            return Weights(copy.variant, tuple(_checked(path) for path in _shards(index)))
        if whole.is_file():
            return Weights(copy.variant, (_checked(whole),))
        if part.is_dir() and any(copy.shard.fullmatch(path.name) for path in part.iterdir()):
            raise _missing(index)
    raise _no_copy(component, [path.name for path in part.iterdir()] if part.is_dir() else [])


def check_listed(component: str, names: Collection[str]) -> None:
    """Raise UnfitModel unless a copy of the weights is among the names of a component's files."""
    if not one_copy(component, names):
        raise _no_copy(component, names)


def _no_copy(component: str, names: Collection[str]) -> UnfitModel:
    if any(name.endswith(PICKLES) for name in names):
        return UnfitModel(
            f"Its {component or 'folder'} has weights only as pickles, which can run code when they are opened. Use "
            "a copy with .safetensors files."
        )
    return _missing(Path(component) / copies(component)[0].whole)


def _shards(index: Path) -> list[Path]:
    try:
        names = sorted(set(json.loads(index.read_bytes())["weight_map"].values()))
        # The index of a foreign repository may name anything: only safetensors in the same folder are opened.
        shards = [index.parent / name for name in names if Path(name).name == name and name.endswith(".safetensors")]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnfitModel(f"The file {_shown(index)} cannot be read as an index of weights. {ADVICE}") from error
    if not shards or len(shards) != len(names):
        raise UnfitModel(f"The file {_shown(index)} does not name safetensors beside it. {ADVICE}")
    for shard in shards:
        if not shard.is_file():
            raise _missing(shard)
    return shards


def _checked(path: Path) -> Path:
    try:
        read_header(path)
    except BrokenHeader as error:
        raise UnfitModel(f"The file {_shown(path)} cannot be loaded: {error}. Download it again.") from error
    except OSError as error:
        raise UnfitModel(f"The file {_shown(path)} cannot be read ({error.strerror}). {ADVICE}") from error
    return path


def _missing(path: Path) -> UnfitModel:
    return UnfitModel(f"The file {_shown(path)} is missing. {ADVICE}")


def _shown(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"
