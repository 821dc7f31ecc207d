"""Downloads of a version's embedding. Each request converts the stored file to the requested format.

Only Oneword's own format is stored, so a new placeholder or a new format applies to every version at once.
"""

from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy.orm import Session

from app.concepts import queries
from app.concepts.models import Concept, Version
from app.contracts.concept_text import ConceptText
from app.contracts.encoders import FIRST
from app.core.errors import InvalidInput, NotFound
from app.core.storage import Storage
from app.embeddings.exporting import cards, folders
from app.embeddings.exporting.folders import TaughtFrom
from app.embeddings.exporting.formats import FORMATS, formats_for
from app.embeddings.exporting.stored import StoredEmbedding
from app.generation import queries as drawings

CARD: Final = "a1111-card"
FOLDER: Final = "sd-concepts-library"
NAMES: Final = [*dict.fromkeys(each.name for each in FORMATS), CARD, FOLDER]  # of any base model's embeddings


@dataclass(frozen=True)
class ExportedFile:
    """A file to download."""

    name: str
    content: bytes


def format_names(version: Version) -> list[str]:
    """The names of a version's formats, Oneword's own first."""
    encoders = len(version.files["oneword"].get("widths", (FIRST,)))
    own = [each.name for each in formats_for(encoders)]
    # Both formats have room for one text encoder only.
    return [*own, CARD, FOLDER] if encoders == 1 else own


def check_format(concept: Concept, version: Version, format_: str) -> None:
    """Raise InvalidInput with the known formats if a version cannot be had in this one."""
    known = format_names(version)
    if format_ not in known:
        raise InvalidInput(
            f"{concept.placeholder} has no format {format_!r}. Its formats are: {', '.join(known)}.",
            field="format",
            code="format-unknown",
            suggestions=known,
        )


def export(session: Session, storage: Storage, concept: Concept, version: Version, format_: str) -> ExportedFile:
    """A ready version as the file of one tool. Raises InvalidInput with the known formats."""
    check_format(concept, version, format_)
    text = ConceptText(
        concept.name, concept.description, concept.tags, concept.kind, version.initializer or concept.initializer
    )
    stored = StoredEmbedding.read(storage.get(version.files["oneword"]["key"])).of_concept(concept.placeholder, text)
    bare = concept.placeholder.strip("<>")
    if format_ == CARD:
        return ExportedFile(f"{bare}.png", cards.write(stored, concept.placeholder, _sample(session, storage, version)))
    if format_ == FOLDER:
        rows = queries.pictures(session, concept.team_id, [version.id])
        pictures = [
            TaughtFrom(storage.get(each.key), None if each.mask_key is None else storage.get(each.mask_key))
            for each in rows
        ]
        with_captions = replace(text, captions=[each.caption for each in rows])
        content = folders.write(stored, concept.placeholder, with_captions, pictures)
        return ExportedFile(f"{bare}.zip", content)
    chosen = next(each for each in formats_for(len(stored.rows)) if each.name == format_)
    return ExportedFile(chosen.file_name.format(bare), chosen.writer(stored, concept.placeholder))


def _sample(session: Session, storage: Storage, version: Version) -> bytes | None:
    """A picture that the version drew, if it is still stored."""
    image = drawings.image(session, version.team_id, version.sample_image_id or "")
    drawing = (version.origin or {}).get("drawing")
    try:
        if image is not None:
            return storage.get(image.key)
        if drawing is not None and version.report is not None:
            return storage.get(version.report["drawings"][drawing]["key"])
    except NotFound:  # removed because of its age; a card works without a picture
        pass
    return None
