"""The page's cookie: where it is read, set, moved on and deleted."""

from datetime import timedelta

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.accounts.principal import COOKIE, Principal
from app.core.database import utc_now
from app.core.settings import Settings


def secret_in(connection: HTTPConnection) -> str | None:
    """The secret of the browser's session, or None."""
    return connection.cookies.get(COOKIE) or None


def set_on(response: Response, settings: Settings, secret: str, lifetime: timedelta) -> None:
    """Make the browser keep the session's secret for this long."""
    response.set_cookie(
        COOKIE,
        secret,
        max_age=int(lifetime.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=settings.url.startswith("https://"),
        path="/",
    )


def delete_on(response: Response) -> None:
    """Make the browser forget the session's secret."""
    response.delete_cookie(COOKIE, path="/")


class SessionRenewal:
    """Middleware that sets the cookie again, with its new time to live, when a request has renewed its session."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the cookie to the answer, whatever endpoint makes it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._renew(scope, state.get("principal"), MutableHeaders(scope=message))
            await send(message)

        await self._app(scope, receive, sending)

    def _renew(self, scope: Scope, principal: Principal | None, headers: MutableHeaders) -> None:
        secret = secret_in(HTTPConnection(scope))
        if principal is None or not principal.renewed or principal.expires_at is None or secret is None:
            return
        if "set-cookie" in headers:  # the endpoint signs in or out
            return
        carrier = Response()
        set_on(carrier, self._settings, secret, principal.expires_at - utc_now())
        headers.append("set-cookie", carrier.headers["set-cookie"])
