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


class File(Response):
    """A file to keep, in the interface's schema."""

    media_type = "application/octet-stream"


def png(content: bytes, file_name: str, *, download: bool = False) -> Response:
    """A picture. Its id never means anything else, so a browser may keep it for good."""
    disposition = "attachment" if download else "inline"
    headers = {
        **_SAFE,
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Disposition": f'{disposition}; filename="{file_name}"',
    }
    return Png(content, headers=headers)


def file(content: bytes, file_name: str) -> Response:
    """A file to keep, never to open in the browser."""
    headers = {
        **_SAFE,
        "Cache-Control": "private, no-cache",
        "Content-Disposition": f'attachment; filename="{file_name}"',
    }
    return File(content, headers=headers)
