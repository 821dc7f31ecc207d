"""Who sent a request: the FastAPI dependencies Viewer, Member and Admin.

`app.web.admission` calls `who_sent` once for each request, before anything reads the body, and keeps the answer in
`request.state.principal`. The dependencies only read that, so they need no database connection.

Every function here that takes a `person` is a check. `app.web.endpoints` finds those of each endpoint, and the
middleware calls them too before the body is read.
"""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, HTTPBearer
from starlette.requests import HTTPConnection

from app.accounts import principal
from app.accounts.principal import COOKIE, Principal
from app.core.errors import NotSignedIn
from app.services import Services

_bearer = HTTPBearer(auto_error=False, description="A token from the settings page or `oneword token NAME`.")
_cookie = APIKeyCookie(name=COOKIE, auto_error=False, description="What signing in on the page sets.")


def credential_of(connection: HTTPConnection) -> tuple[str, str] | None:
    """What a request signs in with: `bearer` and a token, or `cookie` and its value. None without either."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return "bearer", token.strip()
    cookie = connection.cookies.get(COOKIE)
    return ("cookie", cookie) if cookie else None


def who_sent(services: Services, credential: tuple[str, str]) -> Principal | None:
    """The person with this credential, or None. Reads the database."""
    kind, secret = credential
    if kind == "bearer":
        return principal.by_token(services.database, secret)
    return principal.by_cookie(services.database, secret)


def not_signed_in() -> NotSignedIn:
    """The error for a request that nobody signed."""
    return NotSignedIn(
        "Nobody is signed in. Open the link that `oneword sign-in` prints, or send `Authorization: Bearer` with a "
        "token from `oneword token NAME`."
    )


def authenticate(
    request: Request,
    _b: Annotated[object, Depends(_bearer)] = None,
    _c: Annotated[object, Depends(_cookie)] = None,
) -> Principal:
    """The person who sent a request. Raises NotSignedIn."""
    person: Principal | None = request.state.principal
    if person is None:
        raise not_signed_in()
    return person


def _viewer(person: Annotated[Principal, Depends(authenticate)]) -> Principal:
    return person


def _member(person: Annotated[Principal, Depends(authenticate)]) -> Principal:
    person.require_role("member")
    return person


def _admin(person: Annotated[Principal, Depends(authenticate)]) -> Principal:
    person.require_role("admin")
    return person


Viewer = Annotated[Principal, Depends(_viewer)]  # may look
Member = Annotated[Principal, Depends(_member)]  # may train and generate
Admin = Annotated[Principal, Depends(_admin)]  # may manage the team
