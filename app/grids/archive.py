"""A grid as a zip: every picture that is drawn, under a name that says its place, and the axes as JSON."""

import json
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

from app.contracts.placeholders import slug
from app.core.storage import Storage
from app.grids.table import label


class _Sink:
    """What a zip is written to, piece by piece."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        """Take a piece."""
        self.pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing is open."""

    def tell(self) -> int:
        """Raises OSError: a zip that cannot ask for its position counts by itself."""
        raise OSError

    def taken(self) -> bytes:
        """What was written since the last call."""
        pieces, self.pieces = self.pieces, []
        return b"".join(pieces)


def archive(grid: dict[str, Any], keys: Sequence[tuple[int, str]], storage: Storage) -> Iterator[bytes]:
    """The bytes of the zip. `keys` has the index and the blob of each picture. One picture is in memory at a time."""
    sink = _Sink()
    names = {index: f"{index + 1:03d}-{_place(grid['axes'], index)}.png" for index, _ in keys}
    # PNGs are compressed already, so they are stored as they are.
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as file:
        for index, key in keys:
            file.writestr(zipfile.ZipInfo(names[index]), storage.get(key))
            yield sink.taken()
        about = {**grid, "pictures": {name: index for index, name in names.items()}}
        file.writestr(zipfile.ZipInfo("grid.json"), json.dumps(about, ensure_ascii=False, indent=2))
    yield sink.taken()


def _place(axes: Sequence[dict[str, Any]], index: int) -> str:
    """The values of a cell as a part of a file name, the first axis first."""
    found: list[str] = []
    for axis in reversed(axes):
        index, place = divmod(index, len(axis["values"]))
        if len(axis["values"]) > 1:
            found.insert(0, slug(label(axis, axis["values"][place])))
    return "-".join(found)[:120] or "picture"
