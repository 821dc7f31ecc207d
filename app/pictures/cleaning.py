"""Uploads become clean pictures here, or a PictureError that says of each what is wrong. One choke point.

Decoding happens in child processes with limits on time and memory (`app.pictures.decoding`), never in the web process.
"""

import multiprocessing
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import structlog
from pebble import ProcessExpired, ProcessPool

from app.core.errors import PictureError
from app.pictures import decoding
from app.pictures.decoding import Clean, Fault

log = structlog.get_logger(__name__)

Made = TypeVar("Made")

SECONDS_MAX: Final = 20.0
WORKERS: Final = 2
BLURRED_BELOW: Final = 12.0
CROPPED_ABOVE: Final = 0.4  # share of a picture outside the square
ALIKE_BITS: Final = 5  # of 256


@dataclass(frozen=True)
class UploadedFile:
    """Bytes with the name that their sender gave them; the name is only ever shown."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Checked:
    """What became of one upload, and what its owner should know."""

    index: int
    name: str
    picture: Clean | None
    problem: Fault | None = None
    warnings: list[Fault] = field(default_factory=list)


class PictureCleaner:
    """A few child processes that decode. They start with the first picture and serve until `close`."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._pool: ProcessPool | None = None
        self._lock = threading.Lock()

    def check(self, uploads: Sequence[UploadedFile], resolution: int) -> list[Checked]:
        """Clean every upload side by side and say of each what is wrong or worth knowing."""
        waiting = [self._start(upload) for upload in uploads]
        cleaned = [self._result(upload, future) for upload, future in zip(uploads, waiting, strict=True)]
        checked: list[Checked] = []
        for index, (upload, result) in enumerate(zip(uploads, cleaned, strict=True)):
            name = upload.name[:100] or f"picture {index + 1}"
            if isinstance(result, Fault):
                checked.append(Checked(index, name, None, result))
                continue
            twin = next((seen for seen in checked if seen.picture and seen.picture.sha256 == result.sha256), None)
            if twin is not None:
                fault = Fault("twice", f"is the same picture as {_called(twin)}. Send a different view.")
                checked.append(Checked(index, name, result, fault))
                continue
            checked.append(Checked(index, name, result, None, _warnings(result, checked, resolution)))
        return checked

    def one(self, upload: UploadedFile, decode: Callable[[bytes], Made | Fault], field: str) -> Made:
        """The result of `decode` (from `app.pictures.decoding`) for one upload. Raises PictureError naming `field`."""
        result: Made | Fault = self._result(upload, self._start(upload, decode))
        if isinstance(result, Fault):
            called = ("mask" if field == "mask" else "picture") + (f" ({upload.name[:100]})" if upload.name else "")
            raise PictureError(f"The {called} {result.detail}", field=field, code=f"picture-{result.code}")
        return result

    def close(self) -> None:
        """Stop the children."""
        with self._lock:
            if self._pool is not None:
                self._pool.stop()
                self._pool.join()
                self._pool = None

    def warm(self) -> None:
        """Start the children now, so that the first upload need not wait for them."""
        for _ in range(WORKERS):
            self._processes().schedule(decoding.clean, args=(b"",))

    def _processes(self) -> ProcessPool:
        with self._lock:
            if self._pool is None:
                # Children come from a small server process that has only Pillow and numpy, not from a fork of this
                # one, which has threads and connections.
                context = multiprocessing.get_context("forkserver")
                context.set_forkserver_preload(["app.pictures.decoding"])
                self._pool = ProcessPool(
                    max_workers=WORKERS, max_tasks=500, initializer=decoding.limit_this_process, context=context
                )
            return self._pool

    def _start(self, upload: UploadedFile, decode: Callable[[bytes], Any] = decoding.clean) -> Any:
        if len(upload.content) > self._bytes_max:
            return None
        return self._processes().schedule(decode, args=(upload.content,), timeout=SECONDS_MAX)

    def _result(self, upload: UploadedFile, future: Any) -> Any:
        if future is None:
            return Fault(
                "too-large",
                f"has {len(upload.content) / 1e6:.0f} MB, and at most {self._bytes_max / 1e6:.0f} MB are read. "
                "Make it smaller and send it again.",
            )
        try:
            return future.result()
        except FutureTimeout:
            return Fault("too-slow", f"takes longer than {SECONDS_MAX:.0f} s to open. Save it anew and send that.")
        except ProcessExpired as expired:
            log.warning("decoder died", exit_code=expired.exitcode)
            return Fault("too-complex", "cannot be opened within the memory allowed. Make it smaller and try again.")


def accepted(checked: Sequence[Checked], fewest: int, most: int) -> list[Clean]:
    """The clean pictures of an upload that has the right number of them and no fault. Raises PictureError."""
    count_problem(len(checked), fewest, most)
    faults = [(each, each.problem) for each in checked if each.problem is not None]
    if faults:
        sentences = [f"{_called(each)} {fault.detail}" for each, fault in faults]
        raise PictureError(
            " ".join(sentences),
            field="images",
            code=f"picture-{faults[0][1].code}",
            pictures=[
                {"index": each.index, "name": each.name, "detail": f"{_called(each)} {fault.detail}"}
                for each, fault in faults
            ],
        )
    return [each.picture for each in checked if each.picture is not None]


def count_problem(count: int, fewest: int, most: int) -> None:
    """Raise PictureError unless there are as many pictures as a concept is taught from."""
    if fewest <= count <= most:
        return
    sent = "No picture was sent" if count == 0 else f"{count} picture{'s were' if count > 1 else ' was'} sent"
    advice = "Add some more views of the same thing." if count < fewest else f"Keep the best {most}."
    raise PictureError(
        f"{sent}, and a concept is taught from {fewest} to {most}. {advice}", field="images", code="picture-count"
    )


def _called(each: Checked) -> str:
    return f"Picture {each.index + 1} ({each.name})"


def _warnings(picture: Clean, seen: Sequence[Checked], resolution: int) -> list[Fault]:
    found = []
    side = min(picture.width, picture.height)
    if side < resolution:
        found.append(
            Fault(
                "small",
                f"is {side} pixels on its shorter side, and the base model draws {resolution}. "
                "It will be enlarged and teach less detail.",
            )
        )
    outside = 1 - side / max(picture.width, picture.height)
    if outside > CROPPED_ABOVE:
        found.append(
            Fault("cropped", f"is long: {outside:.0%} of it is outside the square in the middle that is learned from.")
        )
    if picture.sharpness < BLURRED_BELOW:
        found.append(Fault("blurred", "looks blurred or empty. A sharper picture teaches more."))
    for other in seen:
        if other.picture and (picture.fingerprint ^ other.picture.fingerprint).bit_count() <= ALIKE_BITS:
            found.append(Fault("alike", f"is nearly the same as {_called(other)}. Different views teach more."))
            break
    return found
