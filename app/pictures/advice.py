"""What to say of pictures before a concept is taught from them, and a score of the whole set, 0 to 100.

The rules are of thumb, and refuse nothing. Each takes points from its picture, 100 at first; the score of the set is
the mean, less what concerns all pictures:

    points  of a picture that                      points  of a set
    50      is the same or nearly the same         25      on one background
    40      has a quarter of the model's pixels    5       of the fewest pictures that are allowed
    35      looks blurred
    20      is dark
    15      has little contrast
    15      is cut off (at each edge, at most 30)
    15      shows the subject small
    5       is long, and loses much at its ends
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from app.pictures.decoding import CleanPicture, PictureFault
from app.pictures.measures import Measures, likeness, sameness

BLURRED_BELOW: Final = 12.0  # sharpness of a picture that looks blurred
CROPPED_ABOVE: Final = 0.4  # share of a picture outside the square
ALIKE_BITS: Final = 5  # of 256 bits of the difference hash
ALIKE, ALIKE_COLOURS = 0.97, 0.9  # correlation of thumbnails, alone and beside an equal hash
DARK_BELOW: Final = 70.0  # levels of luma
FLAT_BELOW: Final = 32.0  # levels of luma
SMALL_SUBJECT: Final = 0.06  # of the square
ONE_BACKGROUND: Final = 0.9  # likeness of the colours at the edges of two pictures
MASKED_MIN: Final = 0.2  # of the square: with so much left out, the background is not learned

POINTS: Final = {
    "twice": 50,
    "alike": 50,
    "small": 40,
    "blurred": 35,
    "dark": 20,
    "flat": 15,
    "cut-off": 15,
    "small-subject": 15,
    "cropped": 5,
}
BACKGROUND_POINTS: Final = 25
FEW_POINTS: Final = 5


@dataclass(frozen=True)
class Advice:
    """The score of a set, the score of each of its pictures, and what to say of all of them together."""

    score: int
    scores: list[int]
    faults: list[PictureFault]


def warnings_about(
    picture: CleanPicture, earlier: Sequence[tuple[str, CleanPicture]], resolution: int, kind: str
) -> list[PictureFault]:
    """What its owner should know of a picture; details continue a sentence. `earlier` pictures come with a label."""
    side = picture.crop[2]
    warnings = []
    if side < resolution:
        warnings.append(
            PictureFault(
                "small",
                f"is {side} pixels on its shorter side, and the base model draws {resolution}. "
                "It will be enlarged and teach less detail."
                if picture.square is None
                else f"has a square {side} px wide, and the base model draws {resolution}. It will be enlarged and "
                "teach less detail.",
            )
        )
    outside = 1 - side / max(picture.width, picture.height)
    if outside > CROPPED_ABOVE and picture.square is None:
        warnings.append(
            PictureFault(
                "cropped", f"is long: {outside:.0%} of it is outside the square in the middle that is learned from."
            )
        )
    if picture.sharpness < BLURRED_BELOW:
        warnings.append(PictureFault("blurred", "looks blurred or empty. A sharper picture teaches more."))
    if picture.measures is not None:
        warnings.extend(_seen(picture, picture.measures, kind))
    for label, other in earlier:
        if _alike(picture, other):
            warnings.append(PictureFault("alike", f"is nearly the same as {label}. Different views teach more."))
            break
    return warnings


def advice_on(
    pictures: Sequence[tuple[CleanPicture | None, Sequence[PictureFault]]], resolution: int, fewest: int, kind: str
) -> Advice:
    """The score of a set. A picture is None, or has the fault `twice`, if it is no use; its other faults are
    warnings."""
    scores = [_score(picture, faults, resolution) for picture, faults in pictures]
    total = sum(scores) / len(scores) if scores else 0.0
    faults = []
    usable = [picture for picture, _ in pictures if picture is not None and picture.measures is not None]
    if kind == "object" and _one_background([each.measures for each in usable if each.measures is not None]):
        total -= BACKGROUND_POINTS
        faults.append(
            PictureFault(
                "background",
                "All on the same background: the word will learn the background too. Take some elsewhere, or mask it.",
            )
        )
    if len(usable) <= fewest:
        total -= FEW_POINTS
    return Advice(score=max(0, round(total)), scores=scores, faults=faults)


def _alike(one: CleanPicture, other: CleanPicture) -> bool:
    if one.measures is None or other.measures is None:
        return False
    same = sameness(one.measures.thumbnail, other.measures.thumbnail)
    near = (one.fingerprint ^ other.fingerprint).bit_count() <= ALIKE_BITS
    return same >= ALIKE or (near and same >= ALIKE_COLOURS)


def _score(picture: CleanPicture | None, faults: Sequence[PictureFault], resolution: int) -> int:
    if picture is None:
        return 0
    lost = 0.0
    for fault in faults:
        points = POINTS.get(fault.code, 0)
        if fault.code == "small":  # half of the side loses half of the points
            points = round(points * min(1.0, 2 * (1 - picture.crop[2] / resolution)))
        elif fault.code == "cut-off" and picture.measures is not None:
            points *= min(2, len(picture.measures.cut))
        lost += points
    return max(0, round(100 - lost))


def _seen(picture: CleanPicture, measures: Measures, kind: str) -> list[PictureFault]:
    found = []
    if measures.light < DARK_BELOW:
        found.append(PictureFault("dark", "is dark. A picture in daylight teaches more."))
    elif measures.contrast < FLAT_BELOW and picture.sharpness >= BLURRED_BELOW:
        found.append(PictureFault("flat", "has little contrast, so its shapes are hard to see."))
    if kind != "object":
        return found
    if 0 < len(measures.cut) <= 2:
        found.append(PictureFault("cut-off", f"seems cut off at the {' and the '.join(measures.cut)}.{_more(picture)}"))
    if measures.subject is not None and measures.subject < SMALL_SUBJECT and not measures.cut:
        found.append(PictureFault("small-subject", "shows its subject small. Make the square smaller around it."))
    return found


def _more(picture: CleanPicture) -> str:
    """How to get what is cut off into the square, if the upload has more than the square."""
    assert picture.measures is not None
    x, y, side = picture.crop
    room = {"left": x, "top": y, "right": picture.width - x - side, "bottom": picture.height - y - side}
    return " Move its square." if any(room[edge] > 0.03 * side for edge in picture.measures.cut) else ""


def _one_background(measures: Sequence[Measures]) -> bool:
    """Whether the edges of all pictures have nearly the same colours, and are learned from."""
    if len(measures) < 3 or any(each.masked >= MASKED_MIN for each in measures):
        return False
    return all(likeness(one.background, other.background) >= ONE_BACKGROUND for one, other in combinations(measures, 2))
