"""The cookie of a browser session: its name, its attributes, and where it is read.

Over TLS its name begins with `__Host-`: a browser then takes it from this host alone, so that a neighbouring subdomain
cannot plant one. A session that began under the old name goes on: `rename_cookie` sends its cookie again under the new
name, with the first answer that the page asks for.
"""

from collections.abc import Mapping
from typing import Final

from fastapi import Request, Response

from app.accounts.principal import COOKIE
from app.core.settings import Settings

OVER_TLS: Final = f"__Host-{COOKIE}"


def session_secret(cookies: Mapping[str, str]) -> str | None:
    """The secret of the browser's session, or None."""
    return cookies.get(OVER_TLS) or cookies.get(COOKIE)


def set_session_cookie(response: Response, settings: Settings, secret: str) -> None:
    """Send the cookie of a session to the browser."""
    tls = _over_tls(settings)
    response.set_cookie(
        OVER_TLS if tls else COOKIE,
        secret,
        max_age=int(settings.session_days * 86400),
        httponly=True,
        samesite="lax",
        secure=tls,
        path="/",
    )


def clear_session_cookie(response: Response, settings: Settings) -> None:
    """Remove the cookie from the browser, under either name."""
    response.delete_cookie(COOKIE, path="/")
    if _over_tls(settings):
        response.delete_cookie(OVER_TLS, path="/", secure=True, httponly=True, samesite="lax")


def rename_cookie(request: Request, response: Response, settings: Settings) -> None:
    """Send the cookie again under its name over TLS, if the old name has just proved who asks."""
    secret = request.cookies.get(COOKIE)
    if _over_tls(settings) and secret and OVER_TLS not in request.cookies and "authorization" not in request.headers:
        response.delete_cookie(COOKIE, path="/")
        set_session_cookie(response, settings, secret)


def _over_tls(settings: Settings) -> bool:
    return settings.url.startswith("https://")
