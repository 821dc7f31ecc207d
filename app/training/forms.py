"""The form fields that every endpoint shares that starts a training: its options, and the changes of its pictures."""

from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import Depends, File, Form, UploadFile
from pydantic import ValidationError

from app.contracts.training import Method, Prefer, StartMethod, Tuning
from app.core.errors import InvalidInput
from app.pictures.edits import Edit, Square
from app.training.changes import PictureChange
from app.training.schemas import PictureEdit

MASK_BYTES_MAX: Final = 4_000_000
_EDITS: Final = (
    "One for each picture, in their order, each a JSON object with `crop` (`x`, `y` and `size` of the square, in "
    "pixels of the upright picture), `turn` (degrees clockwise), `mask` (a place in `masks`, from 0) and `caption`. "
    "`{}` changes nothing."
)


def _tuning(
    vectors: Annotated[int | None, Form(description="Rows per text encoder.")] = None,
    steps_max: Annotated[int | None, Form(description="Most optimiser steps.")] = None,
    batch: Annotated[int | None, Form(description="Samples in one step: fewer are faster, more are steadier.")] = None,
    resolution: Annotated[
        int | None,
        Form(description="Side in pixels of the squares that are learned from; less takes less memory and time."),
    ] = None,
    mirror: Annotated[bool | None, Form(description="Whether training also uses mirrored pictures.")] = None,
    seed: Annotated[int, Form(ge=0, le=2**31 - 1)] = 0,
    method: Annotated[
        Method | None,
        Form(description="`directional` trains only the direction of the rows, `classic` also their length."),
    ] = None,
    kappa: Annotated[
        float | None,
        Form(description="For `directional`: a higher value keeps the word editable, a lower one comes closer."),
    ] = None,
    start: Annotated[StartMethod | None, Form(description="The initializer's own rows, or its encoding.")] = None,
    context_weight: Annotated[float | None, Form(description="Weight of the context regularisation; 0: none.")] = None,
    snr_gamma: Annotated[float | None, Form(description="Gamma of the min-SNR weighting; 0: none.")] = None,
    prefer: Annotated[
        Prefer | None,
        Form(description="Which checkpoint is chosen: highest likeness × editability, or highest likeness."),
    ] = None,
) -> Tuning:
    """The training options. The base model's defaults apply to options that are not sent."""
    return Tuning(
        vectors=vectors,
        steps_max=steps_max,
        batch=batch,
        resolution=resolution,
        mirror=mirror,
        seed=seed,
        method=method,
        kappa=kappa,
        start=start,
        context_weight=context_weight,
        snr_gamma=snr_gamma,
        prefer=prefer,
    )


Tuned = Annotated[Tuning, Depends(_tuning)]


def _changes(
    edits: Annotated[list[str], Form(description=_EDITS)] = [],  # noqa: B006
    masks: Annotated[
        list[UploadFile],
        File(description="Masks that `edits` name, each of a whole picture: white is learned from, black is not."),
    ] = [],  # noqa: B006
) -> list[PictureChange]:
    """What the form changes about its pictures. A mask is read as often as an edit names it."""
    return [_change(text, number, masks) for number, text in enumerate(edits, start=1)]


def _change(text: str, number: int, masks: Sequence[UploadFile]) -> PictureChange:
    try:
        edit = PictureEdit.model_validate_json(text or "{}")
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        detail = f"Edit {number} cannot be read: {place + ': ' if place else ''}{first['msg']}."
        raise InvalidInput(detail, field="edits", code="edits") from None
    if edit.mask is not None and edit.mask >= len(masks):
        raise InvalidInput(
            f"Edit {number} names the mask {edit.mask}, and {len(masks)} were sent. The first has the number 0.",
            field="edits",
            code="edits",
        )
    square = None if edit.crop is None else Square(edit.crop.x, edit.crop.y, edit.crop.size, edit.turn)
    if square is None and edit.turn:
        raise InvalidInput(
            f"Edit {number} turns its picture and has no crop. Send the square too.", field="edits", code="edits"
        )
    mask = None
    if edit.mask is not None:
        file = masks[edit.mask].file
        file.seek(0)
        mask = file.read(MASK_BYTES_MAX + 1)
        if len(mask) > MASK_BYTES_MAX:
            raise InvalidInput(
                f"Mask {edit.mask} has more than {MASK_BYTES_MAX // 1_000_000} MB. Send it as a smaller PNG.",
                field="masks",
                code="mask-too-large",
            )
    return PictureChange(Edit(square, mask), edit.caption)


Changed = Annotated[list[PictureChange], Depends(_changes)]
Prompts = Annotated[
    list[str], Form(description="Prompts of your own for the report, each with the placeholder in it; at most 4.")
]
