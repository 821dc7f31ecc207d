"""Checks every upload: it becomes a clean picture, or a PictureError says what is wrong with it.

Decoding happens in child processes with limits (`app.foreign_bytes.decoder_pool`), never in the web process. Teams take
turns at them (`app.pictures.fair_turns`).
"""

import base64
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeVar

import structlog

from app.contracts.texts import label
from app.core.errors import PictureError, SenderGone
from app.foreign_bytes.answers import ReadingFailed
from app.foreign_bytes.decoder_pool import WORKERS, DecoderPool, Submission
from app.pictures.advice import warnings_about
from app.pictures.decoding import CleanPicture, PictureFault
from app.pictures.edits import Edit
from app.pictures.fair_turns import FairTurns
from app.pictures.training_pictures import NO_EDIT, training_picture

log = structlog.get_logger(__name__)

Decoded = TypeVar("Decoded")

NAME_CHARACTERS_MAX: Final = 255
_TINY_PNG: Final = base64.b64decode(  # 32×32 pixels, all white
    "iVBORw0KGgoAAAANSUhEUgAAACAAAAAgAQAAAABbAUdZAAAAEUlEQVR42mP8z8DAwMQwaAkAswEBP25AfJYAAAAASUVORK5CYII="
)


@dataclass(frozen=True)
class UploadedFile:
    """The bytes of an upload, and the name that its sender gave it, on one line and cut. The name is only shown."""

    name: str
    content: bytes

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", label(self.name, NAME_CHARACTERS_MAX))


@dataclass(frozen=True)
class CheckedUpload:
    """The result of checking one upload: the picture or the problem, and what its owner should know."""

    index: int
    name: str
    picture: CleanPicture | None
    problem: PictureFault | None = None
    warnings: list[PictureFault] = field(default_factory=list)


