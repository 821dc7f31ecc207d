"""Downloads an allowed hub model into the local cache: safetensors and configuration at the pinned revision.

The JSON files come first, and decide whether the weights are worth their gigabytes. Repositories hold the same weights
several times over; only the copy that a worker loads is downloaded.
"""

from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import Final, TypeVar

from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.errors import HfHubHTTPError

from app.contracts.errors import UnfitModel
from app.contracts.hub import EXAMPLE, HubName
from app.contracts.model_folder import read_configuration, read_model_folder
from app.contracts.scorer_folder import read_scorer_configuration, read_scorer_folder
from app.contracts.weight_files import check_listed, one_copy
from app.core.errors import InvalidInput, NotReady
from app.core.settings import Settings

_TEXTS: Final = (".json", ".txt")

Answer = TypeVar("Answer")


def fetch(settings: Settings, source: str) -> str:
    """Download `org/name@revision` and return its folder. Weights follow only if the JSON files allow their use.

    Raises InvalidInput for a name that is not in the settings, and NotReady if the download fails or the model cannot
    be used.
    """
    allowed = [str(name) for entry in (*settings.base_model_sources, settings.scorer) if (name := HubName.parse(entry))]
    name = HubName.parse(source)
    if name is None or source not in allowed:
        raise InvalidInput(
            f"{source} is not allowed here; ONEWORD_BASE_MODELS and ONEWORD_SCORER name "
            f"{', '.join(allowed) or 'no hub model'}. Add it there with a pinned revision first, such as {EXAMPLE}."
        )
    names = _asked(source, lambda: HfApi().list_repo_files(name.repository, revision=name.revision))

    def download(files: Sequence[str]) -> Path:
        folder = snapshot_download(name.repository, revision=name.revision, allow_patterns=list(files))
        return Path(folder)

    folder = _asked(source, lambda: download(texts(names)))
    is_scorer = source not in settings.base_model_sources
    try:
        components = _judged(folder, source, names, is_scorer=is_scorer)
        for component in components:
            check_listed(component, list(_own(component, names)))
    except UnfitModel as unfit:
        detail = f"{source} cannot be used. {unfit} Its weights were not downloaded."
        raise NotReady(detail, code="base-model") from unfit
    folder = _asked(source, lambda: download(needed_files(names, components)))
    try:
        read_scorer_folder(folder) if is_scorer else read_model_folder(folder, source)
    except UnfitModel as unfit:
        raise NotReady(f"{source} was downloaded and cannot be used. {unfit}", code="base-model") from unfit
    return str(folder)


def _asked(source: str, ask: Callable[[], Answer]) -> Answer:
    try:
        return ask()
    except (HfHubHTTPError, OSError) as error:
        raise NotReady(
            f"{source} could not be downloaded: {error}. Check the name, the revision and the network."
        ) from error


def _judged(folder: Path, source: str, names: Sequence[str], *, is_scorer: bool) -> tuple[str, ...]:
    """The components with weights of a model that can be used. Raises UnfitModel."""
    if is_scorer:
        read_scorer_configuration(folder)
        return ("",)  # its files lie at the top
    return read_configuration(folder, source, names)[1]


def texts(names: Sequence[str]) -> list[str]:
    """The configuration files of a repository."""
    return [path for path in names if path.endswith(_TEXTS) and path.count("/") <= 1]


def needed_files(names: Sequence[str], components: Sequence[str]) -> list[str]:
    """The files to download: the configuration, and one copy of the weights, in full precision or else in half."""
    return texts(names) + [path for component in components for path in _weights(component, names)]


def _weights(component: str, names: Sequence[str]) -> list[str]:
    own = _own(component, names)
    return [own[name] for name in one_copy(component, list(own))]


def _own(component: str, names: Sequence[str]) -> dict[str, str]:
    """A component's files: file name -> path in the repository."""
    return {PurePosixPath(path).name: path for path in names if "/".join(PurePosixPath(path).parts[:-1]) == component}
