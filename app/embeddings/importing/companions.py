"""The small files beside the embedding in a folder of the concepts library.

A person may upload the whole folder, or its zip. The import takes the embedding from it, the name and kind from these
files, and the pictures. Oneword's own `concept.json` also has the initializer, the description and the tags.
"""

import re
from dataclasses import replace
from pathlib import PurePath
from typing import Final

from app.contracts import concept_text
from app.contracts.placeholders import PLACEHOLDER
from app.contracts.texts import label
from app.contracts.training import KINDS
from app.embeddings.importing.request import ImportRequest
from app.pictures.cleaning import UploadedFile

NAME, KIND, CONCEPT = "token_identifier.txt", "type_of_concept.txt", "concept.json"
_COMPANIONS: Final = {NAME, KIND, CONCEPT, "special_params.json", "readme.md", ".gitattributes"}
_PICTURE: Final = re.compile(r"\d+\.(jpe?g|png)")  # concept_images/0.jpeg
_TEXT_BYTES_MAX: Final = 200


def with_companions(request: ImportRequest) -> ImportRequest:
    """The request with the embedding files alone. The companion files fill the fields that the request leaves empty."""
    embeddings = [upload for upload in request.uploads if not _is_companion(upload)]
    # Without an embedding file, a picture may be a picture card.
    kept = embeddings or [upload for upload in request.uploads if _PICTURE.fullmatch(_name(upload))]
    companions = {_name(upload): upload for upload in request.uploads if upload not in kept}
    token = _text(companions.get(NAME))
    kind = _text(companions.get(KIND))
    said = concept_text.read(_whole_text(companions.get(CONCEPT)))
    pictures = [upload for upload in request.uploads if upload not in kept and _PICTURE.fullmatch(_name(upload))]
    return replace(
        request,
        uploads=kept,
        pictures=sorted(pictures, key=lambda upload: int(_name(upload).partition(".")[0][:6])),
        placeholder=request.placeholder.strip() or (token if PLACEHOLDER.fullmatch(token) else ""),
        name=request.name.strip() or said.name or token.strip("<>").replace("-", " ")[:100],
        description=request.description or said.description,
        tags=request.tags or said.tags,
        kind=request.kind.strip() or said.kind or (kind if kind in KINDS else ""),
        initializer_in_files=said.initializer,
    )


def _is_companion(upload: UploadedFile) -> bool:
    return _name(upload) in _COMPANIONS or _PICTURE.fullmatch(_name(upload)) is not None


def _name(upload: UploadedFile) -> str:
    return PurePath(upload.name).name.lower()


def _whole_text(upload: UploadedFile | None) -> str:
    return "" if upload is None else upload.content[: concept_text.CHARACTERS_MAX].decode("utf-8", "replace")


def _text(upload: UploadedFile | None) -> str:
    return "" if upload is None else label(upload.content[:_TEXT_BYTES_MAX].decode("utf-8", "replace").strip(), 200)
