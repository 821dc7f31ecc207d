"""Downloads an allowed hub model into the local cache: safetensors and configuration at the pinned revision.

Repositories hold the same weights several times over. Only the copy that a worker loads is downloaded.
"""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.errors import HfHubHTTPError

from app.contracts.encoders import ENCODER_NAMES
from app.contracts.errors import UnfitModel
from app.contracts.families import UNET, VAE
from app.contracts.hub import EXAMPLE, HubName
from app.contracts.model_folder import INDEX, read_model_folder
from app.contracts.weight_files import one_copy
from app.core.errors import InvalidInput, NotReady
from app.core.settings import Settings

COMPONENTS: Final = (*ENCODER_NAMES, UNET, VAE)
_TEXTS: Final = (".json", ".txt")


def fetch(settings: Settings, source: str) -> str:
    """Download `org/name@revision` and return its folder.

    Raises InvalidInput for a name that is not in the settings, and NotReady if the download fails or what was
    downloaded cannot be used.
    """
    allowed = [str(name) for entry in (*settings.base_model_sources, settings.scorer) if (name := HubName.parse(entry))]
    name = HubName.parse(source)
    if name is None or source not in allowed:
        raise InvalidInput(
            f"{source} is not allowed here; ONEWORD_BASE_MODELS and ONEWORD_SCORER name "
            f"{', '.join(allowed) or 'no hub model'}. Add it there with a pinned revision first, such as {EXAMPLE}."
        )
    try:
        names = HfApi().list_repo_files(name.repository, revision=name.revision)
        folder = snapshot_download(name.repository, revision=name.revision, allow_patterns=needed_files(names))
    except (HfHubHTTPError, OSError) as error:
        raise NotReady(
            f"{source} could not be downloaded: {error}. Check the name, the revision and the network."
        ) from error
    if INDEX in names:  # not a scorer
        try:
            read_model_folder(Path(folder))
        except UnfitModel as unfit:
            raise NotReady(f"{source} was downloaded and cannot be used. {unfit}", code="base-model") from unfit
    return folder


def needed_files(names: Sequence[str]) -> list[str]:
    """The files to download: the configuration, and one copy of the weights, in full precision or else in half."""
    texts = [path for path in names if path.endswith(_TEXTS) and path.count("/") <= 1]
    components = COMPONENTS if INDEX in names else ("",)  # a scorer's files lie at the top
    return texts + [path for component in components for path in _weights(component, names)]


def _weights(component: str, names: Sequence[str]) -> list[str]:
    own = {PurePosixPath(path).name: path for path in names if "/".join(PurePosixPath(path).parts[:-1]) == component}
    return [own[name] for name in one_copy(component, list(own))]
