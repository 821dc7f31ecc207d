"""Blobs by server-chosen key, in a local folder or in S3, through obstore.

A blob appears whole or not at all. Knows nothing of what a blob means or who may see it.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Protocol

import obstore
import structlog
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, S3Store

from app.core.errors import NotFound, NotReady, OnewordError, StorageFull

log = structlog.get_logger(__name__)

S3_PATIENCE: Final = timedelta(seconds=20)  # somebody waits for the answer
_KEY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")
_STAGED: Final = re.compile(r"#\d+$")  # obstore writes beside the blob under such a name, and renames
# ENOSPC, EDQUOT and EFBIG as the operating system reports them, and what S3 servers answer when a quota is used up.
# A bare 507 would not do: the text also has how long the request took, and identifiers made of letters and digits.
_FULL: Final = re.compile(
    r"os error (28|122|27)\b|QuotaExceeded|XMinioStorageFull|EntityTooLarge|status code: 507\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Blob:
    """One stored blob, without its bytes."""

    key: str
    size: int
    modified_at: datetime


class Storage(Protocol):
    """Where blobs live."""

    def put(self, key: str, content: bytes) -> None:
        """Store a blob, whole or not at all. Raises StorageFull."""

    def get(self, key: str) -> bytes:
        """The blob's bytes. Raises NotFound."""

    def delete(self, key: str) -> None:
        """Remove a blob; one that is not there is fine."""

    def exists(self, key: str) -> bool:
        """Whether the blob is there."""

    def list(self, prefix: str) -> Iterator[Blob]:
        """Every blob whose key is under the folder `prefix` (empty: all)."""

    def remove_unfinished(self, before: datetime) -> int:
        """Remove what writers that died before this moment left half-written; how many."""


class ObjectStorage:
    """Storage over any obstore store whose puts are atomic and durable, as those of S3 are."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def put(self, key: str, content: bytes) -> None:
        """Store a blob, whole or not at all. Raises StorageFull."""
        try:
            obstore.put(self._store, _checked(key), content, use_multipart=False)
        except (BaseError, OSError) as error:
            raise _unwritten(key, error) from error

    def get(self, key: str) -> bytes:
        """The blob's bytes. Raises NotFound."""
        try:
            return bytes(obstore.get(self._store, _checked(key)).bytes())
        except (NotFoundError, FileNotFoundError) as error:
            raise NotFound(
                "The stored file is gone. It may have been deleted a moment ago.", code="blob-gone"
            ) from error
        except (BaseError, OSError) as error:
            raise _unreachable(error) from error

    def delete(self, key: str) -> None:
        """Remove a blob; one that is not there is fine."""
        try:
            obstore.delete(self._store, _checked(key))
        except (NotFoundError, FileNotFoundError):
            return
        except (BaseError, OSError) as error:
            raise _unreachable(error) from error

    def exists(self, key: str) -> bool:
        """Whether the blob is there."""
        try:
            obstore.head(self._store, _checked(key))
        except (NotFoundError, FileNotFoundError):
            return False
        except (BaseError, OSError) as error:
            raise _unreachable(error) from error
        return True

    def list(self, prefix: str) -> Iterator[Blob]:
        """Every blob whose key is under the folder `prefix` (empty: all)."""
        try:
            for chunk in obstore.list(self._store, prefix or None):
                for found in chunk:
                    yield Blob(found["path"], found["size"], found["last_modified"])
        except (BaseError, OSError) as error:
            raise _unreachable(error) from error

    def remove_unfinished(self, before: datetime) -> int:
        """Remove what writers that died before this moment left half-written; how many."""
        return 0  # a put of one part leaves nothing


class FolderStorage(ObjectStorage):
    """Storage in a local folder: as durable as a bucket, and tidied like one."""

    def __init__(self, folder: Path) -> None:
        super().__init__(LocalStore(folder, automatic_cleanup=True))
        self._folder = folder

    def put(self, key: str, content: bytes) -> None:
        """Store a blob, whole or not at all, so that it is still there after a power cut. Raises StorageFull."""
        super().put(key, content)
        path = self._folder / key
        try:
            for part in (path, *path.parents):
                _flush(part)
                if part == self._folder:
                    break
        except FileNotFoundError:
            return  # deleted meanwhile
        except OSError as error:
            raise _unwritten(key, error) from error

    def remove_unfinished(self, before: datetime) -> int:
        """Remove what writers that died before this moment left half-written; how many."""
        removed = 0
        for path in self._folder.rglob("*#*"):
            with suppress(FileNotFoundError):
                if _STAGED.search(path.name) and path.stat().st_mtime < before.timestamp():
                    path.unlink()
                    removed += 1
        return removed


def _flush(path: Path) -> None:
    """Have the operating system write a file or a folder's entries to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class BlobSavepoint:
    """Blobs that are stored before the rows that will name them."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._keys: list[str] = []
        self._kept = False

    def put(self, key: str, content: bytes) -> None:
        """Store a blob for now."""
        self._keys.append(key)
        self._storage.put(key, content)

    def keep(self) -> None:
        """Rows name them now; they stay, if the block ends well."""
        self._kept = True

    def settle(self, *, failed: bool) -> None:
        """Remove what no row names. The sweep removes what cannot be removed now."""
        for key in self._keys if failed or not self._kept else ():
            with suppress(OnewordError):
                self._storage.delete(key)


@contextmanager
def savepoint(storage: Storage) -> Iterator[BlobSavepoint]:
    """Blobs that are gone again if the block fails or does not keep them, so that nothing is half-written."""
    blobs = BlobSavepoint(storage)
    try:
        yield blobs
    except BaseException:
        blobs.settle(failed=True)
        raise
    blobs.settle(failed=False)


def open_storage(url: str) -> Storage:
    """The storage that a setting names: `s3://bucket/prefix`, or a folder, which is created."""
    if url.startswith("s3://"):
        # Endpoint, region and credentials come from the usual AWS_… variables.
        return ObjectStorage(
            S3Store.from_url(
                url,
                client_options={"allow_http": _plain_http_endpoint(), "connect_timeout": "5s", "timeout": "60s"},
                retry_config={"max_retries": 3, "retry_timeout": S3_PATIENCE},
            )
        )
    folder = Path(url.removeprefix("file://")).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return FolderStorage(folder)


def _plain_http_endpoint() -> bool:
    names = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
    return any(os.environ.get(name, "").startswith("http://") for name in names)


def _checked(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise ValueError(f"not a key that the server would choose: {key!r}")
    return key


def _unwritten(key: str, error: Exception) -> StorageFull | NotReady:
    if _FULL.search(str(error)):
        log.error("storage full", key=key)
        return StorageFull(
            "There is no room left to store this, so nothing was kept. Free some space, or ask whoever runs this "
            "studio to, and try again."
        )
    return _unreachable(error)


def _unreachable(error: Exception) -> NotReady:
    log.error("storage unreachable", error=str(error))
    return NotReady(
        "The storage does not answer, so this cannot be done now. Try again in a minute; if it stays so, tell whoever "
        "runs this studio.",
        code="storage-unreachable",
    )
