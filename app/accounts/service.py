"""Sign-in links, browser sessions and bearer tokens."""

from datetime import timedelta

from sqlalchemy.orm import Session

from app.accounts import queries
from app.accounts.models import BrowserSession, Membership, SignInCode, Team, Token, User
from app.accounts.secrets import hash_of, new_secret
from app.audit import service as audit
from app.core import idempotency
from app.core.database import utc_now
from app.core.errors import NotFound, NotSignedIn
from app.core.settings import Settings

CODE_LIFETIME = timedelta(hours=1)
INVITATION_LIFETIME = timedelta(days=7)


def first_administrator(session: Session) -> tuple[User, Team]:
    """The first administrator and their team. A new studio gets both."""
    existing = queries.first_administrator(session)
    if existing is not None:
        return existing
    user, team = User(name="Administrator"), Team(name="Studio")
    session.add_all([user, team])
    session.flush()
    session.add(Membership(team_id=team.id, user_id=user.id, role="admin"))
    session.flush()
    return user, team


def sign_in_link(
    session: Session, settings: Settings, user_id: str, team_id: str, lifetime: timedelta = CODE_LIFETIME
) -> str:
    """An address that signs a person in once. The code follows the `#`, so it gets into no log and to no other site."""
    code = new_secret("owc")
    session.add(SignInCode(hash=hash_of(code), user_id=user_id, team_id=team_id, expires_at=utc_now() + lifetime))
    return f"{settings.url}/sign-in#{code}"


def start_session(session: Session, settings: Settings, code: str) -> str:
    """Exchange a sign-in code for a browser session. Returns the value of the cookie."""
    used = queries.use_code(session, hash_of(code), utc_now())
    if used is None:
        raise NotSignedIn(
            "This sign-in link was used already or has expired. Get a new one: run `oneword sign-in` where the studio "
            "runs, or ask an administrator."
        )
    secret = new_secret("ows")
    session.add(
        BrowserSession(
            hash=hash_of(secret),
            user_id=used.user_id,
            team_id=used.team_id,
            expires_at=utc_now() + timedelta(days=settings.session_days),
        )
    )
    name = queries.names(session, {used.user_id}).get(used.user_id, "")
    audit.record(session, audit.Actor(used.team_id, name, "browser", used.user_id), "session.started")
    return secret


def create_token(session: Session, user_id: str, team_id: str, name: str) -> tuple[Token, str]:
    """Add a bearer token. Returns its row and its secret, which is not stored."""
    secret = new_secret("owt")
    token = Token(hash=hash_of(secret), name=name, user_id=user_id, team_id=team_id)
    session.add(token)
    session.flush()
    return token, secret


def create_token_once(session: Session, user_id: str, team_id: str, name: str, key: str | None) -> tuple[Token, str]:
    """Add a token; with an `Idempotency-Key` that was used before, return the same token with a new secret.

    The first secret cannot be shown again, since it is not stored. A client repeats a request because the answer, and
    with it the first secret, did not arrive.
    """
    request_hash = idempotency.hash_request("token", user_id, name)
    made_id = idempotency.earlier_id(session, team_id, key, request_hash)
    existing = None if made_id is None else queries.token(session, team_id, user_id, made_id)
    if existing is not None:
        secret = new_secret("owt")
        existing.hash = hash_of(secret)
        return existing, secret
    token, secret = create_token(session, user_id, team_id, name)
    if made_id is None:
        idempotency.remember_id(session, team_id, key, request_hash, token.id)
    return token, secret


def delete_token(session: Session, team_id: str, user_id: str, token_id: str) -> Token:
    """Revoke one of a person's tokens. Returns the row as it was."""
    token = queries.token(session, team_id, user_id, token_id)
    if token is None:
        raise NotFound("There is no such token. It may have been revoked already.")
    session.delete(token)
    return token
