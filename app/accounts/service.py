"""Sign-in links, browser sessions and bearer tokens."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from app.accounts import queries
from app.accounts.models import BrowserSession, Membership, SignInCode, Team, Token, User
from app.accounts.principal import Principal, session_lifetime
from app.accounts.queries import LinkOwner
from app.accounts.scopes import Scope, spoken, stored
from app.accounts.secrets import hash_of, new_secret
from app.accounts.user_agents import shortened
from app.audit import service as audit
from app.core import idempotency
from app.core.database import utc_now
from app.core.errors import Conflict, Forbidden, InvalidInput, NotFound, NotSignedIn
from app.core.settings import Settings

CODE_LIFETIME: Final = timedelta(hours=1)
INVITATION_LIFETIME: Final = timedelta(days=7)
LINKS_MAX: Final = 5  # unused sign-in links of one person
TOKENS_MAX: Final = 100  # of one person
SESSIONS_MAX: Final = 50  # of one person


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


def add_code(
    session: Session,
    settings: Settings,
    user_id: str,
    team_id: str,
    lifetime: timedelta = CODE_LIFETIME,
    created_by_id: str | None = None,
) -> tuple[SignInCode, str]:
    """Add a code that signs a person in once. Returns its row and the address with it.

    The code follows the `#`, so it gets into no log and to no other site.
    """
    secret = new_secret("owc")
    expires_at = utc_now() + lifetime
    code = SignInCode(
        hash=hash_of(secret), user_id=user_id, team_id=team_id, created_by_id=created_by_id, expires_at=expires_at
    )
    session.add(code)
    session.flush()
    return code, f"{settings.url}/sign-in#{secret}"


def sign_in_link(session: Session, settings: Settings, user_id: str, team_id: str) -> str:
    """An address that signs a person in once, made on the command line.

    A person with LINKS_MAX open links loses the oldest ones.
    """
    for code, _, _ in queries.open_codes(session, team_id, utc_now(), user_id)[LINKS_MAX - 1 :]:
        session.delete(code)
    return add_code(session, settings, user_id, team_id)[1]


def preview(session: Session, secret: str) -> LinkOwner:
    """Whom a sign-in code signs in, without using it. Raises NotSignedIn if it signs nobody in."""
    found = queries.link_owner(session, hash_of(secret))
    if found is None or found.code.used_at is not None or found.code.expires_at <= utc_now():
        raise _no_way_in(None if found is None else found.code)
    return found


def start_session(
    session: Session, settings: Settings, secret: str, user_agent: str = "", previous: str | None = None
) -> str:
    """Exchange a sign-in code for a browser session. Returns the value of the cookie.

    Ends the session that the browser's cookie referred to until now, and a person's oldest sessions beyond
    SESSIONS_MAX.
    """
    moment = utc_now()
    used = queries.use_code(session, hash_of(secret), moment)
    if used is None:
        found = queries.link_owner(session, hash_of(secret))
        raise _no_way_in(None if found is None else found.code)
    if previous:
        _end_previous(session, previous)
    for stale in queries.sessions(session, used.team_id, used.user_id, moment)[SESSIONS_MAX - 1 :]:
        session.delete(stale)
    cookie = new_secret("ows")
    session.add(
        BrowserSession(
            hash=hash_of(cookie),
            user_id=used.user_id,
            team_id=used.team_id,
            expires_at=moment + session_lifetime(settings.session_days),
            user_agent=shortened(user_agent),
        )
    )
    name = queries.names(session, {used.user_id}).get(used.user_id, "")
    audit.record(session, audit.Actor(used.team_id, name, "session", used.user_id), "session.started")
    return cookie


def _end_previous(session: Session, cookie: str) -> None:
    """End the session that a browser had until now, which may be another person's in another team."""
    ended = queries.end_session(session, hash_of(cookie))
    if ended is not None:
        name = queries.names(session, {ended.user_id}).get(ended.user_id, "")
        audit.record(session, audit.Actor(ended.team_id, name, "session", ended.user_id), "session.ended")


def end_session(session: Session, team_id: str, user_id: str, session_id: str) -> BrowserSession:
    """End one of a person's sessions. Returns the row as it was."""
    for each in queries.sessions(session, team_id, user_id, utc_now()):
        if each.id == session_id:
            session.delete(each)
            return each
    raise NotFound("There is no such session. It may have ended already.")


