"""JSON with pictures and files in it: read piece by piece, so that it takes no more memory than a form.

A picture is a `data:` address, bare base64, `{"data": …, "name": …}`, or `{"upload_id": …}` for one that was sent to
`POST /api/uploads`. A string of more than CUT_BYTES is decoded while it arrives, into a file of its own, and a short
reference takes its place. Only the rest is parsed as JSON, and that is limited like every other JSON body.
"""

import base64
import binascii
import io
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from json import JSONDecodeError
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from app.core.errors import InvalidInput, TooLarge
from app.core.request_model import refuse_unstorable
from app.uploads import service as uploads
from app.web.bounded_bodies import JSON_BYTES_MAX, parsed

CUT_BYTES: Final = 32_768  # longer strings are pictures or files, and no texts
IN_MEMORY_BYTES: Final = 1_000_000  # of one decoded file; the rest is on the disk, as with forms
_HEAD_BYTES: Final = 200  # after which it is known whether a text is an address
_BATCH_BYTES: Final = 1_000_000  # that are read before a thread goes through them
_IN_STRING: Final = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
_DATA_ADDRESS: Final = re.compile(rb"data:[\w.+/;=-]{0,100};base64,", re.IGNORECASE)
_ESCAPES: Final = ((rb"\/", b"/"), (rb"\n", b""), (rb"\r", b""))  # base64 has nothing else that JSON escapes
_SPACE: Final = b" \t\r\n"


class Base64File:
    """Base64 as it arrives, decoded into a file. The first fault is kept; what follows it is dropped."""

    def __init__(self) -> None:
        self.file: IO[bytes] = SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115 (closed with the request)
        self.fault: str | None = None
        self._left = b""
        self._begun = False
        self._ended = False

    def feed(self, text: bytes) -> None:
        """The next part of the string, as it stands in the JSON."""
        text = self._left + text
        if self._begun or len(text) >= _HEAD_BYTES:
            self._take(text)
        else:
            self._left = text

    def end(self) -> None:
        """The string is over."""
        if not self._begun:
            self._take(self._left)
        left, self._left = self._left, b""
        self._decode(left + b"=" * (-len(left) % 4))
        self.file.seek(0)

    def read_text(self, text: str) -> None:
        """Decode a whole text, as it is meant and not as JSON spells it."""
        self.feed(text.replace("\\", "\\\\").encode())
        self.end()

    def check(self, field: str) -> None:
        """Raise InvalidInput about `field` for a text that is no base64."""
        if self.fault is not None:
            raise InvalidInput(
                f"{field}: this {self.fault}. Send the file itself, as base64 or as a data: address with ;base64.",
                field=field,
                code="base64",
            )

    def _take(self, text: bytes) -> None:
        held = b"\\" if text.endswith(b"\\") else b""
        text = text[: len(text) - len(held)]
        for written, meant in _ESCAPES:
            text = text.replace(written, meant)
        text = text.translate(None, _SPACE)
        if not self._begun:
            self._begun = True
            text = self._without_head(text)
        whole = len(text) - len(text) % 4
        self._decode(text[:whole])
        self._left = text[whole:] + held

    def _without_head(self, text: bytes) -> bytes:
        found = _DATA_ADDRESS.match(text)
        if found:
            return text[found.end() :]
        head = text[:8].lower()
        if head.startswith(b"data:"):
            self.fault = "is a data: address that is not base64"
        elif head.startswith((b"http://", b"https://")):
            self.fault = "is an address, and the studio fetches none"
        return text

    def _decode(self, text: bytes) -> None:
        if self.fault is not None or not text:
            return
        if self._ended:
            self.fault = "has something after its end"
            return
        self._ended = text.endswith(b"=")
        try:
            self.file.write(base64.b64decode(text, validate=True))
        except (binascii.Error, ValueError):
            self.fault = "is not base64"


