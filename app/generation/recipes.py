"""From what made a picture to a request that makes it again: a recipe of ours, or the text of AUTOMATIC1111.

The same pixels come of it as long as the concepts' versions, the base model and the picture it started from are there.
What is not is said in a sentence. What a file says is checked like anything else that is sent.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy.orm import Session

from app.base_models.catalog import Catalog
from app.concepts import queries as concepts
from app.contracts import placeholders, recipe_text
from app.contracts.generation import PictureRef
from app.core.errors import InvalidInput
from app.generation import queries
from app.generation.models import Image
from app.generation.schemas import GenerationRequest, RecoveredRequest
from app.pictures import decoding
from app.pictures.cleaning import UploadedFile
from app.web.dependencies import Services

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
_TEXT_MAX: Final = 100_000


def of_file(services: Services, team_id: str, upload: UploadedFile) -> RecoveredRequest:
    """What to send to draw the picture in this PNG again. Raises PictureError, or InvalidInput if it does not say."""
    texts = services.pictures.one(upload, decoding.texts, "image")
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
    order, notes = _valid(read.request)
    return RecoveredRequest(order=order, read_from="automatic1111", notes=[*read.notes, *notes])


def of_image(session: Session, catalog: Catalog, image: Image) -> RecoveredRequest:
    """What to send to draw a picture of the team again."""
    return of_recipe(session, catalog, image.team_id, image.recipe)


def of_recipe(session: Session, catalog: Catalog, team_id: str, recipe: Mapping[str, Any]) -> RecoveredRequest:
    """What to send to draw what a recipe of ours describes."""
    wanted = {name: recipe[name] for name in _FIELDS if recipe.get(name) is not None} | {"count": 1}
    notes = []
    known = [model.id for model in catalog.models]
    if wanted.get("base_model") not in known:
        notes.append(
            f"It was drawn with {wanted.pop('base_model', 'another base model')}, which is not here. There is: "
            f"{', '.join(known)}."
        )
    named = recipe.get("concepts")
    for concept in named if isinstance(named, list) else ():
        if isinstance(concept, dict):
            notes += _pinned(session, team_id, concept, wanted)
    order, faults = _valid(wanted)
    return RecoveredRequest(order=order, read_from="oneword", notes=[*notes, *faults, *_gone(session, team_id, order)])


def _recipe(text: str) -> dict[str, Any] | None:
    try:
        recipe = json.loads(text[:_TEXT_MAX])
    except (ValueError, RecursionError):
        return None
    return recipe if isinstance(recipe, dict) and isinstance(recipe.get("prompt"), str) else None


def _pinned(session: Session, team_id: str, used: Mapping[str, Any], wanted: dict[str, Any]) -> list[str]:
    """Make the prompts name the version that was used, if the placeholder means another one by now."""
    placeholder, number = str(used.get("placeholder")), used.get("version")
    concept = concepts.by_placeholders(session, team_id, {placeholder}).get(placeholder)
    if concept is None:
        return [f"{placeholder} is not in your library. Teach or import it first, or take it out of the prompt."]
    if concept.id != used.get("concept_id"):
        return [f"{placeholder} is another concept in your library than the one it was drawn with."]
    pinned = placeholders.pinned(placeholder, number)
    if not isinstance(number, int) or concept.current_version == number or pinned in str(dict(wanted)):
        return []
    if concepts.version(session, team_id, concept.id, number) is None:
        return [f"Version {number} of {placeholder} is gone; its current one is used."]
    plain = re.compile(re.escape(placeholder))
    for field in ("prompt", "negative_prompt"):
        wanted[field] = plain.sub(pinned, str(wanted.get(field, "")))
    return [f"{placeholder} was taught again since; version {number} is used, as then."]


def _valid(wanted: Mapping[str, Any]) -> tuple[GenerationRequest, list[str]]:
    """The request, without the fields that cannot be used, and a sentence about each of those."""
    try:
        return GenerationRequest.model_validate(wanted), []
    except ValidationError as error:
        faults = {str(fault["loc"][0]): str(fault["msg"]).rstrip(".") for fault in error.errors()}
    rest = {name: value for name, value in wanted.items() if name not in faults}
    notes = [f"The {name.replace('_', ' ')} {wanted.get(name)} was left out: {why}." for name, why in faults.items()]
    return GenerationRequest.model_validate({"prompt": "", **rest}), notes


def _gone(session: Session, team_id: str, order: GenerationRequest) -> list[str]:
    there = {"init_image": "picture it starts from", "mask": "mask"}
    return [
        f"The {what} is not stored here any more. Send it again to draw the same."
        for field, what in there.items()
        if (ref := getattr(order, field)) is not None and not _is_here(session, team_id, ref)
    ]


def _is_here(session: Session, team_id: str, ref: PictureRef) -> bool:
    if ref.image_id is not None:
        return queries.image(session, team_id, ref.image_id) is not None
    return queries.upload(session, team_id, ref.id) is not None
