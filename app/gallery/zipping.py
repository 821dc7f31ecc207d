"""Many pictures as one zip, written while it is sent: one picture at a time is in memory."""

import io
from collections.abc import Iterator, Sequence
from typing import Final
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from app.concepts.search_terms import split
from app.core.storage import Storage
from app.generation.models import Generation, Image

NAME_MAX: Final = 60  # characters of a prompt in a file's name


class _Outgoing(io.RawIOBase):
    """What was written since it was asked last. It cannot seek, so `zipfile` puts sizes behind each file."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        before = len(self._written)
        self._written += memoryview(data)  # type: ignore[arg-type]  # whatever has a buffer
        return len(self._written) - before

    def taken(self) -> bytes:
        content = bytes(self._written)
        self._written.clear()
        return content


def zipped(storage: Storage, pictures: Sequence[tuple[str, str]]) -> Iterator[bytes]:
    """A zip with these files, given as (name, key of the blob). Pictures are compressed already, so it stores them.

    Raises NotFound in the middle of the answer if a picture is removed for good meanwhile: the connection then breaks,
    and the browser does not take half a zip for a whole one.
    """
    outgoing = _Outgoing()
    with ZipFile(outgoing, "w", ZIP_STORED) as archive:
        for name, key in pictures:
            archive.writestr(ZipInfo(name), storage.get(key))
            yield outgoing.taken()
    yield outgoing.taken()


def file_names(pictures: Sequence[tuple[Image, Generation]]) -> list[str]:
    """A name for each picture: its place, the words of its prompt in ASCII, its seed."""
    digits = len(str(len(pictures)))
    return [
        f"{number:0{digits}}-{_words(generation.prompt)}{image.seed}.png"
        for number, (image, generation) in enumerate(pictures, 1)
    ]


def _words(prompt: str) -> str:
    kept = [term for term in split(prompt[:500]) if term.isascii()]
    text = "-".join(kept)[:NAME_MAX].strip("-")
    return f"{text}-" if text else ""
