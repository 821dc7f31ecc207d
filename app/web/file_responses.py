"""The one place where stored bytes leave the service: a fixed type, no sniffing, a sandbox, server-chosen names."""

from typing import Final

from fastapi import Response

_SAFE: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Png(Response):
    """A picture, in the interface's schema."""

    media_type = "image/png"


class Webp(Response):
    """A picture of a report, in the interface's schema."""

    media_type = "image/webp"


class Jpeg(Response):
    """A picture that came with the studio, in the interface's schema."""

    media_type = "image/jpeg"


class File(Response):
    """A file to keep, in the interface's schema."""

    media_type = "application/octet-stream"


def png(content: bytes, file_name: str, *, download: bool = False) -> Response:
    """A picture. Its id never means anything else, so a browser may keep it for good."""
    return Png(content, headers=_for_good("attachment" if download else "inline", file_name))


def webp(content: bytes, file_name: str) -> Response:
    """A picture of a report, which never changes either."""
    return Webp(content, headers=_for_good("inline", file_name))


def jpeg(content: bytes, file_name: str) -> Response:
    """A picture that came with the studio; another release may have another one under the same address."""
    headers = {
        **_SAFE,
        "Cache-Control": "private, max-age=3600",
        "Content-Disposition": f'inline; filename="{file_name}"',
    }
    return Jpeg(content, headers=headers)


def file(content: bytes, file_name: str) -> Response:
    """A file to keep, never to open in the browser."""
    headers = {
        **_SAFE,
        "Cache-Control": "private, no-cache",
        "Content-Disposition": f'attachment; filename="{file_name}"',
    }
    return File(content, headers=headers)


def _for_good(disposition: str, file_name: str) -> dict[str, str]:
    return {
        **_SAFE,
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Disposition": f'{disposition}; filename="{file_name}"',
    }
