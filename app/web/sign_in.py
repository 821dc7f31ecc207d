"""Who sent a request and what they may do: a FastAPI dependency for each kind of endpoint.

`app.web.admission` calls `who_sent` once for each request, before anything reads the body, and keeps the answer in
`request.state.principal`. The dependencies only read that, so they need no database connection.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final
from urllib.parse import parse_qsl

from fastapi import Depends, Query, Request
from fastapi.security import APIKeyCookie, HTTPBearer
from starlette.requests import HTTPConnection

from app.accounts import principal
from app.accounts.principal import COOKIE, Principal
from app.accounts.scopes import Role, Scope
from app.accounts.signed_addresses import SIGNABLE
from app.core.errors import Forbidden, NotSignedIn
from app.core.settings import Settings
from app.services import Services
from app.web.session_cookie import secret_in

_LINK_CHARACTERS_MAX: Final = 500
BASIC: Final = (
    "sdapi"  # below this address a token is also the password of HTTP Basic, as AUTOMATIC1111's clients send it
)

_bearer = HTTPBearer(auto_error=False, description="A token from the settings page or `oneword token NAME`.")
_cookie = APIKeyCookie(
    name=COOKIE,
    auto_error=False,
    description="What signing in on the page sets. Over TLS its name begins with `__Host-`.",
)


def credential_of(connection: HTTPConnection, settings: Settings) -> tuple[str, str] | None:
    """What a request signs in with: `bearer` and a token, or `cookie` and its value. None without either.

    A signed address needs no other credential: the pair is `link` and the address itself. It takes precedence over a
    token or cookie that comes with it.
    """
    if "signature" in connection.query_params and connection.scope["method"] == "GET":
        path = connection.scope["path"]
        if SIGNABLE.fullmatch(path):
            return "link", f"{path}?{connection.url.query}"
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return "bearer", token.strip()
    if scheme.lower() == "basic" and connection.scope["path"].split("/")[1:2] == [BASIC]:
        password = _password(token)
        if password:
            return "bearer", password
    cookie = secret_in(connection, settings)
    return ("cookie", cookie) if cookie else None


def _password(credentials: str) -> str:
    """The password of HTTP Basic (RFC 7617); empty if there is none. The user name does not matter."""
    try:
        return base64.b64decode(credentials.strip(), validate=True).decode().partition(":")[2].strip()
    except (binascii.Error, ValueError):  # no base64, or no UTF-8
        return ""


def who_sent(services: Services, credential: tuple[str, str]) -> Principal | None:
    """The person with this credential, or None. Reads the database."""
    kind, secret = credential
    if kind == "bearer":
        return principal.by_token(services.database, secret)
    if kind == "link":
        path, _, query = secret.partition("?")
        return services.signed_addresses.reader(path, _parameters(query))
    return principal.by_cookie(services.database, secret, services.settings.session_days)


def _parameters(query: str) -> dict[str, str]:
    """The parameters of a signed address by name; none of a query that is too long or names one twice, so that the
    value that was checked is the value that is used."""
    if len(query) > _LINK_CHARACTERS_MAX:
        return {}
    pairs = parse_qsl(query, keep_blank_values=True)
    found = dict(pairs)
    return found if len(found) == len(pairs) else {}


def link_refused() -> Forbidden:
    """The error for a signed address that is not valid."""
    return Forbidden(
        "This link to a picture has expired, was changed on its way, or ended with the token or session of the person "
        "who made it. Ask that person for a new one.",
        code="link",
    )


def not_signed_in() -> NotSignedIn:
    """The error for a request that nobody signed."""
    return NotSignedIn(
        "Nobody is signed in. Open the link that `oneword sign-in` prints, or send `Authorization: Bearer` with a "
        "token from `oneword token NAME`."
    )


def _anybody(request: Request) -> Principal | None:
    person: Principal | None = request.state.principal
    return person


Anybody = Annotated[Principal | None, Depends(_anybody)]  # for endpoints that need no sign-in


def _authenticate(
    request: Request,
    _b: Annotated[object, Depends(_bearer)] = None,
    _c: Annotated[object, Depends(_cookie)] = None,
) -> Principal:
    """The person who sent a request. Raises NotSignedIn."""
    person = _anybody(request)
    if person is None:
        raise not_signed_in()
    return person


@dataclass(frozen=True)
class Requirement:
    """A dependency: what an endpoint asks of the person who calls it, and of the token or session that they sent.

    `app.web.endpoints` finds it among the dependencies of an endpoint, and `app.web.admission` calls it before the body
    is read.
    """

    role: Role = "viewer"
    any_of: tuple[Scope, ...] = ()  # the credential has one of these scopes
    over_credentials: bool = False  # the credential may make and end other credentials
    makes_links: bool = False  # the credential may make links that sign people in

    def __call__(self, person: Annotated[Principal, Depends(_authenticate)]) -> Principal:
        """The person. Raises Forbidden."""
        person.require_role(self.role)
        if self.makes_links:
            person.require_right_to_links()
        if self.any_of:
            person.require_scope(*self.any_of)
        if self.over_credentials:
            person.require_control_of_credentials()
        return person


SIGNED_IN = Requirement()

SignedIn = Annotated[Principal, Depends(SIGNED_IN)]  # for what concerns the credential itself: needs no scope
Viewer = Annotated[Principal, Depends(Requirement("viewer", ("read",)))]  # may look


def _of_signed_address(
    request: Request,
    expires: Annotated[str | None, Query(description="Of a signed address: when it ends.")] = None,
    by: Annotated[str | None, Query(description="Of a signed address: the token or session that it ends with.")] = None,
    signature: Annotated[str | None, Query(description="Of a signed address.")] = None,
) -> datetime | None:
    """When the signed address of this request ends; None for other requests. `credential_of` has read the rest."""
    if signature is None or not SIGNABLE.fullmatch(request.url.path):
        return None
    return datetime.fromtimestamp(int(_parameters(request.url.query)["expires"]), UTC)


SignedUntil = Annotated[datetime | None, Depends(_of_signed_address)]  # declared where signed addresses are taken
MayDraw = Annotated[Principal, Depends(Requirement("member", ("draw",)))]  # generations and drawn pictures
MayTeach = Annotated[Principal, Depends(Requirement("member", ("teach",)))]  # concepts: training, importing, editing
# The endpoint decides which of the two it needs.
MayDrawOrTeach = Annotated[Principal, Depends(Requirement("member", ("draw", "teach")))]
Admin = Annotated[Principal, Depends(Requirement("admin", ("admin",)))]  # may manage the team
MakesLinks = Annotated[Principal, Depends(Requirement("admin", ("admin",), makes_links=True))]  # signs others in
# Their own tokens and sessions.
ControlsCredentials = Annotated[Principal, Depends(Requirement("viewer", over_credentials=True))]
MakesTokens = Annotated[Principal, Depends(Requirement("member", over_credentials=True))]
