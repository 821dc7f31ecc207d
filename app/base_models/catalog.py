"""The base models that an administrator allows, read from their JSON files alone.

Loads no weights and asks no network. Nothing that a user sends becomes a path or a repository name.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from app.base_models.tokenizer import Tokenizer
from app.base_models.vocabulary import Vocabulary
from app.contracts.component_configs import unreadable_tokenizer
from app.contracts.encoders import FIRST, tokenizer_of
from app.contracts.errors import UnfitModel
from app.contracts.hub import HubName, locate
from app.contracts.model_folder import ModelFacts, read_model_folder
from app.contracts.sizes import SizeLimit
from app.contracts.weights import fingerprint, fingerprinted_files
from app.core.errors import InvalidInput, NotReady
from app.core.settings import REPOSITORY, Settings


@dataclass(frozen=True)
class AllowedModel:
    """One entry of the allowlist. `id` is its name in the API; a worker loads the folder or hub name `source`."""

    id: str
    source: str
    pixels_max: int = Settings.model_fields["pixels_max"].default  # of one picture, whatever its files state

    @cached_property
    def folder(self) -> Path:
        """The folder with its files. Raises UnfitModel."""
        found = locate(self.source)
        return _in_hub_cache(found) if isinstance(found, HubName) else found

    @cached_property
    def facts(self) -> ModelFacts:
        """The properties that the model's files state. Raises UnfitModel."""
        return read_model_folder(self.folder, self.id)

    @property
    def size_limit(self) -> SizeLimit:
        """The largest picture that it draws. Raises UnfitModel."""
        return SizeLimit.of(self.facts.resolution, self.facts.card, self.pixels_max)

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """Its first tokenizer; the second one of SDXL splits a text alike. Raises UnfitModel."""
        name = tokenizer_of(FIRST)
        try:
            return Tokenizer.from_folder(self.folder / name)
        except Exception as error:  # the tokenizers library raises bare Exceptions
            raise unreadable_tokenizer(name) from error

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Its token embedding, for words that are near in meaning."""
        return Vocabulary(self.facts.weights[FIRST].files, self.tokenizer)

    @property
    def weights_hash(self) -> str | None:
        """Fingerprint of its weights as they are now; None without any. Computed again when a file changed."""
        try:
            stamps = tuple((str(path), *_stamp(path)) for path in fingerprinted_files(self.folder))
            return _fingerprint(self.folder, stamps)
        except (UnfitModel, OSError):
            return None

    @property
    def not_ready_reason(self) -> str | None:
        """Why it cannot be used, or None. Checked on every call until it is ready: a download needs no restart."""
        try:
            _ = self.facts, self.tokenizer
        except UnfitModel as unfit:
            return str(unfit)
        return None

    def must_be_ready(self) -> None:
        """Raise NotReady with the reason."""
        reason = self.not_ready_reason
        if reason is not None:
            raise NotReady(f"The base model {self.id} is not ready. {reason}", field="base_model", code="base-model")

    def must_be_teachable(self) -> None:
        """Raise InvalidInput with the reason if words are not taught on it. Raises UnfitModel."""
        reason = self.facts.not_teachable_reason
        if reason is not None:
            raise InvalidInput(reason, field="base_model", code="base-model-not-taught")


class Catalog:
    """The allowed base models, in the order of the settings."""

    def __init__(self, settings: Settings) -> None:
        self.models = tuple(AllowedModel(id, source, settings.pixels_max) for id, source in sources(settings).items())
        self._by_id = {model.id: model for model in self.models}

    def get(self, model_id: str | None) -> AllowedModel:
        """The base model with this id; None means the first. Raises InvalidInput with the known ids, or NotReady."""
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

    def warm(self) -> None:
        """Read the files of every base model now, so that the first request need not wait for them."""
        for model in self.models:
            if model.not_ready_reason is None:
                _ = model.weights_hash


def sources(settings: Settings) -> dict[str, str]:
    """Id of each allowed base model -> the folder or pinned hub name behind it."""
    found: dict[str, str] = {}
    for entry in settings.base_model_sources:
        source = str(REPOSITORY / "models" / "demo") if entry == "demo" else entry
        name = entry if entry == "demo" or HubName.parse(entry) else Path(entry).name
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


def _in_hub_cache(name: HubName) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name.repository, revision=name.revision, local_files_only=True))
    except (LocalEntryNotFoundError, OSError, ValueError) as error:
        raise name.not_cached() from error
