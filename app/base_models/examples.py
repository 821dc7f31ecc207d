"""Example pictures that come with the studio, for users who have none at hand. They belong to no team.

They suit the demo model only: without it there are none. Nothing that a user sends becomes a path.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from app.base_models.catalog import Catalog
from app.contracts.training import ConceptKind
from app.core.errors import NotFound
from app.core.settings import REPOSITORY

FOLDER: Final = REPOSITORY / "examples"
DEMO: Final = "demo"


@dataclass(frozen=True)
class Example:
    """One folder of examples."""

    id: str
    name: str
    placeholder: str
    initializer: str
    kind: ConceptKind
    pictures: tuple[Path, ...]


def examples(catalog: Catalog) -> tuple[Example, ...]:
    """Every example that suits a base model of this studio, sorted by folder."""
    return _on_disk(FOLDER) if any(model.id == DEMO for model in catalog.models) else ()


def picture(catalog: Catalog, example_id: str, number: int) -> bytes:
    """Picture `number` of an example as JPEG, counted from 1. Raises NotFound."""
    for example in examples(catalog):
        if example.id == example_id and 1 <= number <= len(example.pictures):
            return example.pictures[number - 1].read_bytes()
    raise NotFound("There is no such example picture.")


@cache
def _on_disk(folder: Path) -> tuple[Example, ...]:
    return tuple(_read(card) for card in sorted(folder.glob("*/concept.json")))


def _read(card: Path) -> Example:
    stated = json.loads(card.read_text())
    return Example(
        id=card.parent.name,
        name=stated["name"],
        placeholder=stated["placeholder"],
        initializer=stated["initializer"],
        kind=stated["kind"],
        pictures=tuple(sorted(card.parent.glob("*.jpg"))),
    )
