"""Recovers a request from a picture: from Oneword's own recipe, or from the text that AUTOMATIC1111 writes.

The request draws the same pixels as long as the concepts' versions, the base model and the initial picture are still
there. For each of them that is missing there is a note. A recipe from a file is validated like any other input.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import ValidationError
from sqlalchemy.orm import Session

from app.base_models.catalog import Catalog
from app.concepts import queries as concepts
from app.contracts import placeholders, recipe_text
from app.contracts.generation import PictureRef
from app.core.errors import InvalidInput
from app.generation import queries
from app.generation.models import Image
from app.generation.request import GenerationRequest
from app.generation.sizes import fitted
from app.pictures import decoding
from app.pictures.cleaning import UploadedFile
from app.services import Services

_FIELDS: Final = (
    "prompt",
    "negative_prompt",
    "base_model",
    "seed",
    "steps",
    "guidance",
    "scheduler",
    "width",
    "height",
    "init_image",
    "mask",
    "strength",
)
_TEXT_MAX: Final = 100_000  # characters of a recipe


@dataclass(frozen=True)
class Recovered:
    """A request that draws a picture again, and a note for each part that was left out or has changed since."""

    request: GenerationRequest
    read_from: Literal["oneword", "automatic1111"]
    notes: Sequence[str]


def of_file(services: Services, team_id: str, upload: UploadedFile) -> Recovered:
    """The request that draws the picture in a PNG again. Raises PictureError, or InvalidInput if it has no recipe."""
    texts = services.pictures.decode(upload, decoding.png_texts, "image")
    recipe = _recipe(texts.get("oneword", ""))
    if recipe is not None:
        with services.database.reading() as session:
            return of_recipe(session, services.catalog, team_id, recipe)
    read = recipe_text.read(texts.get("parameters", "")[:_TEXT_MAX])
    if read is None:
        raise InvalidInput(
            "This file does not say how it was drawn. Take a PNG as Oneword or AUTOMATIC1111 saved it: chats and "
            "picture editors throw that away.",
            field="image",
            code="recipe-missing",
        )
    request, notes = _valid(read.request)
    request, resized = fitted(services.catalog, request)
    return Recovered(request, "automatic1111", [*read.notes, *notes, *resized])


def of_image(session: Session, catalog: Catalog, image: Image) -> Recovered:
    """The request that draws a picture of the team again."""
    return of_recipe(session, catalog, image.team_id, image.recipe)


def of_recipe(session: Session, catalog: Catalog, team_id: str, recipe: Mapping[str, Any]) -> Recovered:
    """The request that draws what a recipe of Oneword describes."""
    fields = {name: recipe[name] for name in _FIELDS if recipe.get(name) is not None} | {"count": 1}
    notes = []
    known = [model.id for model in catalog.models]
    if fields.get("base_model") not in known:
        notes.append(
            f"It was drawn with {fields.pop('base_model', 'another base model')}, which is not here. Available: "
            f"{', '.join(known)}."
        )
    named = recipe.get("concepts")
    for concept in named if isinstance(named, list) else ():
        if isinstance(concept, dict):
            notes += _pinned(session, team_id, concept, fields)
    request, faults = _valid(fields)
    request, resized = fitted(catalog, request)
    return Recovered(request, "oneword", [*notes, *faults, *resized, *_gone(session, team_id, request)])


def _recipe(text: str) -> dict[str, Any] | None:
    try:
        recipe = json.loads(text[:_TEXT_MAX])
    except (ValueError, RecursionError):
        return None
    return recipe if isinstance(recipe, dict) and isinstance(recipe.get("prompt"), str) else None


def _pinned(session: Session, team_id: str, used: Mapping[str, Any], fields: dict[str, Any]) -> list[str]:
    """Pin the version that was used in the prompts, if the placeholder means another version now. Returns notes."""
    placeholder, number = str(used.get("placeholder")), used.get("version")
    concept = concepts.by_placeholders(session, team_id, {placeholder}).get(placeholder)
    if concept is None:
        return [f"{placeholder} is not in your library. Teach or import it first, or take it out of the prompt."]
    if concept.id != used.get("concept_id"):
        return [f"{placeholder} is another concept in your library than the one it was drawn with."]
    pinned = placeholders.pinned(placeholder, number)
    if not isinstance(number, int) or concept.current_version == number or pinned in str(dict(fields)):
        return []
    if concepts.version(session, team_id, concept.id, number) is None:
        return [f"Version {number} of {placeholder} is gone; its current one is used."]
    plain = re.compile(re.escape(placeholder))
    for field in ("prompt", "negative_prompt"):
        fields[field] = plain.sub(pinned, str(fields.get(field, "")))
    return [f"{placeholder} was taught again since then; version {number}, which drew the picture, is used."]


def _valid(fields: Mapping[str, Any]) -> tuple[GenerationRequest, list[str]]:
    """The request without the fields that are invalid, and a note about each of those."""
    try:
        return GenerationRequest.model_validate(fields), []
    except ValidationError as error:
        faults = {str(fault["loc"][0]): str(fault["msg"]).rstrip(".") for fault in error.errors()}
    rest = {name: value for name, value in fields.items() if name not in faults}
    notes = [f"The {name.replace('_', ' ')} {fields.get(name)} was left out: {why}." for name, why in faults.items()]
    return GenerationRequest.model_validate({"prompt": "", **rest}), notes


def _gone(session: Session, team_id: str, request: GenerationRequest) -> list[str]:
    pictures = {"init_image": "picture it starts from", "mask": "mask"}
    return [
        f"The {what} is not stored here any more. Send it again to draw the same."
        for field, what in pictures.items()
        if (ref := getattr(request, field)) is not None and not _is_here(session, team_id, ref)
    ]


def _is_here(session: Session, team_id: str, ref: PictureRef) -> bool:
    if ref.image_id is not None:
        return queries.image(session, team_id, ref.image_id) is not None
    return queries.upload(session, team_id, ref.id) is not None
