"""A zip that is written while it is sent: one file at a time is in memory."""

import io
from collections.abc import Iterable, Iterator
from zipfile import ZIP_STORED, ZipFile, ZipInfo


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


def zipped(files: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """A zip with these files, given as (name, content). They are stored as they are: pictures are compressed already.

    An error of `files` in the middle of the answer breaks the connection, and the browser does not take half a zip for
    a whole one.
    """
    outgoing = _Outgoing()
    with ZipFile(outgoing, "w", ZIP_STORED) as archive:
        for name, content in files:
            archive.writestr(ZipInfo(name), content)
            yield outgoing.taken()
    yield outgoing.taken()
