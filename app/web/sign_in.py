"""Who sent a request: the FastAPI dependencies Viewer, Member and Admin.

Each authorises in a short session of its own, so that a stream that follows holds no database connection.
"""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, HTTPBearer

from app.accounts import principal
from app.accounts.principal import COOKIE, Principal
from app.core.errors import NotSignedIn
from app.web.dependencies import ServicesOf
from app.web.session_cookie import session_secret

_bearer = HTTPBearer(auto_error=False, description="A token from the settings page or `oneword token NAME`.")
_cookie = APIKeyCookie(
    name=COOKIE,
    auto_error=False,
    description="What signing in on the page sets. Over TLS its name begins with `__Host-`.",
)


def _authenticate(
    request: Request,
    services: ServicesOf,
    _b: Annotated[object, Depends(_bearer)] = None,
    _c: Annotated[object, Depends(_cookie)] = None,
) -> Principal:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    cookie = session_secret(request.cookies)
    person = None
    if scheme.lower() == "bearer" and token:
        person = principal.by_token(services.database, token.strip())
    elif cookie:
        person = principal.by_cookie(services.database, cookie)
    if person is None:
        raise NotSignedIn(
            "Nobody is signed in. Open the link that `oneword sign-in` prints, or send `Authorization: Bearer` with a "
            "token from `oneword token NAME`."
        )
    return person


def _viewer(person: Annotated[Principal, Depends(_authenticate)]) -> Principal:
    return person


def _member(person: Annotated[Principal, Depends(_authenticate)]) -> Principal:
    person.require_role("member")
    return person


def _admin(person: Annotated[Principal, Depends(_authenticate)]) -> Principal:
    person.require_role("admin")
    return person


Viewer = Annotated[Principal, Depends(_viewer)]  # may look
Member = Annotated[Principal, Depends(_member)]  # may train and generate
Admin = Annotated[Principal, Depends(_admin)]  # may manage the team
