"""The endpoints that help before a concept is taught: the check of its pictures, masks, and the queue."""

from typing import Annotated

from fastapi import APIRouter, File, Form, Query, Response, UploadFile

from app.concepts.schemas import CheckedPicture, Crop, Fault, Kind, PictureCheck
from app.core.errors import InvalidInput, PictureError
from app.jobs.prospects import prospect
from app.pictures.advice import Advice, advice_on
from app.pictures.cleaning import CheckedUpload, UploadedFile, count_problem
from app.pictures.segmentation import Around, made_mask
from app.training.changes import edits_of
from app.training.forms import Changed
from app.training.schemas import TrainingEstimate
from app.web import file_responses
from app.web.dependencies import Reading, ServicesOf
from app.web.json_forms import FormOrJson
from app.web.sign_in import MayTeach

router = APIRouter(prefix="/api", tags=["concepts"], route_class=FormOrJson)

Images = Annotated[list[UploadFile], File(description="JPEG, PNG or WebP; training uses the centre square.")]
Pixels = Annotated[float | None, Form(ge=-100_000, le=100_000)]


@router.post("/pictures/check")
def check_pictures(
    _: MayTeach,
    services: ServicesOf,
    changes: Changed,
    images: Images = [],  # noqa: B006
    base_model: Annotated[str | None, Form()] = None,
    kind: Annotated[Kind, Form(description="What they show. Of a style, backgrounds are learned too.")] = "object",
) -> PictureCheck:
    """Check pictures as an upload would, without storing them: what is wrong, what to do better, and a score."""
    model, settings = services.catalog.get(base_model), services.settings
    edits = edits_of(changes, len(images))
    uploads = [UploadedFile(image.filename or "", image.file.read()) for image in images]
    checked = services.pictures.check(uploads, model.facts.resolution, edits, kind, keep=False)
    problems: list[Fault] = []
    try:
        count_problem(len(checked), settings.pictures_min, settings.pictures_max)
    except PictureError as error:
        problems.append(Fault(code=error.code, detail=error.detail))
    faults = [([each.problem] if each.problem else []) + each.warnings for each in checked]
    judged = [(each.picture, found) for each, found in zip(checked, faults, strict=True)]
    advice = advice_on(judged, model.facts.resolution, settings.pictures_min, kind)
    pictures = [_picture(each, advice) for each in checked]
    return PictureCheck(
        ok=not problems and not any(each.problem for each in pictures),
        pictures=pictures,
        problems=problems,
        score=advice.score if checked else None,
        advice=[Fault(code=fault.code, detail=fault.detail) for fault in advice.faults],
    )


def _picture(each: CheckedUpload, advice: Advice) -> CheckedPicture:
    picture = each.picture
    return CheckedPicture(
        index=each.index,
        name=each.name,
        width=picture.width if picture else None,
        height=picture.height if picture else None,
        crop=Crop(**dict(zip(("x", "y", "size"), picture.crop, strict=True))) if picture else None,
        masked=picture is not None and picture.mask is not None,
        score=advice.scores[each.index],
        warnings=[Fault(code=warning.code, detail=f"It {warning.detail}") for warning in each.warnings],
        problem=Fault(code=each.problem.code, detail=f"It {each.problem.detail}") if each.problem else None,
    )


@router.post("/pictures/mask", response_class=file_responses.Png)
def make_mask(
    _: MayTeach,
    services: ServicesOf,
    image: Annotated[UploadFile, File(description="JPEG, PNG or WebP.")],
    x: Pixels = None,
    y: Pixels = None,
    width: Pixels = None,
    height: Pixels = None,
) -> Response:
    """A mask of what a picture shows, made by GrabCut: white on the subject, in the picture's shape. Nothing is stored.

    `x`, `y`, `width` and `height` are a rectangle around the subject, in pixels of the upright picture; without them
    most of the picture is taken."""
    around: Around | None = None
    if x is not None and y is not None and width is not None and height is not None:
        around = x, y, width, height
    elif any(each is not None for each in (x, y, width, height)):
        raise InvalidInput("A rectangle has x, y, width and height. Send all four, or none.", field="x", code="mask")
    upload = UploadedFile(image.filename or "", image.file.read())
    made = services.masks.decode(upload, made_mask(around), "image")
    return file_responses.passing_picture(made.content, file_responses.Png)


@router.get("/trainings/estimate")
def estimate_training(
    principal: MayTeach,
    services: ServicesOf,
    session: Reading,
    base_model: Annotated[str | None, Query(description="Id of the base model. Empty: the first.")] = None,
    steps_max: Annotated[
        int | None, Query(ge=1, le=1_000_000, description="Most optimiser steps. Empty: the base model's.")
    ] = None,
) -> TrainingEstimate:
    """When a training would begin and end if it were asked for now."""
    model = services.catalog.get(base_model)
    found = prospect(session, principal.team_id, principal.user_id, model.id, {"steps_max": steps_max})
    return TrainingEstimate(ahead=found.ahead, starts_at=found.starts_at, ends_at=found.ends_at, seconds=found.seconds)
