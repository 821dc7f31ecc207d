"""Reads the JSON files of a diffusers folder, and decides which family the model is of and whether it can be used.

The web service, the worker and `oneword pull` all ask here, so that each refuses the same folders with the same
sentence: `pull` before it downloads any weights, the worker before it loads them. No tensor is read and no network is
asked.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from app.contracts.component_configs import (
    check_autoencoder,
    check_class,
    check_encoder,
    check_tokenizer,
    check_tokenizer_class,
    check_unet,
    component_file,
    context_width,
    resolution_of,
    scale_of,
)
from app.contracts.config_file import ConfigFile, with_article
from app.contracts.distillation import SPACING, Distillation, distillation_of
from app.contracts.encoders import tokenizer_of
from app.contracts.errors import UnfitModel
from app.contracts.families import PIPELINES, SDXL, UNET, VAE, ModelFamily, family_of
from app.contracts.model_card import Card
from app.contracts.scheduler_config import read_scheduler
from app.contracts.weight_files import Weights, weights_of
from app.contracts.weight_shapes import check_shapes

INDEX: Final = "model_index.json"
LORA_FILES: Final = ("adapter_config.json", "pytorch_lora_weights.safetensors")
CHECKPOINTS: Final = (".safetensors", ".ckpt")


@dataclass(frozen=True)
class ModelConfiguration:
    """The properties of a base model that its JSON files state."""

    name: str  # for people
    family: str  # a key of `families.FAMILIES`
    resolution: int  # side of the square pictures that the model was trained on, in pixels
    widths: Mapping[str, int]  # width of a row, for each text encoder by name
    context_length: int  # tokens in a prompt, with its start and end
    card: Card
    scheduler_config: Mapping[str, Any]
    distillation: Distillation | None  # of a few-step model
    zeros_for_empty_prompt: bool  # whether an empty negative prompt is zeros, and not an encoded empty text

    @property
    def not_teachable_reason(self) -> str | None:
        """Why nothing can be taught on the model, though it draws; None for an ordinary model."""
        return None if self.distillation is None else self.distillation.refusal(self.name)


@dataclass(frozen=True)
class ModelFacts(ModelConfiguration):
    """The properties of a base model, with its weight files."""

    weights: Mapping[str, Weights]  # for each component by name


def read_model_folder(folder: Path, name: str | None = None) -> ModelFacts:
    """Read a folder. Raises UnfitModel with the first reason why the model cannot be used.

    `name` is the model's name if its card states none; by default the folder's name.
    """
    top = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    configuration, family = _read(folder, name, top)
    stated = {field.name: getattr(configuration, field.name) for field in fields(configuration)}
    weights = {each: weights_of(folder, each) for each in family.component_classes}
    for component, files in weights.items():
        check_shapes(component, files, ConfigFile.read(folder, component_file(component)))
    return ModelFacts(**stated, weights=weights)


def read_configuration(folder: Path, name: str, listed: Iterable[str]) -> tuple[ModelConfiguration, tuple[str, ...]]:
    """Read a folder with the JSON files of a repository alone; also the components that have weights in it.

    `listed` are the names of all its files. Raises UnfitModel.
    """
    configuration, family = _read(folder, name, [path for path in listed if "/" not in path])
    return configuration, tuple(family.component_classes)


def _read(folder: Path, name: str | None, top: Collection[str]) -> tuple[ModelConfiguration, ModelFamily]:
    if not (folder / INDEX).exists():
        _refuse_other_kinds(folder, top)
    index = ConfigFile.read(folder, INDEX)
    _check_pipeline(index)
    unet, vae = (ConfigFile.read(folder, component_file(part)) for part in (UNET, VAE))
    family = _family(index, unet)
    encoders = {each: ConfigFile.read(folder, component_file(each)) for each in family.encoder_names}
    scheduler, scheduler_config = read_scheduler(folder, index)
    for encoder, config in encoders.items():
        check_tokenizer_class(index, tokenizer_of(encoder))
        check_encoder(config, encoder, check_tokenizer(folder, tokenizer_of(encoder)))
    channels, resolution = check_autoencoder(vae, family), resolution_of(unet, scale_of(vae))
    check_unet(unet, family, channels, encoders)
    stated = Card.read(folder)
    names = [stated.name, name or folder.name, *(_origin(each) for each in (index, unet))]
    distillation = distillation_of(stated.distilled, scheduler, names)
    if distillation is not None:
        scheduler_config["timestep_spacing"] = SPACING
    card = Card.read(folder, {} if distillation is None else distillation.defaults)
    return (
        ModelConfiguration(
            name=card.name or name or folder.name,
            family=family.name,
            resolution=resolution,
            widths={encoder: config.whole("hidden_size") for encoder, config in encoders.items()},
            context_length=min(config.whole("max_position_embeddings") for config in encoders.values()),
            card=card,
            scheduler_config=scheduler_config,
            distillation=distillation,
            zeros_for_empty_prompt=family is SDXL and index.flag("force_zeros_for_empty_prompt", default=True),
        ),
        family,
    )


def _refuse_other_kinds(folder: Path, top: Collection[str]) -> None:
    """Raise UnfitModel if a folder without an index, with these files at its top, is a LoRA, a component or such."""
    whole = "Use a whole diffusers folder, with its model_index.json."
    if any(name in top for name in LORA_FILES):
        raise UnfitModel(f"It is a LoRA, a change to a base model and no base model. {whole}")
    if (folder / "config.json").is_file():
        config = ConfigFile.read(folder, "config.json")
        classes = config.get("architectures")
        kind = config.get("_class_name") or (classes[0] if isinstance(classes, list) and classes else None)
        found = "one component" if kind is None else with_article(kind)
        raise UnfitModel(f"It is {found}, without the other parts of a base model. {whole}")
    if alone := sorted(name for name in top if name.endswith(CHECKPOINTS)):
        raise UnfitModel(
            f"It holds {alone[0]}, a checkpoint in one file. Convert it to a diffusers folder first. {whole}"
        )


def _check_pipeline(index: ConfigFile) -> None:
    pipeline = index.get("_class_name")
    kinds = f"Use a {' or '.join(PIPELINES)}: Stable Diffusion 1.x, 2.x or XL."
    if pipeline is None:
        raise UnfitModel(f"The file {INDEX} does not say of which class the model is (_class_name). {kinds}")
    if pipeline not in PIPELINES:
        raise UnfitModel(f"It is {with_article(pipeline)}, which Oneword cannot teach. {kinds}")
    if index.flag("requires_aesthetics_score", default=False):
        raise UnfitModel(
            f"The file {INDEX} says requires_aesthetics_score is True, so it is a refiner. Use the base model that it "
            "belongs to."
        )


def _family(index: ConfigFile, unet: ConfigFile) -> ModelFamily:
    family = family_of(str(index.get("_class_name")), context_width(unet))
    assert family is not None  # the pipeline is known
    for component, expected in family.component_classes.items():
        entry = index.get(component)
        check_class(component, entry[1] if isinstance(entry, list) and len(entry) == 2 else None, expected, family)
    return family


def _origin(config: ConfigFile) -> str:
    """The model that a file was saved from, as diffusers notes it; often the repository's own name."""
    origin = config.get("_name_or_path")
    return origin if isinstance(origin, str) else ""
