"""Reads a base model from a diffusers folder or from the hub's cache, or says in one sentence why not.

Only safetensors are ever opened, and only classes that this project knows are built: no pickles, no custom pipelines.
"""

import dataclasses
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from worker.engine.base_models.encoders import TextEncoder
from worker.engine.base_models.families import FAMILIES, Family, family_of
from worker.engine.base_models.model import BaseModel, Card
from worker.engine.base_models.precision import Precision
from worker.engine.errors import BaseModelError

HUB_NAME = re.compile(r"(?P<repository>[\w.-]+/[\w.-]+)@(?P<revision>[0-9a-f]{7,40})")
VOCABULARY = ("vocab.json", "merges.txt")
FILES = ("model_index.json", "oneword.json", "*/config.json", "*/*.safetensors", "scheduler/*", "tokenizer*/*")


def load(source: str | Path, *, device: str = "auto", offline: bool = True, compiled: bool = False) -> BaseModel:
    """Load a folder, or "org/name@revision" from the hub; with `offline`, only what the hub's cache already holds.

    With `compiled`, teaching on it runs a compiled UNet.

    Raises BaseModelError with a sentence that names the model, what is wrong and what to do.
    """
    folder = folder_of(str(source), offline)
    # Sentences name a folder by its last part: where it lies on the server is nobody's business.
    title = folder.name if Path(source).is_dir() else str(source)
    family = _family(folder, _json(folder, "model_index.json", title), title)
    torch_device = device_of(device)
    precision = Precision.of(torch_device, folder)
    reader = _Reader(folder, title, torch_device)
    return BaseModel(
        id=str(source),
        folder=folder,
        family=family,
        encoders=tuple(
            TextEncoder(
                name,
                reader.tokenizer(name.replace("text_encoder", "tokenizer")),
                reader.encoder(name, kind, precision.model),
            )
            for name, kind in family.encoder_classes.items()
        ),
        unet=reader.unet(precision.model),
        vae=reader.vae(),
        scheduler_config=_json(folder, "scheduler/scheduler_config.json", title),
        card=_card(folder, title),
        device=torch_device,
        precision=precision,
        compiled=compiled,
    )


def folder_of(source: str, offline: bool, what: str = "base model") -> Path:
    """Where the files of a folder or of a pinned hub name are. Raises BaseModelError."""
    if Path(source).is_dir():
        return Path(source)
    if (name := HUB_NAME.fullmatch(source)) is None:
        raise BaseModelError(
            f"There is no {what} at {source!r}. Give a folder, or a hub name with a pinned revision such as "
            "org/name@0123abc."
        )
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(
            snapshot_download(
                name["repository"], revision=name["revision"], allow_patterns=list(FILES), local_files_only=offline
            )
        )
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError, ValueError) as error:
        where = "in this machine's cache" if offline else "on the hub"
        raise BaseModelError(
            f"The {what} {source} was not found {where}. Download it once while online, or correct its name and "
            "revision in the settings."
        ) from error


def has_vocabulary(folder: Path) -> bool:
    """Whether a folder holds a tokenizer's words. Without them, transformers would make one that knows none."""
    return (folder / "tokenizer.json").is_file() or all((folder / name).is_file() for name in VOCABULARY)


def _json(folder: Path, name: str, title: str) -> dict[str, Any]:
    path = folder / name
    if not path.is_file():
        raise BaseModelError(
            f"Base model {title} lacks the file {name}. Copy the whole diffusers folder, or download it again."
        )
    try:
        content = json.loads(path.read_bytes())
    except ValueError as error:
        raise BaseModelError(f"Base model {title}: {name} is not valid JSON. Download it again.") from error
    if not isinstance(content, dict):
        raise BaseModelError(f"Base model {title}: {name} is not a JSON object. Download it again.")
    return content


def _card(folder: Path, title: str) -> Card:
    if not (folder / "oneword.json").is_file():
        return Card()
    known = {field.name for field in dataclasses.fields(Card)}
    return Card(**{name: value for name, value in _json(folder, "oneword.json", title).items() if name in known})


