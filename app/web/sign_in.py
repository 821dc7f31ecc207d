"""Who sent a request and what they may do: a FastAPI dependency for each kind of endpoint.

Each authorises in a short session of its own, so that a stream that follows holds no database connection.
"""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, HTTPBearer

from app.accounts import principal
from app.accounts.principal import COOKIE, Principal
from app.accounts.scopes import Role, Scope
from app.core.errors import NotSignedIn
from app.web.dependencies import ServicesOf
from app.web.session_cookie import PRINCIPAL, secret_in

_bearer = HTTPBearer(auto_error=False, description="A token from the settings page or `oneword token NAME`.")
_cookie = APIKeyCookie(name=COOKIE, auto_error=False, description="What signing in on the page sets.")


def _sender(request: Request, services: ServicesOf) -> Principal | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    cookie = secret_in(request)
    person = None
    if scheme.lower() == "bearer" and token:
        person = principal.by_token(services.database, token.strip())
    elif cookie:
        person = principal.by_cookie(services.database, cookie, services.settings.session_days)
    setattr(request.state, PRINCIPAL, person)
    return person


Anybody = Annotated[Principal | None, Depends(_sender)]  # for endpoints that need no sign-in


def _authenticate(
    person: Anybody,
    _b: Annotated[object, Depends(_bearer)] = None,
    _c: Annotated[object, Depends(_cookie)] = None,
) -> Principal:
    if person is None:
        raise NotSignedIn(
            "Nobody is signed in. Open the link that `oneword sign-in` prints, or send `Authorization: Bearer` with a "
            "token from `oneword token NAME`."
        )
    return person


SignedIn = Annotated[Principal, Depends(_authenticate)]  # for what concerns the credential itself: needs no scope


def _needs(role: Role, *any_of: Scope) -> Callable[[Principal], Principal]:
    def check(person: SignedIn) -> Principal:
        person.require_role(role)
        person.require_scope(*any_of)
        return person

    return check


def _controls_credentials(role: Role) -> Callable[[Principal], Principal]:
    def check(person: SignedIn) -> Principal:
        person.require_role(role)
        person.require_control_of_credentials()
        return person

    return check


Viewer = Annotated[Principal, Depends(_needs("viewer", "read"))]  # may look
MayDraw = Annotated[Principal, Depends(_needs("member", "draw"))]  # generations and drawn pictures
MayTeach = Annotated[Principal, Depends(_needs("member", "teach"))]  # concepts: training, importing, editing
MayDrawOrTeach = Annotated[Principal, Depends(_needs("member", "draw", "teach"))]  # the endpoint decides which
Admin = Annotated[Principal, Depends(_needs("admin", "admin"))]  # may manage the team
ControlsCredentials = Annotated[Principal, Depends(_controls_credentials("viewer"))]  # their own tokens and sessions
MakesTokens = Annotated[Principal, Depends(_controls_credentials("member"))]
