"""The small files beside an embedding in a folder of the concepts library.

A person may send the whole folder. The embedding in it is imported, and its name and kind are read from these files.
"""

import re
from dataclasses import replace
from pathlib import PurePath
from typing import Final

from app.contracts.placeholders import PLACEHOLDER
from app.contracts.training import KINDS
from app.embeddings.importing.request import Import
from app.pictures.cleaning import UploadedFile

NAME, KIND = "token_identifier.txt", "type_of_concept.txt"
_BESIDE: Final = {NAME, KIND, "special_params.json", "readme.md", ".gitattributes"}
_PICTURE: Final = re.compile(r"\d+\.(jpe?g|png)")  # concept_images/0.jpeg
_TEXT_BYTES_MAX: Final = 200


def with_companions(asked: Import) -> Import:
    """The request with the embedding files alone. Fields that it leaves empty are filled from the files beside them."""
    embeddings = [upload for upload in asked.uploads if not _lies_beside(upload)]
    # A picture that is sent alone may be a card.
    kept = embeddings or [upload for upload in asked.uploads if _PICTURE.fullmatch(_name(upload))]
    beside = {_name(upload): upload for upload in asked.uploads if upload not in kept}
    written = _text(beside.get(NAME))
    kind = _text(beside.get(KIND))
    return replace(
        asked,
        uploads=kept,
        placeholder=asked.placeholder.strip() or (written if PLACEHOLDER.fullmatch(written) else ""),
        name=asked.name.strip() or written.strip("<>").replace("-", " ")[:100],
        kind=asked.kind.strip() or (kind if kind in KINDS else "object"),
    )


def _lies_beside(upload: UploadedFile) -> bool:
    return _name(upload) in _BESIDE or _PICTURE.fullmatch(_name(upload)) is not None


def _name(upload: UploadedFile) -> str:
    return PurePath(upload.name).name.lower()


def _text(upload: UploadedFile | None) -> str:
    return "" if upload is None else upload.content[:_TEXT_BYTES_MAX].decode("utf-8", "replace").strip()
