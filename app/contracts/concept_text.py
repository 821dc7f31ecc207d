"""What a file says of its concept beside the rows: name, description, tags, kind and initializer, as JSON.

Oneword's own file has it in its header, under the key `concept`; a folder of the concepts library has it as
`concept.json`. It is ASCII without line breaks, so that it survives every tool that copies a header.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from app.contracts.limits import CAPTION_CHARACTERS_MAX
from app.contracts.texts import label, storable
from app.contracts.training import KINDS

KEY: Final = "concept"
CHARACTERS_MAX: Final = 60_000  # of the JSON: a description of 5,000 characters takes up to 30,000
NAME_MAX: Final = 100
DESCRIPTION_MAX: Final = 5000
TAGS_MAX: Final = 30
TAG_MAX: Final = 50
INITIALIZER_MAX: Final = 100
CAPTIONS_MAX: Final = 20


@dataclass(frozen=True)
class ConceptText:
    """The texts of a concept; an empty one is not known."""

    name: str = ""
    description: str = ""
    tags: Sequence[str] = ()
    kind: str = ""
    initializer: str = ""
    captions: Sequence[str] = ()  # of the pictures, in their order, with {} for the concept


def write(text: ConceptText) -> str:
    """The JSON. Captions are written only where there are some: files without pictures have none."""
    fields = {**asdict(text), "tags": list(text.tags), "captions": list(text.captions)}
    if not any(text.captions):
        del fields["captions"]
    return json.dumps(fields)


def read(written: str) -> ConceptText:
    """The texts in JSON that anybody may have written: each cut, and those of a wrong type left out."""
    try:
        found = json.loads(written[:CHARACTERS_MAX])
    except (ValueError, RecursionError):
        return ConceptText()
    if not isinstance(found, dict):
        return ConceptText()
    tags = found.get("tags")
    captions = found.get("captions")
    kind = _line(found.get("kind"), 10)
    return ConceptText(
        name=_line(found.get("name"), NAME_MAX),
        description=storable(found["description"], DESCRIPTION_MAX) if _is_text(found.get("description")) else "",
        tags=[_line(each, TAG_MAX) for each in tags[:TAGS_MAX] if _is_text(each)] if isinstance(tags, list) else [],
        kind=kind if kind in KINDS else "",
        initializer=_line(found.get("initializer"), INITIALIZER_MAX),
        captions=[_line(each, CAPTION_CHARACTERS_MAX) for each in captions[:CAPTIONS_MAX]]
        if isinstance(captions, list)
        else (),
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _line(value: Any, characters: int) -> str:
    return label(value.strip(), characters) if isinstance(value, str) else ""
