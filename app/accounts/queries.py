"""All SQL about people and the secrets that they sign in with."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, delete, func, null, select, union_all, update
from sqlalchemy.orm import Session

from app.accounts.models import BrowserSession, Membership, SignInCode, Team, Token, User
from app.core.database import rows_changed


class Found(NamedTuple):
    """A credential that is valid now, and the person, team and role behind it."""

    user_id: str
    user_name: str
    team_id: str
    team_name: str
    role: str
    credential_id: str
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    scopes: str | None  # of a token that was made for some scopes
    token_name: str | None


class LinkOwner(NamedTuple):
    """A sign-in code, and the person, team and role that it signs in."""

    code: SignInCode
    user_name: str
    team_name: str
    role: str


def _people() -> Select[str, str, str, str, str]:
    return (
        select(User.id, User.name, Team.id, Team.name, Membership.role)
        .join(Membership, Membership.user_id == User.id)
        .join(Team, Team.id == Membership.team_id)
    )


def _unexpired(moment: datetime) -> ColumnElement[bool]:
    return Token.expires_at.is_(None) | (Token.expires_at > moment)


def _tokens(moment: datetime) -> Select[Any]:
    """Tokens that have not expired, as the columns of `Found`."""
    return (
        _people()
        .add_columns(Token.id, Token.created_at, Token.last_used_at, Token.expires_at, Token.scopes, Token.name)
        .join(Token, (Token.user_id == User.id) & (Token.team_id == Team.id))
        .where(_unexpired(moment))
    )


def _sessions(moment: datetime) -> Select[Any]:
    """Browsers' sessions that have not expired, as the columns of `Found`."""
    return (
        _people()
        .add_columns(
            BrowserSession.id,
            BrowserSession.created_at,
            BrowserSession.last_used_at,
            BrowserSession.expires_at,
            null(),
            null(),
        )
        .join(BrowserSession, (BrowserSession.user_id == User.id) & (BrowserSession.team_id == Team.id))
        .where(BrowserSession.expires_at > moment)
    )


def by_token(session: Session, hash_: str, moment: datetime) -> Found | None:
    """A bearer token that has not expired."""
    row = session.execute(_tokens(moment).where(Token.hash == hash_)).one_or_none()
    return None if row is None else Found(*row)


def by_credential_id(session: Session, credential_id: str, moment: datetime) -> tuple[bool, Found] | None:
    """A token or a browser's session that has not expired, by its id, which is no secret. True for a token."""
    row = session.execute(_tokens(moment).where(Token.id == credential_id)).one_or_none()
    if row is not None:
        return True, Found(*row)
    row = session.execute(_sessions(moment).where(BrowserSession.id == credential_id)).one_or_none()
    return None if row is None else (False, Found(*row))


def signing_key(session: Session, team_id: str) -> str | None:
    """The key that signs the addresses of a team's pictures."""
    return session.scalars(select(Team.signing_key).where(Team.id == team_id)).one_or_none()


def set_signing_key(session: Session, team_id: str, key: str) -> None:
    """Give the team a key, unless it has one."""
    session.execute(update(Team).where(Team.id == team_id, Team.signing_key.is_(None)).values(signing_key=key))


def touch_token(session: Session, hash_: str, moment: datetime) -> None:
    """Store the time at which a token was used."""
    session.execute(update(Token).where(Token.hash == hash_).values(last_used_at=moment))


def by_session(session: Session, hash_: str, moment: datetime) -> Found | None:
    """A browser's session that has not expired."""
    row = session.execute(_sessions(moment).where(BrowserSession.hash == hash_)).one_or_none()
    return None if row is None else Found(*row)


def renew_session(session: Session, hash_: str, moment: datetime, expires_at: datetime) -> None:
    """Store the time at which a browser's session was used, and when it expires now."""
    found = update(BrowserSession).where(BrowserSession.hash == hash_)
    session.execute(found.values(last_used_at=moment, expires_at=expires_at))


def rights(
    session: Session, credential_ids: Collection[str], moment: datetime
) -> Sequence[tuple[str, str, str | None]]:
    """The role and the stored scopes of those of these tokens and sessions that are valid now, in one statement."""
    tokens = (
        select(Token.id, Membership.role, Token.scopes)
        .join(Membership, (Membership.user_id == Token.user_id) & (Membership.team_id == Token.team_id))
        .where(Token.id.in_(credential_ids), _unexpired(moment))
    )
    sessions = (
        select(BrowserSession.id, Membership.role, null())
        .join(
            Membership,
            (Membership.user_id == BrowserSession.user_id) & (Membership.team_id == BrowserSession.team_id),
        )
        .where(BrowserSession.id.in_(credential_ids), BrowserSession.expires_at > moment)
    )
    rows: Any = session.execute(union_all(tokens, sessions))
    return [(row[0], row[1], row[2]) for row in rows]


def lock_team(session: Session, team_id: str) -> None:
    """Wait until no other transaction holds this lock, and hold it until this transaction ends.

    A transaction that counts objects of a team and then adds or removes one takes it first: of two administrators who
    remove each other, the second then counts what the first left. PostgreSQL locks the row `FOR NO KEY UPDATE`, so that
    others can insert rows that refer to the team. SQLite has one writer at a time, and renders no lock.
    """
    session.execute(select(Team.id).where(Team.id == team_id).with_for_update(key_share=True))


