"""Fetches an allowed hub model into the local cache: safetensors and configuration at the pinned revision.

Repositories hold the same weights several times over; only what a worker would load is fetched.
"""

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final

from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.errors import HfHubHTTPError

from app.core.errors import InvalidInput, NotReady
from app.core.settings import Settings

COMPONENTS: Final = ("text_encoder", "text_encoder_2", "unet", "vae")
_TEXTS: Final = (".json", ".txt")


def fetch(settings: Settings, source: str) -> str:
    """Download `org/name@revision` and return its folder. Only what the settings name is fetched."""
    allowed = [entry for entry in (*settings.base_model_sources, settings.scorer) if "@" in entry]
    if source not in allowed:
        raise InvalidInput(
            f"{source} is not allowed here; ONEWORD_BASE_MODELS and ONEWORD_SCORER name "
            f"{', '.join(allowed) or 'no hub model'}. Add it there as org/name@revision first."
        )
    name, _, revision = source.partition("@")
    try:
        there = HfApi().list_repo_files(name, revision=revision)
        return snapshot_download(name, revision=revision, allow_patterns=wanted(there))
    except (HfHubHTTPError, OSError) as error:
        raise NotReady(
            f"{source} could not be fetched: {error}. Check the name, the revision and the network."
        ) from error


def wanted(there: Sequence[str]) -> list[str]:
    """Of a repository's files the configuration, and one copy of the weights: in full precision, else in half."""
    texts = [path for path in there if path.endswith(_TEXTS) and path.count("/") <= 1]
    weights = [path for path in there if path.endswith(".safetensors")]
    components = COMPONENTS if "model_index.json" in there else ("",)  # a scorer lies at the top
    return texts + [path for component in components for path in _one_copy(component, weights)]


def _one_copy(component: str, weights: Sequence[str]) -> list[str]:
    stem = "diffusion_pytorch_model" if component in ("unet", "vae") else "model"
    own = [path for path in weights if "/".join(PurePosixPath(path).parts[:-1]) == component]
    names = {path: PurePosixPath(path).name for path in own}
    plain = [path for path in own if names[path].startswith((f"{stem}.safetensors", f"{stem}-"))]
    return plain or [path for path in own if names[path].startswith(f"{stem}.fp16")]
