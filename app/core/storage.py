"""Blobs by server-chosen key, in a local folder or in S3, through obstore.

A blob is stored whole or not at all. This module knows neither what a blob means nor who may see it.
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

S3_RETRY_TIMEOUT: Final = timedelta(seconds=20)  # short, because a person waits for the answer
_KEY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")
_STAGED: Final = re.compile(r"#\d+$")  # obstore writes a file with this suffix and then renames it
# ENOSPC, EDQUOT and EFBIG as the operating system reports them, and the answers of S3 servers to a used-up quota.
# A bare 507 is no proof: the text also has the request's duration and identifiers made of letters and digits.
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
    """A store of blobs."""

    def put(self, key: str, content: bytes) -> None:
        """Store a blob, whole or not at all. Raises StorageFull."""

    def get(self, key: str) -> bytes:
        """The blob's bytes. Raises NotFound."""

    def delete(self, key: str) -> None:
        """Remove a blob. A missing blob is no error."""

    def exists(self, key: str) -> bool:
        """Whether the blob exists."""

    def list(self, prefix: str) -> Iterator[Blob]:
        """Every blob whose key is under the folder `prefix`; an empty prefix lists all."""

    def remove_unfinished(self, before: datetime) -> int:
        """Remove partial files from before this moment, which dead writers left. Returns how many."""


class ObjectStorage:
    """Storage over any obstore store whose puts are atomic and durable, as in S3."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def put(self, key: str, content: bytes) -> None:
        """Store a blob, whole or not at all. Raises StorageFull."""
        try:
            obstore.put(self._store, _checked(key), content, use_multipart=False)
        except (BaseError, OSError) as error:
            raise _write_error(key, error) from error

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
        """Remove a blob. A missing blob is no error."""
        try:
            obstore.delete(self._store, _checked(key))
        except (NotFoundError, FileNotFoundError):
            return
        except (BaseError, OSError) as error:
            raise _unreachable(error) from error

    def exists(self, key: str) -> bool:
        """Whether the blob exists."""
        try:
            obstore.head(self._store, _checked(key))
        except (NotFoundError, FileNotFoundError):
            return False
        except (BaseError, OSError) as error:
            raise _unreachable(error) from error
        return True

    def list(self, prefix: str) -> Iterator[Blob]:
        """Every blob whose key is under the folder `prefix`; an empty prefix lists all."""
        try:
            for chunk in obstore.list(self._store, prefix or None):
                for entry in chunk:
                    yield Blob(entry["path"], entry["size"], entry["last_modified"])
        except (BaseError, OSError) as error:
            raise _unreachable(error) from error

    def remove_unfinished(self, before: datetime) -> int:
        """Remove partial files from before this moment, which dead writers left. Returns how many."""
        return 0  # a single-part put leaves no partial file


class FolderStorage(ObjectStorage):
    """Storage in a local folder, as durable as a bucket. Empty subfolders are removed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(LocalStore(folder, automatic_cleanup=True))
        self._folder = folder

    def put(self, key: str, content: bytes) -> None:
        """Store a blob, whole or not at all, so that it survives a power cut. Raises StorageFull."""
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
            raise _write_error(key, error) from error

    def remove_unfinished(self, before: datetime) -> int:
        """Remove partial files from before this moment, which dead writers left. Returns how many."""
        removed = 0
        for path in self._folder.rglob("*#*"):
            with suppress(FileNotFoundError):
                if _STAGED.search(path.name) and path.stat().st_mtime < before.timestamp():
                    path.unlink()
                    removed += 1
        return removed


def _flush(path: Path) -> None:
    """Flush a file, or the entries of a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class BlobSavepoint:
    """Blobs that are stored before the rows that name them."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._keys: list[str] = []
        self._kept = False

    def put(self, key: str, content: bytes) -> None:
        """Store a blob. It is removed again unless `keep` is called."""
        self._keys.append(key)
        self._storage.put(key, content)

    def keep(self) -> None:
        """Keep the blobs if the block ends without an error. Call it once rows name them."""
        self._kept = True

    def close(self, *, failed: bool) -> None:
        """Remove the blobs if the block failed or did not keep them. The sweep removes those that fail to go now."""
        for key in self._keys if failed or not self._kept else ():
            with suppress(OnewordError):
                self._storage.delete(key)


@contextmanager
def savepoint(storage: Storage) -> Iterator[BlobSavepoint]:
    """A block whose blobs are removed again if it fails or does not call `keep`, so that no blob lacks its row."""
    blobs = BlobSavepoint(storage)
    try:
        yield blobs
    except BaseException:
        blobs.close(failed=True)
        raise
    blobs.close(failed=False)


def open_storage(url: str) -> Storage:
    """The storage at `s3://bucket/prefix`, or in a folder, which is created if it is missing."""
    if url.startswith("s3://"):
        # Endpoint, region and credentials come from the usual AWS_… variables.
        return ObjectStorage(
            S3Store.from_url(
                url,
                client_options={"allow_http": _plain_http_endpoint(), "connect_timeout": "5s", "timeout": "60s"},
                retry_config={"max_retries": 3, "retry_timeout": S3_RETRY_TIMEOUT},
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


def _write_error(key: str, error: Exception) -> StorageFull | NotReady:
    if _FULL.search(str(error)):
        log.error("storage full", key=key)
        return StorageFull(
            "There is no room left to store this, so nothing was kept. Free some space, or ask the administrator of "
            "this studio to do so, and try again."
        )
    return _unreachable(error)


def _unreachable(error: Exception) -> NotReady:
    log.error("storage unreachable", error=str(error))
    return NotReady(
        "The storage does not answer, so this cannot be done now. Try again in a minute. If the problem stays, tell "
        "the administrator of this studio.",
        code="storage-unreachable",
    )
