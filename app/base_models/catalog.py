"""The base models that an administrator allows, read from their JSON files alone.

No weight is loaded, no network is asked, and nothing that a user sends ever becomes a path or a repository name.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Final

from app.base_models.tokenizer import Tokenizer
from app.base_models.vocabulary import Vocabulary
from app.contracts.weights import fingerprint, weight_files
from app.core.errors import InvalidInput, NotReady
from app.core.settings import REPOSITORY, Settings

VECTORS_MAX: Final = 16
FAMILY_TITLES: Final = {"sd1": "Stable Diffusion 1", "sd2": "Stable Diffusion 2", "sdxl": "Stable Diffusion XL"}
SD2_CONTEXT_WIDTH: Final = 1024
_HUB_NAME: Final = re.compile(r"(?P<repository>[\w.-]+/[\w.-]+)@(?P<revision>[0-9a-f]{7,40})")
_PIPELINES: Final = {"StableDiffusionPipeline", "StableDiffusionXLPipeline"}
_WEIGHTS: Final = {"text_encoder": "model", "unet": "diffusion_pytorch_model", "vae": "diffusion_pytorch_model"}


class Unready(Exception):
    """Why a base model cannot be used yet, as a sentence."""


@dataclass(frozen=True)
class Facts:
    """What a base model's own files say."""

    name: str
    description: str
    family: str
    resolution: int
    widths: Mapping[str, int]  # of each text encoder
    context_length: int
    mirror: bool
    steps: int
    guidance: float
    scheduler: str


def kind_of(family: str, widths: Mapping[str, int]) -> str:
    """What rows of a family and widths are for, in words."""
    wide = " and ".join(str(width) for width in widths.values())
    return f"{FAMILY_TITLES.get(family, family)}, vectors {wide} wide"


@dataclass(frozen=True)
class AllowedModel:
    """One entry of the allowlist. `id` is what the interface calls it, `source` is what a worker loads."""

    id: str
    source: str

    @cached_property
    def folder(self) -> Path:
        """Where its files are. Raises Unready."""
        if Path(self.source).is_dir():
            return Path(self.source)
        name = _HUB_NAME.fullmatch(self.source)
        if name is None:
            raise Unready(f"There is no folder {Path(self.source).name} where the settings say it is.")
        return _cached_on_this_machine(self.source, name["repository"], name["revision"])

    @cached_property
    def facts(self) -> Facts:
        """What its JSON files say. Raises Unready."""
        return _facts(self.id, self.folder)

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """Its tokenizer (SDXL has two, which cut a text alike). Raises Unready."""
        try:
            return Tokenizer.from_folder(self.folder / "tokenizer")
        except (OSError, ValueError) as error:
            raise Unready(f"The tokenizer of {self.id} cannot be read ({error}).") from error

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Its token embedding, for words that are near in meaning."""
        return Vocabulary(self.folder / "text_encoder", self.tokenizer)

    @property
    def weights_hash(self) -> str | None:
        """Which weights it has at the moment; None while there are none. Read again when a file has changed."""
        try:
            stamps = tuple((str(path), *_stamp(path)) for path in weight_files(self.folder))
            return _fingerprint(self.folder, stamps)
        except (Unready, OSError):
            return None

    @property
    def not_ready_reason(self) -> str | None:
        """Why it cannot be used, or None. Asked again each time, so that a download needs no restart."""
        try:
            _ = self.facts, self.tokenizer
        except Unready as unready:
            return str(unready)
        return None

    def must_be_ready(self) -> None:
        """Raise NotReady with the reason."""
        reason = self.not_ready_reason
        if reason is not None:
            raise NotReady(f"The base model {self.id} is not ready. {reason}", field="base_model", code="base-model")


class Catalog:
    """The allowlist, in the order of the settings."""

    def __init__(self, settings: Settings) -> None:
        self.models = tuple(AllowedModel(id, source) for id, source in sources(settings).items())
        self._by_id = {model.id: model for model in self.models}

    def get(self, model_id: str | None) -> AllowedModel:
        """One base model, None meaning the first. Raises InvalidInput naming those there are, or NotReady."""
        if model_id is None and self.models:
            model_id = self.models[0].id
        model = self._by_id.get(model_id or "")
        if model is None:
            known = ", ".join(self._by_id) or "none"
            raise InvalidInput(
                f"There is no base model {model_id!r} here. There is: {known}.",
                field="base_model",
                code="base-model-unknown",
                suggestions=list(self._by_id),
            )
        model.must_be_ready()
        return model


def sources(settings: Settings) -> dict[str, str]:
    """What each allowed base model is called, and the folder or pinned hub name behind it."""
    found: dict[str, str] = {}
    for entry in settings.base_model_sources:
        source = str(REPOSITORY / "models" / "demo") if entry == "demo" else entry
        name = entry if entry == "demo" or _HUB_NAME.fullmatch(entry) else Path(entry).name
        unique, number = name, 2
        while unique in found:
            unique, number = f"{name}-{number}", number + 1
        found[unique] = source
    return found


def source_of(settings: Settings, name: str) -> str:
    """The folder or pinned hub name behind a base model's id. Raises InvalidInput for one that is not allowed."""
    source = sources(settings).get(name)
    if source is None:
        raise InvalidInput(
            f"The base model {name} is no longer on this studio's list. Add it to ONEWORD_BASE_MODELS again.",
            code="base-model-unknown",
        )
    return source


