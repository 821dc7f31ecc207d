"""The cookie of a browser session: its name, its attributes, and where it is read, set, renewed and deleted.

Over TLS its name begins with `__Host-`: a browser then takes it from this host alone, so that a neighbouring subdomain
cannot plant one. The name without `__Host-` is not read there, since any subdomain can set it.
"""

from datetime import timedelta
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.accounts.principal import COOKIE, Principal
from app.core.database import utc_now
from app.core.settings import Settings

OVER_TLS: Final = f"__Host-{COOKIE}"


def secret_in(connection: HTTPConnection, settings: Settings) -> str | None:
    """The secret of the browser's session, or None."""
    return connection.cookies.get(_name(settings)) or None


def set_on(response: Response, settings: Settings, secret: str, lifetime: timedelta) -> None:
    """Make the browser keep the session's secret for this long."""
    response.set_cookie(
        _name(settings),
        secret,
        max_age=int(lifetime.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=_over_tls(settings),
        path="/",
    )


def delete_on(response: Response, settings: Settings) -> None:
    """Make the browser forget the session's secret."""
    response.delete_cookie(_name(settings), path="/", secure=_over_tls(settings), httponly=True, samesite="lax")


class SessionRenewal:
    """Middleware that sends the cookie again after a request that renewed its session."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the cookie to the answer, whatever endpoint makes it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._renew(HTTPConnection(scope), scope["state"]["principal"], MutableHeaders(scope=message))
            await send(message)

        await self._app(scope, receive, sending)

    def _renew(self, connection: HTTPConnection, person: Principal | None, headers: MutableHeaders) -> None:
        secret = secret_in(connection, self._settings)
        if person is None or not person.renewed or person.expires_at is None or secret is None:
            return
        if "set-cookie" in headers:  # an endpoint that signs in or out sets its own
            return
        carrier = Response()
        set_on(carrier, self._settings, secret, person.expires_at - utc_now())
        headers.append("set-cookie", carrier.headers["set-cookie"])


def _name(settings: Settings) -> str:
    return OVER_TLS if _over_tls(settings) else COOKIE


def _over_tls(settings: Settings) -> bool:
    return settings.url.startswith("https://")
