"""Reads the JSON files of a diffusers folder, and decides which family the model is of and whether it can be used.

The web service, the worker and `oneword pull` all ask here, so that each refuses the same folders with the same
sentence. No tensor is read and no network is asked.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeGuard

from app.contracts.encoders import tokenizer_of
from app.contracts.errors import UnfitModel
from app.contracts.families import PIPELINES, UNET, VAE, ModelFamily, family_of
from app.contracts.model_card import CARD_FILE, Card
from app.contracts.weight_files import ADVICE, Weights, weights_of

INDEX: Final = "model_index.json"
SCHEDULER: Final = "scheduler/scheduler_config.json"
PREDICTIONS: Final = ("epsilon", "v_prediction")
_VOCABULARY: Final = ("vocab.json", "merges.txt")


@dataclass(frozen=True)
class ModelFacts:
    """The properties of a base model that its files state."""

    name: str  # for people
    family: str  # a key of `families.FAMILIES`
    resolution: int  # side of the square pictures that the model was trained on, in pixels
    widths: Mapping[str, int]  # width of a row, for each text encoder by name
    context_length: int  # tokens in a prompt, with its start and end
    card: Card
    scheduler_config: Mapping[str, Any]
    weights: Mapping[str, Weights]  # for each component by name


def read_model_folder(folder: Path, name: str | None = None) -> ModelFacts:
    """Read a folder. Raises UnfitModel with the first reason why the model cannot be used.

    `name` is the model's name if its card states none; by default the folder's name.
    """
    index = read_json(folder, INDEX)
    _check_pipeline(index)
    unet, vae = read_json(folder, f"{UNET}/config.json"), read_json(folder, f"{VAE}/config.json")
    family = _family(index, unet)
    encoders = {encoder: read_json(folder, f"{encoder}/config.json") for encoder in family.encoder_names}
    weights = {component: weights_of(folder, component) for component in family.component_classes}
    for encoder in family.encoder_names:
        check_tokenizer(folder, tokenizer_of(encoder))
    card = Card.of(read_json(folder, CARD_FILE) if (folder / CARD_FILE).is_file() else {})
    return ModelFacts(
        name=card.name or name or folder.name,
        family=family.name,
        resolution=_latent_side(unet) * 2 ** (_levels(vae) - 1),
        widths={encoder: _number(config, "hidden_size", encoder) for encoder, config in encoders.items()},
        context_length=min(_number(config, "max_position_embeddings", encoder) for encoder, config in encoders.items()),
        card=card,
        scheduler_config=_scheduler_config(folder),
        weights=weights,
    )


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


def check_tokenizer(folder: Path, name: str) -> None:
    """Raise UnfitModel unless the tokenizer folder `name` holds a vocabulary; "" for files at the top of `folder`.

    transformers would make a tokenizer without any words from an empty folder.
    """
    part = folder / name
    if not part.is_dir():
        raise UnfitModel(f"The folder {name} is missing. {ADVICE}")
    prefix = f"{name}/" if name else ""
    if (part / "tokenizer.json").is_file():
        read_json(folder, f"{prefix}tokenizer.json")
    elif all((part / file).is_file() for file in _VOCABULARY):
        read_json(folder, f"{prefix}vocab.json")
    else:
        raise UnfitModel(f"Its {name or 'folder'} has neither tokenizer.json nor vocab.json with merges.txt. {ADVICE}")


def unreadable_tokenizer(name: str) -> UnfitModel:
    """The error for a tokenizer whose files are there, and which the tokenizers library refuses."""
    return UnfitModel(f"Its {name} cannot be read. Download it again.")


def square_side(sample_size: object) -> int | None:
    """The side of a UNet's latents from `sample_size`: a number, or a list of two equal numbers. Else None."""
    sides = list(sample_size) if isinstance(sample_size, list | tuple) else [sample_size]
    if len(set(map(repr, sides))) != 1 or not _is_size(sides[0]):
        return None
    return sides[0]


def _check_pipeline(index: Mapping[str, Any]) -> None:
    if (pipeline := index.get("_class_name")) not in PIPELINES:
        raise UnfitModel(
            f"It is a {pipeline}, which Oneword cannot teach. Use a {' or '.join(PIPELINES)}: Stable Diffusion 1.x, "
            "2.x or XL."
        )


def _family(index: Mapping[str, Any], unet: Mapping[str, Any]) -> ModelFamily:
    family = family_of(str(index["_class_name"]), _context_width(unet))
    assert family is not None  # the pipeline is known
    for component, expected in family.component_classes.items():
        entry = index.get(component)
        actual = entry[1] if isinstance(entry, list) and len(entry) == 2 else None
        if actual != expected:
            raise UnfitModel(
                f"Its {component} is {'missing' if actual is None else f'a {actual}'}, where {family.title} has a "
                f"{expected}. Use a model of the plain {family.pipeline} layout."
            )
    return family


def _context_width(unet: Mapping[str, Any]) -> int:
    """Width of the texts that the UNet reads; some configurations state it once for each block."""
    width = square_side(unet.get("cross_attention_dim"))
    if width is None:
        raise _wrong_value(unet, "cross_attention_dim", UNET, "a whole number")
    return width


def _latent_side(unet: Mapping[str, Any]) -> int:
    side = square_side(unet.get("sample_size"))
    if side is None:
        raise _wrong_value(unet, "sample_size", UNET, "a whole number, since only models of square pictures are taught")
    return side


def _levels(vae: Mapping[str, Any]) -> int:
    channels = vae.get("block_out_channels")
    if not isinstance(channels, list) or not channels:
        raise _wrong_value(vae, "block_out_channels", VAE, "a list of numbers")
    return len(channels)


def _number(config: Mapping[str, Any], name: str, component: str) -> int:
    value = config.get(name)
    if not _is_size(value):
        raise _wrong_value(config, name, component, "a whole number")
    return value


def _is_size(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _scheduler_config(folder: Path) -> dict[str, Any]:
    config = read_json(folder, SCHEDULER)
    prediction = config.get("prediction_type") or "epsilon"  # the default of diffusers; some files say null
    if prediction not in PREDICTIONS:
        raise UnfitModel(
            f"The file {SCHEDULER} says prediction_type is {prediction!r}, and Oneword teaches models "
            f"that predict {' or '.join(PREDICTIONS)}. Use another model."
        )
    return {**config, "prediction_type": prediction}


def _wrong_value(config: Mapping[str, Any], name: str, component: str, expected: str) -> UnfitModel:
    statement = f"says {name} is {config[name]!r}" if name in config else f"does not say {name}"
    return UnfitModel(f"The file {component}/config.json {statement}, and it has to be {expected}. {ADVICE}")