def first_administrator(session: Session) -> tuple[User, Team] | None:
    """The person who became an administrator first, and their team."""
    query = (
        select(User, Team)
        .join(Membership, Membership.user_id == User.id)
        .join(Team, Team.id == Membership.team_id)
        .where(Membership.role == "admin")
        .order_by(Membership.created_at, User.id)
        .limit(1)
    )
    row = session.execute(query).one_or_none()
    return None if row is None else (row[0], row[1])


def use_code(session: Session, hash_: str, moment: datetime) -> SignInCode | None:
    """Mark a sign-in code as used; None if it is unknown, used or expired. Of two concurrent requests, one succeeds."""
    used = session.execute(
        update(SignInCode)
        .where(SignInCode.hash == hash_, SignInCode.used_at.is_(None), SignInCode.expires_at > moment)
        .values(used_at=moment)
        .execution_options(synchronize_session=False)
    )
    return session.get_one(SignInCode, hash_) if rows_changed(used) else None


def link_owner(session: Session, hash_: str) -> LinkOwner | None:
    """A sign-in code, used or not, with the person, team and role that it signs in."""
    query = (
        select(SignInCode, User.name, Team.name, Membership.role)
        .join(User, User.id == SignInCode.user_id)
        .join(Team, Team.id == SignInCode.team_id)
        .join(Membership, (Membership.user_id == SignInCode.user_id) & (Membership.team_id == SignInCode.team_id))
        .where(SignInCode.hash == hash_)
    )
    row = session.execute(query).one_or_none()
    return None if row is None else LinkOwner(*row)


def people(session: Session) -> Sequence[tuple[User, Team, str]]:
    """Every person in every team, with the role there, in the order of joining."""
    query = (
        select(User, Team, Membership.role)
        .join(Membership, Membership.user_id == User.id)
        .join(Team, Team.id == Membership.team_id)
        .order_by(Membership.created_at, User.id)
    )
    return [(row[0], row[1], row[2]) for row in session.execute(query)]


def end_session(session: Session, hash_: str) -> BrowserSession | None:
    """Delete a browser's session. Returns the row as it was; None if there is none."""
    found = session.scalars(select(BrowserSession).where(BrowserSession.hash == hash_).with_for_update()).one_or_none()
    if found is not None:
        session.delete(found)
        session.flush()
    return found


def tokens(session: Session, team_id: str, user_id: str) -> Sequence[Token]:
    """A person's tokens in a team, newest first."""
    query = select(Token).where(Token.team_id == team_id, Token.user_id == user_id).order_by(Token.id.desc())
    return session.scalars(query).all()


def token(session: Session, team_id: str, user_id: str, token_id: str) -> Token | None:
    """One of a person's tokens in a team."""
    query = select(Token).where(Token.team_id == team_id, Token.user_id == user_id, Token.id == token_id)
    return session.scalars(query).one_or_none()


def token_count(session: Session, team_id: str, user_id: str) -> int:
    """How many tokens a person has in a team."""
    query = select(func.count()).where(Token.team_id == team_id, Token.user_id == user_id)
    return session.execute(query).scalar_one()


def sessions(session: Session, team_id: str, user_id: str, moment: datetime) -> Sequence[BrowserSession]:
    """A person's sessions in a team that have not expired, the last used first."""
    query = select(BrowserSession).where(
        BrowserSession.team_id == team_id, BrowserSession.user_id == user_id, BrowserSession.expires_at > moment
    )
    return session.scalars(query.order_by(BrowserSession.last_used_at.desc(), BrowserSession.id.desc())).all()


def delete_sessions(session: Session, team_id: str, user_id: str, *, keep: str | None) -> None:
    """Delete a person's sessions in a team, except the one with the id `keep`."""
    mine = delete(BrowserSession).where(BrowserSession.team_id == team_id, BrowserSession.user_id == user_id)
    session.execute(mine if keep is None else mine.where(BrowserSession.id != keep))


def open_codes(
    session: Session, team_id: str, moment: datetime, user_id: str | None = None
) -> Sequence[tuple[SignInCode, User, str]]:
    """The unused, unexpired sign-in codes of a team or of one person in it, newest first: code, person, role."""
    query = (
        select(SignInCode, User, Membership.role)
        .join(User, User.id == SignInCode.user_id)
        .join(Membership, (Membership.user_id == User.id) & (Membership.team_id == SignInCode.team_id))
        .where(SignInCode.team_id == team_id, SignInCode.used_at.is_(None), SignInCode.expires_at > moment)
        .order_by(SignInCode.id.desc())
    )
    if user_id is not None:
        query = query.where(SignInCode.user_id == user_id)
    return [(row[0], row[1], row[2]) for row in session.execute(query)]


def remove_expired(session: Session, moment: datetime) -> int:
    """Remove the sessions, sign-in codes and tokens that have expired. Returns how many."""
    return sum(
        rows_changed(session.execute(delete(table).where(table.expires_at < moment)))
        for table in (BrowserSession, SignInCode, Token)
    )


def names(session: Session, user_ids: Collection[str]) -> dict[str, str]:
    """The names of these people by id, also of people who have left the team."""
    return {row[0]: row[1] for row in session.execute(select(User.id, User.name).where(User.id.in_(user_ids)))}


def delete_sign_in_codes(session: Session, team_id: str, user_id: str) -> None:
    """Delete a person's sign-in codes for a team."""
    session.execute(delete(SignInCode).where(SignInCode.team_id == team_id, SignInCode.user_id == user_id))


def delete_credentials(session: Session, team_id: str, user_id: str) -> None:
    """Delete every secret that signs a person in to a team: tokens, browser sessions and sign-in codes."""
    for table in (Token, BrowserSession, SignInCode):
        session.execute(delete(table).where(table.team_id == team_id, table.user_id == user_id))
