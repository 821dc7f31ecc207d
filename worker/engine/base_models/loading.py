"""Loads a base model from a diffusers folder or from the hub's cache.

Only safetensors files and known classes are loaded: no pickles, no custom pipelines. `app.contracts.model_folder`
decides whether a folder can be used, for the web service too.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from app.contracts.component_configs import unreadable_tokenizer
from app.contracts.encoders import tokenizer_of
from app.contracts.errors import UnfitModel
from app.contracts.families import UNET, VAE
from app.contracts.hub import HubName, locate
from app.contracts.model_folder import ModelFacts, read_model_folder
from worker.engine.base_models.encoders import TextEncoder
from worker.engine.base_models.families import FAMILIES
from worker.engine.base_models.model import BaseModel
from worker.engine.base_models.precision import Precision
from worker.engine.base_models.residence import HOME
from worker.engine.errors import BaseModelError

FILES = ("model_index.json", "oneword.json", "*/config.json", "*/*.safetensors", "scheduler/*", "tokenizer*/*")


def load(
    source: str | Path,
    *,
    device: str = "auto",
    offline: bool = True,
    compiled: bool = False,
    idle_off: bool = False,
) -> BaseModel:
    """Load a folder, or "org/name@revision" from the hub; with `offline`, only from the hub's cache.

    With `compiled`, training runs a compiled UNet. With `idle_off`, the text encoders and the autoencoder are on the
    device only while they compute. Raises BaseModelError, whose message names the model, the problem
    and the remedy.
    """
    folder = folder_of(str(source), offline)
    title = title_of(source)
    with _named(f"Base model {title}"):
        facts = read_model_folder(folder, title)
    family = FAMILIES[facts.family]
    torch_device = device_of(device)
    precision = Precision.of(torch_device, facts.weights[UNET].files)
    reader = _Reader(folder, title, facts, torch_device, idle_off)
    return BaseModel(
        id=str(source),
        folder=folder,
        family=family,
        encoders=tuple(
            TextEncoder(name, reader.tokenizer(tokenizer_of(name)), reader.encoder(name, kind, precision.model))
            for name, kind in family.layout.encoder_classes.items()
        ),
        unet=reader.unet(precision.model),
        vae=reader.vae(),
        scheduler_config=facts.scheduler_config,
        card=facts.card,
        not_teachable_reason=facts.not_teachable_reason,
        zeros_for_empty_prompt=facts.zeros_for_empty_prompt,
        device=torch_device,
        precision=precision,
        compiled=compiled,
        idle_off=idle_off,
    )


def title_of(source: str | Path) -> str:
    """A model's name in error messages. The name of a folder is its last part, without its location on the server."""
    return str(source) if HubName.parse(str(source)) else Path(source).name


def folder_of(source: str, offline: bool, what: str = "Base model") -> Path:
    """The folder of a source: the folder that it names, or the snapshot of a pinned hub name. Raises BaseModelError."""
    with _named(f"{what} {title_of(source)}"):
        location = locate(source)
        return _snapshot(location, offline) if isinstance(location, HubName) else location


def device_of(name: str) -> torch.device:
    """The torch device that the settings name. Raises BaseModelError if this machine does not have it."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(name)
    if device.type == "cuda" and not torch.cuda.is_available():
        raise BaseModelError(f"The device {name!r} is set, but this machine has no CUDA device. Use auto or cpu.")
    return device


@contextmanager
def _named(what: str) -> Iterator[None]:
    """Turn an UnfitModel into a BaseModelError that names the model."""
    try:
        yield
    except UnfitModel as unfit:
        raise BaseModelError(f"{what} cannot be loaded. {unfit}") from unfit


def _snapshot(name: HubName, offline: bool) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(
            snapshot_download(
                name.repository, revision=name.revision, allow_patterns=list(FILES), local_files_only=offline
            )
        )
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError, ValueError) as error:
        raise name.not_cached() from error


@dataclass(frozen=True)
class _Reader:
    """Builds the frozen components of one folder."""

    folder: Path
    title: str
    facts: ModelFacts
    device: torch.device
    idle_off: bool = False

    def tokenizer(self, name: str) -> Any:
        from transformers import CLIPTokenizer

        try:
            return CLIPTokenizer.from_pretrained(self.folder / name, local_files_only=True)
        except Exception as error:  # the tokenizers library raises bare Exceptions
            raise BaseModelError(f"Base model {self.title} cannot be loaded. {unreadable_tokenizer(name)}") from error

    def encoder(self, name: str, kind: str, dtype: torch.dtype) -> nn.Module:
        import transformers
        from transformers.utils import logging

        logging.disable_progress_bar()
        return self._module(name, getattr(transformers, kind), {"dtype": dtype})

    def unet(self, dtype: torch.dtype) -> nn.Module:
        from diffusers import UNet2DConditionModel

        return self._module(UNET, UNet2DConditionModel, {"torch_dtype": dtype, "low_cpu_mem_usage": True})

    def vae(self) -> nn.Module:
        from diffusers import AutoencoderKL

        return self._module(VAE, AutoencoderKL, {"torch_dtype": torch.float32, "low_cpu_mem_usage": True})

    def _module(self, name: str, kind: Any, options: dict[str, Any]) -> nn.Module:
        variant = self.facts.weights[name].variant
        try:
            module, loaded = kind.from_pretrained(
                self.folder / name,
                use_safetensors=True,
                local_files_only=True,
                variant=variant,
                output_loading_info=True,
                **options,
            )
        except Exception as error:  # safetensors, transformers and diffusers raise unrelated classes
            raise BaseModelError(
                f"Base model {self.title} cannot be loaded. Its {name} was refused ({type(error).__name__}: {error}). "
                "Download it again."
            ) from error
        if missing := sorted(loaded["missing_keys"]):  # both libraries would fill them with random numbers
            raise BaseModelError(
                f"Base model {self.title} cannot be loaded. The weights of its {name} lack {missing[0]} and "
                f"{len(missing) - 1} more. Download it again."
            )
        if self.device.type == "cuda" and name in (UNET, VAE):
            module.to(memory_format=torch.channels_last)  # faster convolutions
        place = HOME if self.idle_off and name != UNET else self.device
        frozen: nn.Module = module.to(place).eval().requires_grad_(False)
        return frozen
