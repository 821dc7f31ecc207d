"""The endpoints to sign in and out, and those about the signed-in person and their tokens."""

from fastapi import APIRouter, Request, Response, status

from app.accounts import queries, service
from app.accounts.principal import COOKIE
from app.accounts.schemas import LimitsOut, MeOut, NamedOut, NewTokenOut, SignIn, TokenIn, TokenList, TokenOut
from app.accounts.secrets import hash_of
from app.audit import service as audit
from app.web.dependencies import Key, Reading, ServicesOf, UnitOfWork
from app.web.sign_in import Member, Viewer

router = APIRouter(prefix="/api", tags=["account"])


@router.post("/session", status_code=status.HTTP_204_NO_CONTENT)
def sign_in(body: SignIn, request: Request, session: UnitOfWork, services: ServicesOf, response: Response) -> None:
    """Exchange a one-time code for the page's session cookie."""
    services.sign_ins.attempt(request.client.host if request.client else "")
    settings = services.settings
    response.set_cookie(
        COOKIE,
        service.start_session(session, settings, body.code),
        max_age=int(settings.session_days * 86400),
        httponly=True,
        samesite="lax",
        secure=settings.url.startswith("https://"),
        path="/",
    )


@router.delete("/session", status_code=status.HTTP_204_NO_CONTENT)
def sign_out(principal: Viewer, request: Request, session: UnitOfWork, response: Response) -> None:
    """End this browser's session."""
    queries.end_session(session, hash_of(request.cookies.get(COOKIE, "")))
    response.delete_cookie(COOKIE, path="/")
    audit.record(session, principal, "session.ended")


@router.get("/me")
def get_me(principal: Viewer, services: ServicesOf) -> MeOut:
    """The signed-in person, their team and role, and the limits of this installation."""
    return MeOut(
        user=NamedOut(id=principal.user_id, name=principal.user_name),
        team=NamedOut(id=principal.team_id, name=principal.team_name),
        role=principal.role,
        limits=LimitsOut.model_validate(services.settings, from_attributes=True),
    )


@router.get("/tokens")
def list_tokens(principal: Viewer, session: Reading) -> TokenList:
    """My bearer tokens."""
    tokens = queries.tokens(session, principal.team_id, principal.user_id)
    return TokenList(items=[TokenOut.model_validate(token, from_attributes=True) for token in tokens])


@router.post("/tokens", status_code=status.HTTP_201_CREATED)
def create_token(body: TokenIn, principal: Member, session: UnitOfWork, idempotency_key: Key = None) -> NewTokenOut:
    """Create a bearer token for a script. Only this answer shows its secret. A repeated request with the same
    `Idempotency-Key` gives the token a new secret."""
    token, secret = service.create_token_once(session, principal.user_id, principal.team_id, body.name, idempotency_key)
    audit.record(session, principal, "token.created", token.id, token.name)
    return NewTokenOut(id=token.id, name=token.name, created_at=token.created_at, last_used_at=None, token=secret)


@router.delete("/tokens/{token_id}", status_code=status.HTTP_204_NO_CONTENT)
def delete_token(token_id: str, principal: Viewer, session: UnitOfWork) -> None:
    """Revoke one of my tokens."""
    token = service.delete_token(session, principal.team_id, principal.user_id, token_id)
    audit.record(session, principal, "token.revoked", token.id, token.name)
