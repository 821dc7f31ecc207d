"""The endpoints to sign in and out, and those about the signed-in person, their sessions and their tokens."""

from fastapi import APIRouter, Request, Response, status

from app.accounts import queries, service
from app.accounts.models import Token
from app.accounts.principal import Principal, session_lifetime
from app.accounts.schemas import (
    LimitsOut,
    LinkPreview,
    MeOut,
    NamedOut,
    NewTokenOut,
    SessionList,
    SessionOut,
    SignIn,
    SizeLimitOut,
    TokenIn,
    TokenList,
    TokenOut,
)
from app.accounts.scopes import scopes_of
from app.audit import service as audit
from app.core.database import utc_now
from app.core.errors import Conflict
from app.web import session_cookie
from app.web.bounded_bodies import BoundedRoute
from app.web.dependencies import Key, Reading, ServicesOf, UnitOfWork
from app.web.sign_in import Anybody, ControlsCredentials, MakesTokens, SignedIn, Viewer

router = APIRouter(prefix="/api", tags=["account"], route_class=BoundedRoute)


@router.post("/session/preview")
def preview_sign_in(
    body: SignIn, person: Anybody, request: Request, session: Reading, services: ServicesOf
) -> LinkPreview:
    """Whom a sign-in link signs in, and who is signed in already. The link is not used by this."""
    services.sign_ins.attempt(request.client.host if request.client else "")
    found = service.preview(session, body.code)
    return LinkPreview(
        user=NamedOut(id=found.code.user_id, name=found.user_name),
        team=NamedOut(id=found.code.team_id, name=found.team_name),
        role=found.role,
        expires_at=found.code.expires_at,
        signed_in=None if person is None else NamedOut(id=person.user_id, name=person.user_name),
    )


@router.post("/session", status_code=status.HTTP_204_NO_CONTENT)
def sign_in(body: SignIn, request: Request, session: UnitOfWork, services: ServicesOf, response: Response) -> None:
    """Exchange a one-time code for the page's session cookie. The session that this browser had until now ends."""
    services.sign_ins.attempt(request.client.host if request.client else "")
    settings, previous = services.settings, session_cookie.secret_in(request, services.settings)
    secret = service.start_session(session, settings, body.code, request.headers.get("user-agent", ""), previous)
    services.guesses.remember(("cookie", secret))
    session_cookie.set_on(response, settings, secret, session_lifetime(settings.session_days))


@router.delete("/session", status_code=status.HTTP_204_NO_CONTENT)
def sign_out(principal: SignedIn, session: UnitOfWork, services: ServicesOf, response: Response) -> None:
    """End this browser's session."""
    if principal.credential == "token":
        raise Conflict(
            "This request was made with a token, which has no session to end. To revoke the token, send "
            f"DELETE /api/tokens/{principal.credential_id}.",
            code="no-session",
        )
    service.end_session(session, principal.team_id, principal.user_id, principal.credential_id)
    audit.record(session, principal, "session.ended")
    session_cookie.delete_on(response, services.settings)


@router.get("/sessions")
def list_sessions(principal: Viewer, session: Reading) -> SessionList:
    """The browsers in which I am signed in."""
    found = queries.sessions(session, principal.team_id, principal.user_id, utc_now())
    return SessionList(
        items=[
            SessionOut(
                id=each.id,
                user_agent=each.user_agent,
                created_at=each.created_at,
                last_used_at=each.last_used_at,
                expires_at=each.expires_at,
                current=each.id == principal.credential_id,
            )
            for each in found
        ]
    )


@router.delete("/sessions/{session_id}", status_code=status.HTTP_204_NO_CONTENT)
def end_session(
    session_id: str, principal: ControlsCredentials, session: UnitOfWork, services: ServicesOf, response: Response
) -> None:
    """Sign one of my browsers out."""
    ended = service.end_session(session, principal.team_id, principal.user_id, session_id)
    audit.record(session, principal, "session.ended", session_id, ended.user_agent)
    if session_id == principal.credential_id:
        session_cookie.delete_on(response, services.settings)


@router.delete("/sessions", status_code=status.HTTP_204_NO_CONTENT)
def end_other_sessions(principal: ControlsCredentials, session: UnitOfWork) -> None:
    """Sign all my browsers out, except the one that asks. Tokens stay."""
    queries.delete_sessions(session, principal.team_id, principal.user_id, keep=principal.credential_id)
    audit.record(session, principal, "session.ended", label="all others")


@router.get("/me")
def get_me(principal: SignedIn, services: ServicesOf) -> MeOut:
    """The signed-in person, their team and role, what this session or token may do, and the limits of this
    installation."""
    limits = {model.id: model.size_limit for model in services.catalog.models if model.not_ready_reason is None}
    sizes = {id_: SizeLimitOut.model_validate(limit, from_attributes=True) for id_, limit in limits.items()}
    return MeOut(
        user=NamedOut(id=principal.user_id, name=principal.user_name),
        team=NamedOut(id=principal.team_id, name=principal.team_name),
        role=principal.role,
        credential=principal.credential,
        scopes=list(principal.scopes),
        expires_at=principal.expires_at,
        limits=LimitsOut.model_validate(services.settings, from_attributes=True).model_copy(update={"sizes": sizes}),
    )


@router.get("/tokens")
def list_tokens(principal: Viewer, session: Reading) -> TokenList:
    """My bearer tokens."""
    tokens = queries.tokens(session, principal.team_id, principal.user_id)
    return TokenList(items=[_token(token, principal) for token in tokens])


@router.post("/tokens", status_code=status.HTTP_201_CREATED)
def create_token(
    body: TokenIn, principal: MakesTokens, session: UnitOfWork, idempotency_key: Key = None
) -> NewTokenOut:
    """Create a bearer token for a script. Only this answer shows its secret. A repeated request with the same
    `Idempotency-Key` gives the token a new secret. A token makes none that may do more or lasts longer than itself."""
    token, secret = service.create_token_once(
        session, principal, body.name, body.scopes, body.expires_in_days, idempotency_key
    )
    audit.record(session, principal, "token.created", token.id, token.name, scopes=body.scopes)
    return NewTokenOut(**_token(token, principal).model_dump(), token=secret)


@router.delete("/tokens/{token_id}", status_code=status.HTTP_204_NO_CONTENT)
def delete_token(token_id: str, principal: SignedIn, session: UnitOfWork) -> None:
    """Revoke one of my tokens. Every token may revoke itself."""
    if token_id != principal.credential_id:
        principal.require_control_of_credentials()
    revoked = service.delete_token(session, principal.team_id, principal.user_id, token_id)
    audit.record(session, principal, "token.revoked", revoked.id, revoked.name)


def _token(token: Token, owner: Principal) -> TokenOut:
    return TokenOut(
        id=token.id,
        name=token.name,
        created_at=token.created_at,
        last_used_at=token.last_used_at,
        scopes=list(scopes_of(owner.role, token.scopes)),
        expires_at=token.expires_at,
    )
