"""Recovers a request from a picture: from Oneword's own recipe, or from the text that AUTOMATIC1111 writes.

The request draws the same pixels as long as the concepts' versions, the base model and the initial picture are still
there. For each of them that is missing there is a note. A recipe from a file is read in a child process
(`app.pictures.recipes`) and validated like any other input.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import ValidationError
from sqlalchemy.orm import Session

from app.base_models.catalog import Catalog
from app.concepts import queries as concepts
from app.contracts import placeholders
from app.contracts.generation import PictureRef
from app.contracts.limits import RECIPE_CONCEPTS_MAX
from app.contracts.texts import label
from app.core.errors import InvalidInput
from app.generation import queries
from app.generation.models import Image
from app.generation.request import GenerationRequest
from app.generation.sizes import fitted
from app.pictures.cleaning import UploadedFile
from app.pictures.recipes import written_recipe
from app.services import Services

_FIELDS: Final = tuple(GenerationRequest.model_fields)
_VERSION_MAX: Final = 1_000_000


@dataclass(frozen=True)
class Recovered:
    """A request that draws a picture again, and a note for each part that was left out or has changed since."""

    request: GenerationRequest
    read_from: Literal["oneword", "automatic1111"]
    notes: Sequence[str]


def of_file(services: Services, team_id: str, upload: UploadedFile) -> Recovered:
    """The request that draws the picture in a PNG again. Raises PictureError, or InvalidInput if it has no recipe."""
    found = services.pictures.decode(upload, written_recipe, "image")
    if found.read_from == "oneword":
        _check_count(found.concepts_named)
        with services.database.reading() as session:
            return of_recipe(session, services.catalog, team_id, found.request)
    if found.read_from == "nothing":
        raise InvalidInput(
            "This file does not say how it was drawn. Take a PNG as Oneword or AUTOMATIC1111 saved it: chats and "
            "picture editors throw that away.",
            field="image",
            code="recipe-missing",
        )
    request, notes = _valid(found.request)
    request, resized = fitted(services.catalog, request)
    return Recovered(request, "automatic1111", [*found.notes, *notes, *resized])


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
            f"It was drawn with {label(fields.pop('base_model', 'another base model'))}, which is not here. Available: "
            f"{', '.join(known)}."
        )
    notes += _pinned(session, team_id, [each for each in recipe.get("concepts", ()) if isinstance(each, dict)], fields)
    request, faults = _valid(fields)
    request, resized = fitted(catalog, request)
    return Recovered(request, "oneword", [*notes, *faults, *resized, *_gone(session, team_id, request)])


def _check_count(named: int) -> None:
    if named > RECIPE_CONCEPTS_MAX:
        raise InvalidInput(
            f"The recipe in this file names {named} concepts, and two prompts have room for {RECIPE_CONCEPTS_MAX}. "
            "Take a PNG as Oneword saved it.",
            field="image",
            code="recipe-concepts",
        )


def _pinned(session: Session, team_id: str, used: Sequence[Mapping[str, Any]], fields: dict[str, Any]) -> list[str]:
    """Pin the versions that were used in the prompts, where a placeholder means another version now. Returns notes.

    Takes two queries, however many concepts there are.
    """
    found = concepts.by_placeholders(session, team_id, {_placeholder(each) for each in used})
    wanted = {(found[name].id, _number(each)) for each in used if (name := _placeholder(each)) in found}
    stored = {(each.concept_id, each.number) for each in concepts.numbered(session, team_id, wanted)}
    prompts = [str(fields.get(field, "")) for field in ("prompt", "negative_prompt")]
    written = {match[0] for prompt in prompts for match in placeholders.WRITTEN.finditer(prompt)}
    notes, pins = [], {}
    for each in used:
        name, number = _placeholder(each), _number(each)
        concept, pinned = found.get(name), placeholders.pinned(name, number)
        if concept is None:
            notes.append(f"{name} is not in your library. Teach or import it first, or take it out of the prompt.")
        elif concept.id != each.get("concept_id"):
            notes.append(f"{name} is another concept in your library than the one it was drawn with.")
        elif number == 0 or concept.current_version == number or pinned in written:
            continue
        elif (concept.id, number) not in stored:
            notes.append(f"Version {number} of {name} is gone; its current one is used.")
        else:
            pins[name] = pinned
            notes.append(f"{name} was taught again since then; version {number}, which drew the picture, is used.")
    if pins:
        for field, prompt in zip(("prompt", "negative_prompt"), prompts, strict=True):
            fields[field] = placeholders.WRITTEN.sub(lambda match: pins.get(match[0], match[0]), prompt)
    return notes


def _placeholder(used: Mapping[str, Any]) -> str:
    """The placeholder of a concept in a recipe, cut to the length that one can have."""
    return label(used.get("placeholder"), 64)


def _number(used: Mapping[str, Any]) -> int:
    """The version of a concept in a recipe; 0 if it is none."""
    number = used.get("version")
    return number if isinstance(number, int) and 0 < number <= _VERSION_MAX else 0


def _valid(fields: Mapping[str, Any]) -> tuple[GenerationRequest, list[str]]:
    """The request without the fields that are invalid, and a note about each of those."""
    try:
        return GenerationRequest.model_validate(fields), []
    except ValidationError as error:
        faults = {str(fault["loc"][0]): str(fault["msg"]).rstrip(".") for fault in error.errors()}
    rest = {name: value for name, value in fields.items() if name not in faults}
    notes = [
        f"The {name.replace('_', ' ')} {label(fields.get(name))} was left out: {why}." for name, why in faults.items()
    ]
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