def _stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns


@lru_cache(maxsize=64)
def _fingerprint(folder: Path, stamps: tuple[tuple[str, int, int], ...]) -> str:
    return fingerprint(folder)


def _cached_on_this_machine(source: str, repository: str, revision: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(snapshot_download(repository, revision=revision, local_files_only=True))
    except (LocalEntryNotFoundError, OSError, ValueError) as error:
        raise Unready(
            f"{source} is not in this machine's hub cache. Download it once: hf download {repository} "
            f"--revision {revision}."
        ) from error


def _facts(model_id: str, folder: Path) -> Facts:
    pipeline = str(_json(folder / "model_index.json").get("_class_name"))
    if pipeline not in _PIPELINES:
        raise Unready(f"It is a {pipeline}, and Oneword teaches Stable Diffusion 1.x, 2.x and XL.")
    unet, vae = _json(folder / "unet/config.json"), _json(folder / "vae/config.json")
    encoders = ["text_encoder", "text_encoder_2"] if pipeline == "StableDiffusionXLPipeline" else ["text_encoder"]
    texts = {name: _json(folder / name / "config.json") for name in encoders}
    for part in (*encoders, "unet", "vae"):
        _must_have_weights(folder / part, _WEIGHTS[part.removesuffix("_2")])
    card = _json(folder / "oneword.json") if (folder / "oneword.json").is_file() else {}
    size = unet["sample_size"]
    latent = int(size[0] if isinstance(size, list) else size)
    return Facts(
        name=str(card.get("name") or model_id),
        description=str(card.get("description", "")),
        family=_family(pipeline, unet),
        resolution=latent * 2 ** (len(vae["block_out_channels"]) - 1),
        widths={name: int(text["hidden_size"]) for name, text in texts.items()},
        context_length=int(texts["text_encoder"]["max_position_embeddings"]),
        mirror=bool(card.get("mirror", True)),
        steps=int(card.get("steps", 25)),
        guidance=float(card.get("guidance", 7.5)),
        scheduler=str(card.get("scheduler", "dpm++2m-karras")),
    )


def _family(pipeline: str, unet: Mapping[str, Any]) -> str:
    if pipeline == "StableDiffusionXLPipeline":
        return "sdxl"
    return "sd2" if unet.get("cross_attention_dim") == SD2_CONTEXT_WIDTH else "sd1"


def _json(path: Path) -> dict[str, Any]:
    where = f"{path.parent.name}/{path.name}"
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise Unready(f"The file {where} is missing. Copy the whole diffusers folder.") from error
    except ValueError as error:
        raise Unready(f"The file {where} is not valid JSON. Download it again.") from error
    if not isinstance(content, dict):
        raise Unready(f"The file {where} is not a JSON object. Download it again.")
    return content


def _must_have_weights(folder: Path, stem: str) -> None:
    if not any(folder.glob(f"{stem}*.safetensors")):
        raise Unready(f"The file {folder.name}/{stem}.safetensors is missing. Only safetensors are read.")
