"""Middleware for every request: checks of Host and Origin, security headers.

Plain ASGI, so that streams pass through unchanged.
"""

from collections.abc import Set
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.accounts.principal import COOKIE
from app.core.errors import Forbidden, OnewordError
from app.core.settings import Settings
from app.web.problems import refusal

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'self'; img-src 'self' blob: data:; style-src 'self' 'unsafe-inline'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_SAFE_METHODS: Final = {"GET", "HEAD", "OPTIONS"}
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
}


class Guards:
    """Middleware around the whole application."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._hosts = _allowed_hosts(settings)
        self._public = urlsplit(settings.public_url).netloc.lower()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or pass it on with headers added to the answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sending = _with_headers(send)
        try:
            self._check(scope)
        except OnewordError as error:
            await refusal(scope, error)(scope, receive, sending)
            return
        await self._app(scope, receive, sending)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if self._hosts is not None and _bare(host) not in self._hosts:
            raise Forbidden(
                f"This studio does not answer to the name {_bare(host)!r}. Open it by its own address, or set "
                "ONEWORD_PUBLIC_URL to the address that people use.",
                code="unknown-host",
            )
        if scope["method"] not in _SAFE_METHODS:
            _check_origin(headers, {host.lower(), self._public})


def _check_origin(headers: Headers, ours: Set[str]) -> None:
    """Raise Forbidden for a change from another site. A script with a bearer token and no cookie is always allowed."""
    with_cookie = f"{COOKIE}=" in headers.get("cookie", "")
    if headers.get("authorization", "").lower().startswith("bearer ") and not with_cookie:
        return
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    foreign = site is not None and site not in ("same-origin", "none")
    # A proxy may replace the Host header with its own name; the page still has the public address.
    if origin is not None and (urlsplit(origin).netloc.lower() or "null") not in ours:
        foreign = True
    if foreign:
        raise Forbidden(
            "This request came from another site, so it was refused. Use the studio's own page.", code="origin"
        )


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sending


def _allowed_hosts(settings: Settings) -> frozenset[str] | None:
    """The host names that the studio answers to; None for any. Other names are refused, against DNS rebinding."""
    names = {"localhost", "127.0.0.1", "[::1]", _bare(urlsplit(settings.url).netloc), settings.host}
    if settings.host in ("0.0.0.0", "::") and not settings.public_url:  # noqa: S104 (asked for by the settings)
        return None  # the studio is reached by addresses that it does not know
    return frozenset(name.lower() for name in names)


def _bare(host: str) -> str:
    """A host name without its port."""
    return host.lower().rsplit(":", 1)[0] if not host.endswith("]") and ":" in host else host.lower()
