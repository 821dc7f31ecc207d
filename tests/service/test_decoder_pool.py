"""The child processes that decode: their limits with and without /proc, and pools that break and recover."""

import os
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest
from fastapi.testclient import TestClient

from app.core.errors import NotReady, PictureError
from app.foreign_bytes import limits
from app.foreign_bytes.answers import ReadingFailed
from app.foreign_bytes.decoder_pool import DecoderPool
from app.foreign_bytes.limits import Limits
from app.pictures.cleaning import PictureCleaner, UploadedFile
from tests.support import decoder_tasks as tasks
from tests.support.decoder_tasks import die, processor_seconds, take_300_megabytes
from tests.support.pictures import photo, photos

LITTLE = 100_000_000  # bytes
UPLOAD = UploadedFile("cat.jpg", photo(1))
Cleaners = Callable[..., PictureCleaner]


@pytest.fixture
def cleaner_of() -> Iterator[Cleaners]:
    """Makes cleaners with a pool that a test chooses, and stops their children afterwards."""
    made: list[PictureCleaner] = []

    def make(**pool: object) -> PictureCleaner:
        made.append(PictureCleaner(25_000_000, DecoderPool(**pool)))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for cleaner in made:
        cleaner.close()


@pytest.fixture
def cure(tmp_path: Path) -> Path:
    """A file that does not exist yet. The children of `shared_cleaner` cannot start without it."""
    return tmp_path / "cure"