def create_token(
    session: Session,
    user_id: str,
    team_id: str,
    name: str,
    scopes: Collection[Scope] | None = None,
    expires_at: datetime | None = None,
) -> tuple[Token, str]:
    """Add a bearer token. Returns its row and its secret, which is not stored.

    Without `scopes` it may do all that its owner's role allows; without `expires_at` it does not expire. Raises
    Conflict if the person has TOKENS_MAX.
    """
    queries.lock_team(session, team_id)
    if queries.token_count(session, team_id, user_id) >= TOKENS_MAX:
        raise Conflict(
            f"There are {TOKENS_MAX} tokens, the most that a person may have. Revoke one that no script uses any more, "
            "then try again.",
            code="too-many-tokens",
        )
    secret = new_secret("owt")
    kept = None if scopes is None else stored(scopes)
    token = Token(hash=hash_of(secret), name=name, user_id=user_id, team_id=team_id, scopes=kept, expires_at=expires_at)
    session.add(token)
    session.flush()
    return token, secret


def create_token_once(
    session: Session, principal: Principal, name: str, scopes: Collection[Scope], days: int | None, key: str | None
) -> tuple[Token, str]:
    """Add a token; with an `Idempotency-Key` that was used before, return the same token with a new secret.

    The first secret cannot be shown again, since it is not stored. A client repeats a request because the answer, and
    with it the first secret, did not arrive. Raises Forbidden for a scope that the role or the token that asks does
    not have, and InvalidInput for an expiry later than that of the token that asks.
    """
    team_id, user_id = principal.team_id, principal.user_id
    wanted = stored(scopes)
    _check_scopes(principal, scopes)
    expires_at = _expiry(principal, days)
    request_hash = idempotency.hash_request("token", user_id, name, wanted, str(days))
    made_id = idempotency.earlier_id(session, team_id, key, request_hash)
    existing = None if made_id is None else queries.token(session, team_id, user_id, made_id)
    if existing is not None:
        secret = new_secret("owt")
        existing.hash = hash_of(secret)
        return existing, secret
    token, secret = create_token(session, user_id, team_id, name, scopes, expires_at)
    if made_id is None:
        idempotency.remember_id(session, team_id, key, request_hash, token.id)
    return token, secret


def _check_scopes(principal: Principal, scopes: Collection[Scope]) -> None:
    missing = [scope for scope in scopes if scope not in principal.scopes]
    if not missing:
        return
    if principal.restricted:
        raise Forbidden(
            f"A token cannot make one that may do more: this token has no scope {spoken(missing)}. Leave that out, or "
            "make the token on the settings page.",
            field="scopes",
            code="scope",
        )
    raise Forbidden(
        f"The scope {spoken(missing)} needs another role: yours in {principal.team_name} is {principal.role}. Leave "
        "that scope out, or ask an administrator.",
        field="scopes",
        code="scope",
    )


def _expiry(principal: Principal, days: int | None) -> datetime | None:
    """When a new token expires. A token that expires makes none that lasts longer than itself."""
    expires_at = None if days is None else utc_now() + timedelta(days=days)
    last = principal.expires_at if principal.credential == "token" else None
    if last is None or (expires_at is not None and expires_at <= last):
        return expires_at
    if days is None:
        return last
    raise InvalidInput(
        f"A token cannot make one that lasts longer, and this token expires on {last:%d %B %Y}. Give fewer days, or "
        "leave expires_in_days out.",
        field="expires_in_days",
    )


def _no_way_in(code: SignInCode | None) -> NotSignedIn:
    """The error for a sign-in code that signs nobody in."""
    if code is None:
        happened = "This sign-in link is not valid: it was used, has expired or was revoked."
    elif code.used_at is not None:
        happened = f"This sign-in link was used already, on {code.used_at:%d %B %Y at %H:%M} UTC."
    else:
        happened = f"This sign-in link has expired, on {code.expires_at:%d %B %Y at %H:%M} UTC."
    return NotSignedIn(
        f"{happened} Get a new one: ask an administrator, or run `oneword sign-in` where the studio runs."
    )


def delete_token(session: Session, team_id: str, user_id: str, token_id: str) -> Token:
    """Revoke one of a person's tokens. Returns the row as it was."""
    token = queries.token(session, team_id, user_id, token_id)
    if token is None:
        raise NotFound("There is no such token. It may have been revoked already.")
    session.delete(token)
    return token