class PictureCleaner:
    """Decodes uploads in child processes, and refuses files of more than `bytes_max` bytes unopened."""

    def __init__(self, bytes_max: int, decoders: DecoderPool | None = None) -> None:
        self._bytes_max = bytes_max
        self._decoders = decoders or DecoderPool()
        self._turns = FairTurns(WORKERS)

    def check(
        self,
        uploads: Sequence[UploadedFile],
        resolution: int,
        edits: Sequence[Edit] = (),
        kind: str = "object",
        *,
        keep: bool = True,
    ) -> list[CheckedUpload]:
        """Clean all uploads in parallel, and report the problem or the warnings of each.

        `resolution` is that of the base model, in pixels. `edits` belong to the uploads at the same places. Without
        `keep` the pictures are not encoded, so they cannot be stored. Raises NotReady if nothing can be decoded now.
        """
        changes = [*edits, *[NO_EDIT] * (len(uploads) - len(edits))]
        results = self._in_turn(uploads, [partial(training_picture, edit=edit, encode=keep) for edit in changes])
        checked: list[CheckedUpload] = []
        for index, (upload, result) in enumerate(zip(uploads, results, strict=True)):
            name = upload.name[:100] or f"picture {index + 1}"
            if isinstance(result, PictureFault):
                checked.append(CheckedUpload(index, name, None, result))
                continue
            twin = next((each for each in checked if each.picture and each.picture.sha256 == result.sha256), None)
            if twin is not None:
                fault = PictureFault("twice", f"is the same picture as {_label(twin)}. Send a different view.")
                checked.append(CheckedUpload(index, name, result, fault))
                continue
            earlier = [(_label(each), each.picture) for each in checked if each.picture]
            warnings = warnings_about(result, earlier, resolution, kind)
            checked.append(CheckedUpload(index, name, result, None, warnings))
        return checked

    def decode(self, upload: UploadedFile, decode: Callable[[bytes], Decoded | PictureFault], field: str) -> Decoded:
        """The result of `decode`, a function of `app.pictures.decoding`, for one upload.

        Raises PictureError about `field` if the upload is no usable picture, and NotReady if nothing can be
        decoded now.
        """
        (result,) = self._in_turn([upload], [decode])
        if isinstance(result, PictureFault):
            noun = "file" if field == "file" else "mask" if field == "mask" else "picture"
            label = noun + (f" ({upload.name[:100]})" if upload.name else "")
            kind = "file" if field == "file" else "picture"
            raise PictureError(f"The {label} {result.detail}", field=field, code=f"{kind}-{result.code}")
        return result

    def warm(self) -> None:
        """Start the child processes and let them open a picture now, so that the first upload need not wait."""
        self._decoders.open()
        for _ in range(self._decoders.workers):
            self._decoders.submit(training_picture, _TINY_PNG)

    def close(self) -> None:
        """Stop the child processes."""
        self._decoders.close()

    def _in_turn(
        self, uploads: Sequence[UploadedFile], tasks: Sequence[Callable[[bytes], Decoded | PictureFault]]
    ) -> list[Decoded | PictureFault]:
        """The result of each upload's task. Raises SenderGone if nobody waits for them any more."""
        futures = [
            self._turns.submit(partial(self.decode_now, upload, decode))
            for upload, decode in zip(uploads, tasks, strict=True)
        ]
        try:
            return [future.result() for future in futures]
        except CancelledError:
            raise SenderGone("The connection was closed while pictures were decoded, so nothing was kept.") from None
        finally:
            for future in futures:
                future.cancel()

    def decode_now(
        self, upload: UploadedFile, decode: Callable[[bytes], Decoded | PictureFault]
    ) -> Decoded | PictureFault:
        """The result of `decode` for one upload, or what is wrong with it, without waiting for a turn."""
        return self._result(upload, self._submit(upload, decode))

    def _submit(self, upload: UploadedFile, decode: Callable[[bytes], Decoded]) -> Submission[Decoded] | None:
        """Queue the decoding; None if the file is too large."""
        return None if len(upload.content) > self._bytes_max else self._decoders.submit(decode, upload.content)

    def _result(self, upload: UploadedFile, submission: Submission[Decoded] | None) -> Decoded | PictureFault:
        if submission is None:
            return PictureFault(
                "too-large",
                f"has {len(upload.content) / 1e6:.0f} MB, and at most {self._bytes_max / 1e6:.0f} MB are read. "
                "Make it smaller and send it again.",
            )
        try:
            return self._decoders.result(submission)
        except ReadingFailed as failed:
            log.warning("picture not decoded", reason=failed.reason, detail=failed.detail)
            return _fault_of(failed)


def _fault_of(failed: ReadingFailed) -> PictureFault:
    if failed.reason == "slow":
        return PictureFault("too-slow", "takes too long to open. Save it again and send the new file.")
    if failed.reason == "error":
        return PictureFault("damaged", "is damaged and cannot be read. Send an intact copy.")
    return PictureFault("too-complex", "cannot be opened within the memory allowed. Make it smaller and try again.")


def accepted(checked: Sequence[CheckedUpload], fewest: int, most: int) -> list[CleanPicture]:
    """The clean pictures of a request. Raises PictureError if one has a problem, or if their number is wrong."""
    count_problem(len(checked), fewest, most)
    faults = [
        (each, each.problem.code, f"{_label(each)} {each.problem.detail}")
        for each in checked
        if each.problem is not None
    ]
    if faults:
        raise PictureError(
            " ".join(detail for _, _, detail in faults),
            field="images",
            code=f"picture-{faults[0][1]}",
            pictures=[{"index": each.index, "name": each.name, "detail": detail} for each, _, detail in faults],
        )
    return [each.picture for each in checked if each.picture is not None]


def count_problem(count: int, fewest: int, most: int) -> None:
    """Raise PictureError unless `count` is a number of pictures that a concept can be trained on."""
    if fewest <= count <= most:
        return
    sent = "No picture was sent" if count == 0 else f"{count} picture{'s were' if count > 1 else ' was'} sent"
    advice = "Add some more views of the same thing." if count < fewest else f"Keep the best {most}."
    raise PictureError(
        f"{sent}, and a concept is taught from {fewest} to {most}. {advice}", field="images", code="picture-count"
    )


def _label(each: CheckedUpload) -> str:
    return f"Picture {each.index + 1} ({each.name})"
