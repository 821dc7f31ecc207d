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
_MASK: Final = re.compile(r"\d+-mask\.png")  # concept_masks/0-mask.png
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
    pictures = sorted(pictures, key=lambda upload: int(_number(upload)))
    masks = {_number(each): each.content for each in request.uploads if _MASK.fullmatch(_name(each))}
    return replace(
        request,
        uploads=kept,
        pictures=pictures,
        masks=[masks.get(_number(each)) for each in pictures],
        captions=[_caption(each) for each in said.captions],
        placeholder=request.placeholder.strip() or (token if PLACEHOLDER.fullmatch(token) else ""),
        name=request.name.strip() or said.name or token.strip("<>").replace("-", " ")[:100],
        description=request.description or said.description,
        tags=request.tags or said.tags,
        kind=request.kind.strip() or said.kind or (kind if kind in KINDS else ""),
        initializer_in_files=said.initializer,
    )


def _is_companion(upload: UploadedFile) -> bool:
    name = _name(upload)
    return name in _COMPANIONS or _PICTURE.fullmatch(name) is not None or _MASK.fullmatch(name) is not None


def _number(upload: UploadedFile) -> str:
    """The number in the name of a picture or of its mask: `0.jpeg` and `0-mask.png` -> `0`."""
    return re.split(r"[.-]", _name(upload), maxsplit=1)[0][:6]


def _caption(text: str) -> str:
    """A caption that anybody may have written. Of braces only `{}` is known, which stands for the concept."""
    return "{}".join(part.replace("{", "").replace("}", "") for part in text.split("{}"))


def _name(upload: UploadedFile) -> str:
    return PurePath(upload.name).name.lower()


def _whole_text(upload: UploadedFile | None) -> str:
    return "" if upload is None else upload.content[: concept_text.CHARACTERS_MAX].decode("utf-8", "replace")


def _text(upload: UploadedFile | None) -> str:
    return "" if upload is None else label(upload.content[:_TEXT_BYTES_MAX].decode("utf-8", "replace").strip(), 200)
