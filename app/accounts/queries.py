"""All SQL about people and the secrets that they sign in with."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session

from app.accounts.models import BrowserSession, Membership, SignInCode, Team, Token, User

Row = tuple[str, str, str, str, str]  # user id, user name, team id, team name, role


def _people() -> Select[str, str, str, str, str]:
    return (
        select(User.id, User.name, Team.id, Team.name, Membership.role)
        .join(Membership, Membership.user_id == User.id)
        .join(Team, Team.id == Membership.team_id)
    )


def by_token(session: Session, hash_: str) -> tuple[Row, datetime | None, str] | None:
    """The person, team and role of a bearer token, when it was last used, and its name."""
    query = (
        _people()
        .add_columns(Token.last_used_at, Token.name)
        .join(Token, (Token.user_id == User.id) & (Token.team_id == Team.id))
        .where(Token.hash == hash_)
    )
    row = session.execute(query).one_or_none()
    return None if row is None else ((row[0], row[1], row[2], row[3], row[4]), row[5], row[6])


def touch_token(session: Session, hash_: str, moment: datetime) -> None:
    """Store the time at which a token was used."""
    session.execute(update(Token).where(Token.hash == hash_).values(last_used_at=moment))


def by_session(session: Session, hash_: str, moment: datetime) -> Row | None:
    """The person, team and role of a browser's session that has not expired."""
    query = (
        _people()
        .join(BrowserSession, (BrowserSession.user_id == User.id) & (BrowserSession.team_id == Team.id))
        .where(BrowserSession.hash == hash_, BrowserSession.expires_at > moment)
    )
    row = session.execute(query).one_or_none()
    return None if row is None else (row[0], row[1], row[2], row[3], row[4])


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
    return session.get_one(SignInCode, hash_) if used.rowcount else None  # type: ignore[attr-defined]


def end_session(session: Session, hash_: str) -> None:
    """Delete a browser's session."""
    session.execute(delete(BrowserSession).where(BrowserSession.hash == hash_))


def tokens(session: Session, team_id: str, user_id: str) -> Sequence[Token]:
    """A person's tokens in a team, newest first."""
    query = select(Token).where(Token.team_id == team_id, Token.user_id == user_id).order_by(Token.id.desc())
    return session.scalars(query).all()


def token(session: Session, team_id: str, user_id: str, token_id: str) -> Token | None:
    """One of a person's tokens in a team."""
    query = select(Token).where(Token.team_id == team_id, Token.user_id == user_id, Token.id == token_id)
    return session.scalars(query).one_or_none()


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
