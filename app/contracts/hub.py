"""Where a base model's files are: a folder, or a repository of the Hugging Face hub at a pinned revision.

Asks no network and opens no file.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.contracts.errors import UnfitModel

_GRAMMAR: Final = re.compile(r"(?P<repository>[\w.-]+/[\w.-]+)@(?P<revision>[0-9a-f]{7,40})")
EXAMPLE: Final = "org/name@0123abc"


@dataclass(frozen=True)
class HubName:
    """`org/name@revision`. The revision is a commit of 7 to 40 hexadecimal digits: branches and tags move."""

    repository: str
    revision: str

    @classmethod
    def parse(cls, text: str) -> "HubName | None":
        """A hub name, or None for any other text."""
        found = _GRAMMAR.fullmatch(text)
        return cls(found["repository"], found["revision"]) if found else None

    def __str__(self) -> str:
        return f"{self.repository}@{self.revision}"

    def not_cached(self) -> UnfitModel:
        """The error for a repository that is not in the hub's cache on this machine."""
        return UnfitModel(f"{self} was not found in this machine's hub cache. Download it once: oneword pull {self}")


def locate(source: str) -> Path | HubName:
    """The folder or the hub name behind an entry of the settings. Raises UnfitModel for anything else."""
    if Path(source).is_dir():
        return Path(source)
    name = HubName.parse(source)
    if name is None:
        # Only the last part of a path is shown: users have no use for the server's folders.
        raise UnfitModel(
            f"There is no folder {Path(source).name}. Correct the settings: they take a folder, or a hub name with a "
            f"pinned revision such as {EXAMPLE}."
        )
    return name
