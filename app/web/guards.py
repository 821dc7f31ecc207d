"""Middleware for every request: checks of Host and Origin.

Plain ASGI, so that streams pass through unchanged.
"""

from collections.abc import Set
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from app.accounts.principal import COOKIE
from app.core.errors import Forbidden, OnewordError
from app.core.settings import Settings
from app.web.problems import refusal

_SAFE_METHODS: Final = {"GET", "HEAD", "OPTIONS"}


class Guards:
    """Middleware around the whole application."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._hosts = _allowed_hosts(settings)
        self._public = _origin(settings.public_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or pass it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            self._check(scope)
        except OnewordError as error:
            await refusal(error)(scope, receive, send)
            return
        await self._app(scope, receive, send)

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
            _check_origin(headers, self._origins(scope["scheme"], host))

    def _origins(self, scheme: str, host: str) -> set[str]:
        """The origins of the studio's own pages. A proxy may replace the Host header with its own name, and speaks http
        to the studio; the page still has the public address, under which only the public scheme is ours."""
        public_scheme = self._public.partition("://")[0]
        if self._public and _origin(f"{public_scheme}://{host}") == self._public:
            return {self._public}
        return {_origin(f"{scheme}://{host}"), self._public} - {""}


def _check_origin(headers: Headers, ours: Set[str]) -> None:
    """Raise Forbidden for a change from another site. A script with a bearer token and no cookie is always allowed."""
    with_cookie = f"{COOKIE}=" in headers.get("cookie", "")  # also as __Host-…
    if headers.get("authorization", "").lower().startswith("bearer ") and not with_cookie:
        return
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    foreign = site is not None and site not in ("same-origin", "none")
    if origin is not None and origin.lower() not in ours:
        foreign = True
    if foreign:
        raise Forbidden(
            "This request came from another site, so it was refused. Use the studio's own page. If it was the studio's "
            "own page, set ONEWORD_PUBLIC_URL to the address that people open, with its scheme.",
            code="origin",
        )


def _origin(url: str) -> str:
    """Scheme, name and port of an address as browsers send them in `Origin`: without the scheme's own port."""
    scheme, _, rest = url.lower().partition("://")
    netloc = rest.partition("/")[0]
    default = {"http": ":80", "https": ":443"}.get(scheme, "")
    return f"{scheme}://{netloc.removesuffix(default) if default else netloc}" if netloc else ""


def _allowed_hosts(settings: Settings) -> frozenset[str] | None:
    """The host names that the studio answers to; None for any. Other names are refused, against DNS rebinding."""
    names = {"localhost", "127.0.0.1", "[::1]", _bare(urlsplit(settings.url).netloc), settings.host}
    if settings.host in ("0.0.0.0", "::") and not settings.public_url:  # noqa: S104 (asked for by the settings)
        return None  # the studio is reached by addresses that it does not know
    return frozenset(name.lower() for name in names)


def _bare(host: str) -> str:
    """A host name without its port."""
    return host.lower().rsplit(":", 1)[0] if not host.endswith("]") and ":" in host else host.lower()
