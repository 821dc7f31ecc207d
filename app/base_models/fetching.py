"""Fetches an allowed hub model into the local cache: safetensors and configuration at the pinned revision."""

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError

from app.errors import InvalidInput, NotReady
from app.settings import Settings

WANTED = ("*.json", "*/*.json", "*/*.txt", "*/*.safetensors")


def fetch(settings: Settings, source: str) -> str:
    """Download `org/name@revision` and return its folder. Only what the allowlist names is fetched."""
    if source not in settings.base_model_sources or "@" not in source:
        allowed = ", ".join(entry for entry in settings.base_model_sources if "@" in entry) or "no hub model"
        raise InvalidInput(
            f"{source} is not allowed here; ONEWORD_BASE_MODELS names {allowed}. "
            "Add it there as org/name@revision first."
        )
    name, _, revision = source.partition("@")
    try:
        return snapshot_download(name, revision=revision, allow_patterns=list(WANTED))
    except (HfHubHTTPError, OSError) as error:
        raise NotReady(
            f"{source} could not be fetched: {error}. Check the name, the revision and the network."
        ) from error
