"""What a request changes about its pictures, and the texts that go with them: captions and prompts of the report.

A caption says what a picture shows beside the concept: "on a wooden table". It becomes a part of every training prompt
of that picture, "a photo of a <my-mug>, on a wooden table", so that the concept need not explain the table and does not
learn it. A caption with the placeholder in it is the whole prompt: "<my-mug> on a wooden table".

Both are stored with `{}` in the place of the placeholder, which may be renamed later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app.base_models.catalog import AllowedModel
from app.contracts.limits import (
    CAPTION_CHARACTERS_MAX,
    REPORT_PROMPT_CHARACTERS_MAX,
    REPORT_PROMPTS_MAX,
    VECTORS_MAX,
)
from app.contracts.placeholders import WRITTEN
from app.contracts.prompts import cut, unreadable
from app.core.errors import InvalidInput
from app.pictures.edits import Edit

CONCEPT: Final = "{}"


@dataclass(frozen=True)
class PictureChange:
    """What a request says of one picture. A caption of None leaves the one that a stored picture has."""

    edit: Edit = Edit()  # noqa: RUF009 (immutable)
    caption: str | None = None


def edits_of(changes: Sequence[PictureChange], uploads: int) -> list[Edit]:
    """The edits of the uploads. Raises InvalidInput for more edits than there are pictures."""
    if len(changes) > uploads:
        raise InvalidInput(
            f"{len(changes)} edits were sent and {uploads} pictures. Send one edit for each picture, in their order.",
            field="edits",
            code="edits",
        )
    return [change.edit for change in changes]


def captions_of(
    changes: Sequence[PictureChange], model: AllowedModel, placeholder: str, vectors: int | None
) -> list[str | None]:
    """The captions as they are stored; None where none was sent. Raises InvalidInput for one that cannot be used."""
    rows = vectors or int(model.facts.card.teaching.get("vectors") or 1)
    return [
        None if change.caption is None else _caption(change.caption, number, model, placeholder, rows)
        for number, change in enumerate(changes, start=1)
    ]


def report_prompts(prompts: Sequence[str], model: AllowedModel, placeholder: str) -> list[str]:
    """The prompts for the report as they are stored. Raises InvalidInput for one that cannot be drawn."""
    wanted = list(dict.fromkeys(text for each in prompts if (text := " ".join(each.split()))))
    if len(wanted) > REPORT_PROMPTS_MAX:
        raise _refused(
            "prompts",
            f"{len(wanted)} prompts were sent for the report, and at most {REPORT_PROMPTS_MAX} "
            "are drawn. Keep the ones that matter.",
        )
    return [_prompt(each, model, placeholder) for each in wanted]


def _caption(text: str, number: int, model: AllowedModel, placeholder: str, vectors: int) -> str:
    what = f"The caption of picture {number}"
    line = _line(text, what, "edits", CAPTION_CHARACTERS_MAX).replace(placeholder, CONCEPT)
    prompt = line if CONCEPT in line else f"{CONCEPT}, {line}"  # as short as a worker makes it
    between = prompt.split(CONCEPT)
    room = model.facts.context_length - 2 - vectors * (len(between) - 1)
    count = sum(len(model.tokenizer.ids(part)) for part in between)
    if count > room:
        raise _refused("edits", f"{what} has {count} tokens, and at most {room} are read. Shorten it.")
    return line


def _prompt(line: str, model: AllowedModel, placeholder: str) -> str:
    text = _line(line, "A prompt for the report", "prompts", REPORT_PROMPT_CHARACTERS_MAX)
    others = [found[0] for found in WRITTEN.finditer(text) if found[0] != placeholder]
    if others:
        raise _refused("prompts", f"The report draws {placeholder} alone, and a prompt names {others[0]}. Take it out.")
    if placeholder not in text:
        raise _refused("prompts", f"The prompt “{text}” does not name {placeholder}. Write the word where it belongs.")
    room = model.facts.context_length - 2
    reason = unreadable(cut(text, {placeholder: range(VECTORS_MAX)}, model.tokenizer.ids, room), room)
    if reason is not None:
        raise _refused("prompts", f"The prompt “{text}” {reason.detail}")
    return text.replace(placeholder, CONCEPT)


def _line(text: str, what: str, field: str, most: int) -> str:
    """A text on one line. Raises InvalidInput for one that is too long, or has the braces of a template."""
    line = " ".join(text.split())
    if len(line) > most:
        raise _refused(field, f"{what} has {len(line)} characters, and at most {most} are read. Shorten it.")
    if "{" in line or "}" in line:
        raise _refused(field, f"{what} has a brace, {{ or }}, in it. Take it out.")
    return line


def _refused(field: str, detail: str) -> InvalidInput:
    return InvalidInput(detail, field=field, code=field)
