"""Blobs in a local folder and in S3: the same promises, whole or not at all."""

import socket
import subprocess
import sys
import threading
from contextlib import suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from app.core.database import utc_now
from app.core.errors import NotFound, NotReady, StorageFull
from app.core.storage import Storage, open_storage, savepoint


@pytest.fixture(params=["folder", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    return open_storage(request.getfixturevalue("s3_url") if request.param == "s3" else str(tmp_path / "blobs"))


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
    with pytest.raises(NotFound) as refused:
        storage.get("nowhere")
    assert refused.value.code == "blob-gone"
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
from app.core.errors import StorageFull
from app.core.storage import open_storage
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


def test_a_reader_sees_the_old_blob_or_the_new_one_and_nothing_between(storage: Storage) -> None:
    contents = {bytes([value]) * 300_000 for value in range(8)}
    storage.put("a", next(iter(contents)))
    over = threading.Event()

    def write() -> None:
        for content in contents:
            storage.put("a", content)
        over.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not over.is_set():
        assert storage.get("a") in contents
        assert [blob.key for blob in storage.list("")] == ["a"]
    writer.join()


def test_what_a_killed_writer_left_half_written_is_never_seen_and_goes_once_it_is_old(tmp_path: Path) -> None:
    storage = open_storage(str(tmp_path))
    storage.put("jobs/a/0.png", b"whole")
    half = tmp_path / "jobs" / "a" / "1.png#1"  # where obstore writes before it renames
    half.write_bytes(b"ha")
    assert [blob.key for blob in storage.list("")] == ["jobs/a/0.png"]
    assert not storage.exists("jobs/a/1.png")
    minute = timedelta(minutes=1)
    assert [storage.remove_unfinished(utc_now() + age) for age in (-minute, minute)] == [0, 1]
    assert not half.exists()
    assert storage.get("jobs/a/0.png") == b"whole"


def test_a_bucket_holds_nothing_half_written(s3_url: str) -> None:
    storage = open_storage(s3_url)
    storage.put("a", b"whole")
    assert storage.remove_unfinished(utc_now() + timedelta(minutes=1)) == 0
    assert storage.exists("a")


def test_what_is_stored_tentatively_goes_unless_it_is_kept(storage: Storage) -> None:
    with savepoint(storage) as blobs:
        blobs.put("a", b"x")
    with suppress(RuntimeError), savepoint(storage) as blobs:
        blobs.put("b", b"x")
        blobs.keep()
        raise RuntimeError
    with savepoint(storage) as blobs:
        blobs.put("c", b"x")
        blobs.keep()
    assert [blob.key for blob in storage.list("")] == ["c"]


def test_more_blobs_than_one_answer_of_s3_holds_are_all_listed(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "10")  # a real one answers with 1000
    storage = open_storage(s3_url)
    for number in range(25):
        storage.put(f"many/{number}", b"x")
    assert len(list(storage.list("many"))) == 25


def test_two_studios_can_share_a_bucket(s3_url: str) -> None:
    one, two = open_storage(s3_url), open_storage(f"{s3_url}-two")
    one.put("a", b"one")
    assert not two.exists("a")
    assert list(two.list("")) == []


def test_a_bucket_that_is_not_there_is_a_sentence(s3_url: str) -> None:
    with pytest.raises(NotReady) as refused:
        open_storage("s3://no-such-bucket-here/x").put("a", b"x")
    assert refused.value.code == "storage-unreachable"


@pytest.mark.parametrize(
    ("status", "code", "raised"),
    [(507, "Any", StorageFull), (403, "QuotaExceeded", StorageFull), (404, "NoSuchBucket", NotReady)],
)
def test_only_an_s3_that_says_so_is_full(
    s3_url: str, monkeypatch: pytest.MonkeyPatch, status: int, code: str, raised: type[Exception]
) -> None:
    class Refusing(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(f"<Error><Code>{code}</Code><RequestId>A507</RequestId></Error>".encode())

        def log_message(self, *_: object) -> None:
            pass

    monkeypatch.setattr("app.core.storage.S3_RETRY_TIMEOUT", timedelta(seconds=0.2))
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        try:
            with pytest.raises(raised):
                open_storage(s3_url).put("a", b"x")
        finally:
            server.shutdown()


def test_an_s3_that_is_away_is_a_sentence(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.core.storage.S3_RETRY_TIMEOUT", timedelta(seconds=0.2))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    storage = open_storage(s3_url)
    for action in (lambda: storage.put("a", b"x"), lambda: storage.get("a"), lambda: storage.exists("a")):
        with pytest.raises(NotReady) as refused:
            action()
        assert refused.value.code == "storage-unreachable"
