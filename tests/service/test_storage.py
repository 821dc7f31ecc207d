"""Blobs in a local folder: whole or not at all."""

import subprocess
import sys
from pathlib import Path

import pytest

from app.errors import NotFound
from app.storage import Storage, open_storage


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return open_storage(str(tmp_path / "blobs"))


def test_what_was_put_is_what_is_got(storage: Storage) -> None:
    storage.put("jobs/a/attempt-1/0.png", b"picture")
    assert storage.get("jobs/a/attempt-1/0.png") == b"picture"
    assert storage.exists("jobs/a/attempt-1/0.png")


def test_putting_again_replaces_the_blob(storage: Storage) -> None:
    storage.put("a", b"one")
    storage.put("a", b"two")
    assert storage.get("a") == b"two"


def test_a_listing_names_every_blob_under_a_folder(storage: Storage) -> None:
    for key in ("a/1", "a/b/2", "c/3"):
        storage.put(key, b"x")
    assert {blob.key for blob in storage.list("a")} == {"a/1", "a/b/2"}
    assert {blob.key for blob in storage.list("")} == {"a/1", "a/b/2", "c/3"}
    assert all(blob.size == 1 and blob.modified_at.tzinfo for blob in storage.list(""))


def test_a_missing_blob_is_not_found(storage: Storage) -> None:
    with pytest.raises(NotFound, match="gone"):
        storage.get("nowhere")
    assert not storage.exists("nowhere")


def test_deleting_twice_is_fine(storage: Storage) -> None:
    storage.put("a", b"x")
    storage.delete("a")
    storage.delete("a")
    assert not storage.exists("a")


@pytest.mark.parametrize("key", ["../secret", "/etc/passwd", "a//b", "a/../b", "", ".hidden", "a\x00b"])
def test_a_key_that_the_server_would_not_choose_is_refused(storage: Storage, key: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        storage.put(key, b"x")


def test_a_full_disk_is_a_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    """The operating system refuses more than 64 KB in a file, which is how a full disk looks to a writer."""
    script = f"""
import resource, signal
from app.errors import StorageFull
from app.storage import open_storage
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
storage = open_storage({str(tmp_path)!r})
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
try:
    storage.put("a/b", b"x" * 1_000_000)
except StorageFull as full:
    print(full.detail)
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "no room left" in ran.stdout
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
