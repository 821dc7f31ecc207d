"""The only place that sends stored bytes: with a fixed media type, no sniffing, a sandbox, and names that we choose."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from fastapi import Response
from fastapi.responses import StreamingResponse
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from app.core.database import utc_now

_SAFE: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Picture(Response):
    """A picture. `Accept: application/octet-stream` gets the same bytes under that type: generated clients that cannot
    read image types ask for it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        self.headers.add_vary_header("Accept")
        if Headers(scope=scope).get("accept", "").strip().lower() == File.media_type:
            self.headers["Content-Type"] = File.media_type
        await super().__call__(scope, receive, send)


class Png(Picture):
    """A picture, in the interface's schema."""

    media_type = "image/png"


class Webp(Picture):
    """A picture of a report, in the interface's schema."""

    media_type = "image/webp"


class Jpeg(Picture):
    """A picture that came with the studio, in the interface's schema."""

    media_type = "image/jpeg"


class Csv(StreamingResponse):
    """A table to download, in the interface's schema."""

    media_type = "text/csv"


class Zip(StreamingResponse):
    """An archive to download, in the interface's schema."""

    media_type = "application/octet-stream"  # a type that generated clients can keep


class File(Response):
    """A file to download, in the interface's schema."""

    media_type = "application/octet-stream"


def picture(content: bytes, kind: type[Response], file_name: str, *, download: bool = False) -> Response:
    """A picture. Its id never names another picture, so a browser may cache it forever."""
    return kind(content, headers=_cached_for_ever("attachment" if download else "inline", file_name))


def passing_picture(content: bytes, kind: type[Response]) -> Response:
    """A picture that was made for this answer and is stored nowhere."""
    return kind(content, headers={**_SAFE, "Cache-Control": "no-store"})


def until(answer: Response, moment: datetime) -> Response:
    """An answer to a signed address: other sites may show it, and a browser forgets it when the address ends."""
    seconds = max(0, int((moment - utc_now()).total_seconds()))
    answer.headers["Cache-Control"] = f"private, max-age={seconds}"
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


def webp(content: bytes, file_name: str) -> Response:
    """A picture of a report. It never changes, so a browser may cache it forever."""
    return Webp(content, headers=_cached_for_ever("inline", file_name))


def jpeg(content: bytes, file_name: str) -> Response:
    """A picture that came with the studio. Another release may have another picture at the same address."""
    headers = {
        **_SAFE,
        "Cache-Control": "private, max-age=3600",
        "Content-Disposition": f'inline; filename="{file_name}"',
    }
    return Jpeg(content, headers=headers)


def file(content: bytes, file_name: str) -> Response:
    """A file to download, which the browser does not open."""
    return File(content, headers=_to_download(file_name))


def pieces(content: Iterator[bytes], file_name: str, tag: str) -> StreamingResponse:
    """A large file to download, sent piece by piece. `tag` is its ETag."""
    headers = {**_to_download(file_name), "ETag": tag}
    return StreamingResponse(content, media_type=File.media_type, headers=headers)


def csv(rows: Iterator[str], file_name: str) -> Csv:
    """A table to download, sent row by row."""
    return Csv(rows, headers=_to_download(file_name))


def zip_file(parts: Iterator[bytes], file_name: str) -> Zip:
    """An archive to download, sent piece by piece."""
    return Zip(parts, headers=_to_download(file_name))


def _to_download(file_name: str) -> dict[str, str]:
    return {
        **_SAFE,
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="{file_name}"',
    }


def _cached_for_ever(disposition: str, file_name: str) -> dict[str, str]:
    return {
        **_SAFE,
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Disposition": f'{disposition}; filename="{file_name}"',
    }