@pytest.fixture
def shared_cleaner(cleaner_of: Cleaners, cure: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Replaces the fixture of the same name: applications in this file get children that cannot start."""
    monkeypatch.setattr("app.main.PictureCleaner", lambda bytes_max: cleaner_of(initializer=partial(os.stat, cure)))


def descendants() -> set[int]:
    return {process.pid for process in psutil.Process().children(recursive=True)}


def test_pictures_are_decoded_on_a_platform_without_proc(cleaner_of: Cleaners, tmp_path: Path) -> None:
    cleaner = cleaner_of(initializer=partial(limits.limit_this_process, statm=tmp_path / "none"))
    (checked,) = cleaner.check([UPLOAD], 64)
    assert checked.problem is None
    assert checked.picture is not None


@pytest.mark.skipif(not limits.STATM.exists(), reason="a system without /proc")
def test_with_proc_too_much_memory_is_refused_and_the_child_goes_on(cleaner_of: Cleaners) -> None:
    cleaner = cleaner_of(initializer=partial(limits.limit_this_process, memory_bytes=LITTLE))
    assert cleaner.decode(UPLOAD, take_300_megabytes, "image") == "refused"
    assert cleaner.check([UPLOAD], 64)[0].picture is not None


def test_without_proc_too_much_memory_ends_the_child_and_another_takes_its_place(
    cleaner_of: Cleaners, tmp_path: Path
) -> None:
    cleaner = cleaner_of(initializer=partial(limits.limit_this_process, tmp_path / "none", LITTLE))
    with pytest.raises(PictureError) as refused:
        cleaner.decode(UPLOAD, take_300_megabytes, "image")
    assert refused.value.code == "picture-too-complex"
    assert cleaner.check([UPLOAD], 64)[0].picture is not None


def test_every_task_gets_its_own_processor_time(cleaner_of: Cleaners) -> None:
    cleaner = cleaner_of()
    limit = cleaner.decode(UPLOAD, processor_seconds, "image")
    allowed = limits.Limits().processor_seconds
    assert allowed <= limit <= allowed + 10


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    """Children with little to take."""
    pool = DecoderPool(limits=Limits(memory_bytes=LITTLE, processor_seconds=1, answer_bytes=1_000_000))
    yield pool
    pool.close()


def outcome(pool: DecoderPool, task: Callable[[bytes], object], content: bytes = b"") -> object:
    return pool.result(pool.submit(task, content))


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        (tasks.burn, "slow"),
        (tasks.long_answer, "answer"),
        (tasks.die, "crash"),
        (tasks.fail, "error"),
        (tasks.no_cat, "crash"),
        (tasks.strange_cat, "crash"),
    ],
)
def test_a_task_that_takes_more_than_its_share_or_answers_something_else_fails_with_a_reason(
    pool: DecoderPool, task: Callable[[bytes], object], reason: str
) -> None:
    with pytest.raises(ReadingFailed) as failed:
        outcome(pool, task)
    assert failed.value.reason == reason
    assert outcome(pool, tasks.cat) == tasks.Cat("Tom", 9)


def test_a_child_writes_no_file_starts_no_process_leaves_no_core_and_cannot_lift_its_limits(
    pool: DecoderPool, tmp_path: Path
) -> None:
    assert "File too large" in str(outcome(pool, tasks.write_a_file, str(tmp_path / "file").encode()))
    found = outcome(pool, tasks.hard_limits)
    assert isinstance(found, dict)
    if limits.STATM.exists():
        assert 0 < found.pop("RLIMIT_AS") < 10_000_000_000
    assert {name: found[name] for name in ("RLIMIT_FSIZE", "RLIMIT_NPROC", "RLIMIT_CORE")} == {
        "RLIMIT_FSIZE": 0,
        "RLIMIT_NPROC": 0,
        "RLIMIT_CORE": 0,
    }


def test_what_a_library_prints_goes_to_the_log_cut_and_holds_nothing_up(
    pool: DecoderPool, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr("app.foreign_bytes.decoder_pool.note_printed", said.append)
    outcome(pool, tasks.chatter)
    assert said[0].startswith("libpng warning")
    assert len(said[0]) <= 2000
    assert "libpng" not in capfd.readouterr().err


def test_a_pickle_that_a_child_sends_calls_nothing_in_the_parent(tmp_path: Path) -> None:
    target, pool = tmp_path / "owned", DecoderPool(workers=1)
    try:
        with pytest.raises(NotReady):
            outcome(pool, tasks.take_over, str(target).encode())
        assert not target.exists()
        assert outcome(pool, tasks.cat) == tasks.Cat("Tom", 9)
    finally:
        pool.close()


def test_children_that_cannot_start_are_a_503_and_not_the_end(cleaner_of: Cleaners, cure: Path) -> None:
    cleaner = cleaner_of(initializer=partial(os.stat, cure))
    for _ in range(2):
        with pytest.raises(NotReady) as refused:
            cleaner.check([UPLOAD, UPLOAD], 64)
        assert refused.value.code == "decoder-unavailable"
        assert refused.value.retry_after is not None
    cure.touch()
    assert cleaner.check([UPLOAD], 64)[0].picture is not None


def test_a_start_that_failed_before_the_first_upload_is_forgotten(cleaner_of: Cleaners, cure: Path) -> None:
    cleaner = cleaner_of(initializer=partial(os.stat, cure))
    cleaner.warm()
    cure.touch()
    assert cleaner.check([UPLOAD], 64)[0].picture is not None


def test_idle_children_that_are_killed_are_replaced(cleaner_of: Cleaners) -> None:
    cleaner = cleaner_of()
    before = descendants()
    assert cleaner.check([UPLOAD], 64)[0].picture is not None
    children = [psutil.Process(pid) for pid in descendants() - before]
    children = [child for child in children if not child.children()]  # the fork server may be among them
    assert children
    for child in children:
        child.kill()
    assert cleaner.check([UPLOAD], 64)[0].picture is not None


def test_a_child_that_dies_of_a_picture_leaves_the_others_at_work(cleaner_of: Cleaners) -> None:
    cleaner = cleaner_of()
    with pytest.raises(PictureError) as refused:
        cleaner.decode(UPLOAD, die, "image")
    assert refused.value.code == "picture-too-complex"
    assert cleaner.check([UPLOAD], 64)[0].picture is not None


def test_children_that_never_become_ready_are_a_503_within_a_bounded_time(cleaner_of: Cleaners) -> None:
    cleaner = cleaner_of(initializer=partial(time.sleep, 3600), stalled_seconds=1.0)
    started = time.monotonic()
    with pytest.raises(NotReady) as refused:
        cleaner.check([UPLOAD], 64)
    assert refused.value.code == "decoder-unavailable"
    assert time.monotonic() - started < 10


def test_after_close_an_upload_is_a_503_and_starts_no_child(cleaner_of: Cleaners) -> None:
    cleaner = cleaner_of()
    cleaner.close()
    before = descendants()
    with pytest.raises(NotReady):
        cleaner.check([UPLOAD], 64)
    assert descendants() <= before


def test_over_rest_an_upload_is_a_503_that_says_when_to_try_again_and_then_works(
    member: TestClient, cure: Path
) -> None:
    refused = member.post("/api/pictures/check", files=photos())
    assert refused.status_code == 503
    assert refused.json()["type"] == "/problems/decoder-unavailable"
    assert int(refused.headers["Retry-After"]) > 0
    cure.touch()
    accepted = member.post("/api/pictures/check", files=photos())
    assert accepted.status_code == 200
    assert accepted.json()["ok"]
