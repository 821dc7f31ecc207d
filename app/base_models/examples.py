"""Ready lessons: example pictures that come with the studio, for whoever has none at hand. They belong to no team.

They suit the demo model alone, so without it there are none. What a user sends never becomes a path.
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
    """Every ready lesson that a base model of this studio suits, by name."""
    return _on_disk(FOLDER) if any(model.id == DEMO for model in catalog.models) else ()


def picture(catalog: Catalog, lesson_id: str, number: int) -> bytes:
    """A lesson's picture as JPEG, counted from 1. Raises NotFound."""
    for lesson in examples(catalog):
        if lesson.id == lesson_id and 1 <= number <= len(lesson.pictures):
            return lesson.pictures[number - 1].read_bytes()
    raise NotFound("There is no such example picture.")


@cache
def _on_disk(folder: Path) -> tuple[Example, ...]:
    return tuple(_read(card) for card in sorted(folder.glob("*/concept.json")))


def _read(card: Path) -> Example:
    told = json.loads(card.read_text())
    return Example(
        id=card.parent.name,
        name=told["name"],
        placeholder=told["placeholder"],
        initializer=told["initializer"],
        kind=told["kind"],
        pictures=tuple(sorted(card.parent.glob("*.jpg"))),
    )