def _family(folder: Path, index: Mapping[str, Any], title: str) -> Family:
    pipeline = str(index.get("_class_name"))
    width = _json(folder, "unet/config.json", title).get("cross_attention_dim", 0)
    family = family_of(pipeline, width if isinstance(width, int) else 0)
    if family is None:
        known = " or ".join(sorted({family.pipeline for family in FAMILIES}))
        raise BaseModelError(
            f"Base model {title} is a {pipeline}, which Oneword cannot teach. It needs a {known}: Stable Diffusion "
            "1.x, 2.x or XL."
        )
    expected = {**family.encoder_classes, "unet": "UNet2DConditionModel", "vae": "AutoencoderKL"}
    for component, wanted in expected.items():
        entry = index.get(component)
        found = entry[1] if isinstance(entry, list) and len(entry) == 2 else None
        if found != wanted:
            raise BaseModelError(
                f"Base model {title}: its {component} is {'missing' if found is None else f'a {found}'}, where "
                f"{family.title} has a {wanted}. Use a model of the plain {family.pipeline} layout."
            )
    return family


def device_of(name: str) -> torch.device:
    """The device of the settings. Raises BaseModelError for one that this machine has not."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(name)
    if device.type == "cuda" and not torch.cuda.is_available():
        raise BaseModelError(
            f"The device {name!r} was asked for, but this machine has no CUDA device. Use auto or cpu."
        )
    return device


@dataclasses.dataclass(frozen=True)
class _Reader:
    """Builds frozen components of one folder."""

    folder: Path
    title: str
    device: torch.device

    def tokenizer(self, name: str) -> Any:
        from transformers import CLIPTokenizer

        if not (self.folder / name).is_dir():
            raise BaseModelError(f"Base model {self.title} lacks the folder {name}. Download it again, whole.")
        if not has_vocabulary(self.folder / name):
            raise BaseModelError(
                f"Base model {self.title}: its {name} has neither tokenizer.json nor vocab.json with merges.txt. Copy "
                "the whole diffusers folder, or download it again."
            )
        try:
            return CLIPTokenizer.from_pretrained(self.folder / name, local_files_only=True)
        except Exception as error:  # the tokenizers library raises bare Exceptions
            raise BaseModelError(f"Base model {self.title}: its {name} cannot be read ({error}).") from error

    def encoder(self, name: str, kind: str, dtype: torch.dtype) -> nn.Module:
        import transformers
        from transformers.utils import logging

        logging.disable_progress_bar()
        return self._module(name, getattr(transformers, kind), "model", {"dtype": dtype})

    def unet(self, dtype: torch.dtype) -> nn.Module:
        from diffusers import UNet2DConditionModel

        options = {"torch_dtype": dtype, "low_cpu_mem_usage": True}
        return self._module("unet", UNet2DConditionModel, "diffusion_pytorch_model", options)

    def vae(self) -> nn.Module:
        from diffusers import AutoencoderKL

        options = {"torch_dtype": torch.float32, "low_cpu_mem_usage": True}
        return self._module("vae", AutoencoderKL, "diffusion_pytorch_model", options)

    def _module(self, name: str, kind: Any, stem: str, options: dict[str, Any]) -> nn.Module:
        variant = self._variant(name, stem)
        try:
            module: nn.Module = kind.from_pretrained(
                self.folder / name, use_safetensors=True, local_files_only=True, variant=variant, **options
            )
        except Exception as error:  # safetensors, transformers and diffusers each have their own
            raise BaseModelError(
                f"Base model {self.title}: its {name} cannot be loaded ({type(error).__name__}: {error}). "
                "Download it again."
            ) from error
        if self.device.type == "cuda" and name in ("unet", "vae"):
            module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # what convolutions like
        return module.to(self.device).eval().requires_grad_(False)

    def _variant(self, name: str, stem: str) -> str | None:
        """Which weight file of a component to read: the plain one, or else `fp16`."""
        folder = self.folder / name
        if not (folder / "config.json").is_file():
            raise BaseModelError(
                f"Base model {self.title} lacks the file {name}/config.json. Copy the whole diffusers folder, or "
                "download it again."
            )
        if any(folder.glob(f"{stem}.safetensors*")) or any(folder.glob(f"{stem}-*.safetensors")):
            return None
        if any(folder.glob(f"{stem}.fp16*.safetensors*")):
            return "fp16"
        if any(folder.glob("*.bin")) or any(folder.glob("*.ckpt")) or any(folder.glob("*.pt")):
            raise BaseModelError(
                f"Base model {self.title}: its {name} has weights only as pickles, which can run code when they are "
                "opened. Use a copy with .safetensors files."
            )
        raise BaseModelError(
            f"Base model {self.title} lacks the file {name}/{stem}.safetensors. Copy the whole diffusers folder, or "
            "download it again."
        )