@dataclass
class Skeleton:
    """The JSON without its long strings, and the files that those are."""

    files_max: int
    rest: bytearray = field(default_factory=bytearray)
    files: dict[str, Base64File] = field(default_factory=dict)
    _nonce: str = field(default_factory=lambda: secrets.token_hex(8))
    _string: bytearray | None = None  # inside a string: what it has so far, unless it is cut
    _cut: Base64File | None = None
    _held: bytes = b""  # half an escape at the end of a part

    def feed(self, part: bytes) -> None:
        """The next part of the body. Raises TooLarge."""
        part, self._held = self._held + part, b""
        place = 0
        while place < len(part):
            if self._string is None:
                quote = part.find(b'"', place)
                end = len(part) if quote < 0 else quote + 1
                self._keep(part[place:end])
                self._string = None if quote < 0 else bytearray()
            else:
                match = _IN_STRING.match(part, place)
                end = match.end() if match else place
                self._add(part[place:end])
                if end == len(part) - 1 and part[end:] == b"\\":
                    self._held = b"\\"
                    return
                if end < len(part):
                    self._end_of_string()
                    end += 1
            place = end

    def new_file(self) -> Base64File:
        """A file that is removed with the others. Raises InvalidInput for one more than `files_max`."""
        if len(self.files) >= self.files_max:
            raise InvalidInput(
                f"The request cannot be read: it has too many files. Send at most {self.files_max} here.", code="form"
            )
        file = self.files[f"{self._nonce}-{len(self.files)}"] = Base64File()
        return file

    def _add(self, text: bytes) -> None:
        assert self._string is not None
        if self._cut is None and len(self._string) + len(text) > CUT_BYTES:
            self._cut = self.new_file()
            self._cut.feed(bytes(self._string))
        if self._cut is None:
            self._string += text
        else:
            self._cut.feed(text)

    def _end_of_string(self) -> None:
        if self._cut is None:
            self._keep(bytes(self._string or b"") + b'"')
        else:
            self._cut.end()
            self._keep(f'{next(reversed(self.files))}"'.encode())
        self._string = self._cut = None

    def _keep(self, text: bytes) -> None:
        self.rest += text
        if len(self.rest) > JSON_BYTES_MAX:
            raise TooLarge(
                f"The request has more than {JSON_BYTES_MAX / 1e6:.0f} MB of JSON beside its pictures, which is the "
                "most that this address takes. Send less at once."
            )

    def value(self) -> Any:
        """The JSON, in which the files take the places of the long strings. Raises JSONDecodeError and InvalidInput."""
        found = parsed(bytes(self.rest if self._string is None else self.rest + self._string))
        refuse_unstorable(found)
        try:
            return self._with_files(found) if self.files else found
        except RecursionError:
            raise JSONDecodeError("nested too deeply", "", 0) from None

    def _with_files(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.files.get(value, value)
        if isinstance(value, dict):
            return {name: self._with_files(each) for name, each in value.items()}
        return [self._with_files(each) for each in value] if isinstance(value, list) else value

    def close(self) -> None:
        """Remove the files."""
        for each in self.files.values():
            each.file.close()


async def read(request: Request, skeleton: Skeleton) -> Any:
    """The JSON body of a request. Raises JSONDecodeError, InvalidInput and TooLarge."""
    waiting = bytearray()
    async for chunk in request.stream():
        waiting += chunk
        if len(waiting) >= _BATCH_BYTES:
            await run_in_threadpool(skeleton.feed, bytes(waiting))
            waiting.clear()
    if len(waiting) + len(skeleton.rest) <= CUT_BYTES:
        skeleton.feed(bytes(waiting))
        return skeleton.value()
    await run_in_threadpool(skeleton.feed, bytes(waiting))
    return await run_in_threadpool(skeleton.value)


async def as_file(request: Request, skeleton: Skeleton, name: str, value: Any) -> UploadFile:
    """The picture or file that a value of field `name` is, open until the skeleton is closed. Raises InvalidInput."""
    file_name = ""
    if isinstance(value, Mapping):
        if set(value) == {"upload_id"} and isinstance(value["upload_id"], str):
            return await _stored(request, name, value["upload_id"])
        file_name = value.get("name", "")
        if not set(value) <= {"data", "name"} or "data" not in value or not isinstance(file_name, str):
            raise _no_file(name)
        value = value["data"]
    if isinstance(value, str):
        text, value = value, skeleton.new_file()
        value.read_text(text)
    if not isinstance(value, Base64File):
        raise _no_file(name)
    value.check(name)
    return UploadFile(value.file, filename=file_name)  # type: ignore[arg-type]


def decoded(text: str, field: str) -> bytes:
    """The bytes of base64 or of a `data:` address that is in memory. Raises InvalidInput about `field`."""
    sent = Base64File()
    with sent.file:
        sent.read_text(text)
        sent.check(field)
        return sent.file.read()


async def _stored(request: Request, name: str, upload_id: str) -> UploadFile:
    services, principal = request.app.state.services, request.state.principal
    found = await run_in_threadpool(uploads.files, services, principal.team_id, [upload_id], name)
    return UploadFile(io.BytesIO(found[upload_id].content), filename=found[upload_id].name)


def _no_file(name: str) -> InvalidInput:
    return InvalidInput(
        f'{name}: send a data: address, base64, {{"data": …, "name": …}} or {{"upload_id": …}} here.',
        field=name,
        code="base64",
    )
