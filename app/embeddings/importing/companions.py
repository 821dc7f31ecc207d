"""The small files beside the embedding in a folder of the concepts library.

A person may upload the whole folder. The import takes the embedding from it, and the name and kind from these files.
"""

import re
from dataclasses import replace
from pathlib import PurePath
from typing import Final

from app.contracts.placeholders import PLACEHOLDER
from app.contracts.texts import label
from app.contracts.training import KINDS
from app.embeddings.importing.request import ImportRequest
from app.pictures.cleaning import UploadedFile

NAME, KIND = "token_identifier.txt", "type_of_concept.txt"
_COMPANIONS: Final = {NAME, KIND, "special_params.json", "readme.md", ".gitattributes"}
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
    return replace(
        request,
        uploads=kept,
        placeholder=request.placeholder.strip() or (token if PLACEHOLDER.fullmatch(token) else ""),
        name=request.name.strip() or token.strip("<>").replace("-", " ")[:100],
        kind=request.kind.strip() or (kind if kind in KINDS else "object"),
    )


def _is_companion(upload: UploadedFile) -> bool:
    return _name(upload) in _COMPANIONS or _PICTURE.fullmatch(_name(upload)) is not None


def _name(upload: UploadedFile) -> str:
    return PurePath(upload.name).name.lower()


def _text(upload: UploadedFile | None) -> str:
    return "" if upload is None else label(upload.content[:_TEXT_BYTES_MAX].decode("utf-8", "replace").strip(), 200)
