"""Unpacks the zip of a folder. Runs in a child process with limits (`app.foreign_bytes.limits`).

Nothing is written anywhere: the answer is the files' own names, without their folders, and their bytes.
"""

import io
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from app.pictures.decoding import PictureFault

FILES_MAX: Final = 20
UNPACKED_BYTES_MAX: Final = 30_000_000  # below what a child may answer


@dataclass(frozen=True)
class Unpacked:
    """The files of an archive: the name and the bytes of each."""

    names: list[str]
    contents: list[bytes]


def unpacked(content: bytes) -> Unpacked | PictureFault:
    """The files of a zip."""
    try:
        return _unpacked(content)
    except Exception as error:  # zipfile and zlib raise many kinds for a damaged or an encrypted archive
        return PictureFault("damaged", f"cannot be unpacked ({type(error).__name__}). Send the files in it.")


def _unpacked(content: bytes) -> Unpacked | PictureFault:
    names, contents, room = [], [], UNPACKED_BYTES_MAX
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [each for each in archive.infolist() if not each.is_dir() and not _is_hidden(each.filename)]
        if len(members) > FILES_MAX:
            return PictureFault("too-complex", f"has {len(members)} files, and at most {FILES_MAX} are read.")
        for member in members:
            with archive.open(member) as file:
                contents.append(file.read(room + 1))
            names.append(PurePosixPath(member.filename).name)
            room -= len(contents[-1])
            if room < 0:
                return PictureFault(
                    "too-large", f"unpacks to more than {UNPACKED_BYTES_MAX // 10**6} MB. Send the files that matter."
                )
    return Unpacked(names, contents)


def _is_hidden(path: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(path).parts)
