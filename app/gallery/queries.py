"""All SQL of the gallery: drawn pictures one by one, and boards. Every query is scoped to a team."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, and_, delete, exists, false, func, or_, select
from sqlalchemy.orm import Session

from app.concepts import search_terms
from app.concepts.models import Concept
from app.core.database import rows_changed
from app.gallery.models import Board, BoardImage
from app.generation.models import Generation, GenerationConcept, GenerationTerm, Image

COVER: Final = 4  # pictures that stand for a board


@dataclass(frozen=True)
class Sought:
    """What a person looks for among the pictures. None of a field: whatever it is."""

    query: str | None = None  # each of its words is the beginning of a word of the prompt
    concept: str | None = None  # id
    person: str | None = None  # id of the person who asked for the picture
    since: datetime | None = None
    until: datetime | None = None
    board: str | None = None  # id
    kept: bool = False


class Position(NamedTuple):
    """Where a page of pictures ends: the picture's generation, and its place in that."""

    generation_id: str
    place: int


def _pictures(team_id: str) -> Select[Image, Generation]:
    """The pictures of the team's generations that are not in the bin."""
    return (
        select(Image, Generation)
        .join(Generation, Generation.id == Image.generation_id)
        .where(Image.team_id == team_id, Generation.team_id == team_id)
        .where(Image.deleted_at.is_(None), Generation.deleted_at.is_(None))
    )


def page(
    session: Session, team_id: str, sought: Sought, *, after: Position | None, limit: int
) -> Sequence[Row[Image, Generation]]:
    """At most `limit` of the team's drawn pictures with their generations, newest generation first and in the order of
    their seeds; with `after`, only those behind that position."""
    query = _pictures(team_id).where(*_conditions(team_id, sought))
    if after is not None:
        behind = and_(Generation.id == after.generation_id, Image.position > after.place)
        query = query.where(or_(Generation.id < after.generation_id, behind))
    return session.execute(query.order_by(Generation.id.desc(), Image.position).limit(limit)).all()


def _conditions(team_id: str, sought: Sought) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if sought.query:
        prefixes = search_terms.split(sought.query)
        conditions += [_has_term(team_id, prefix) for prefix in prefixes] or [false()]
    if sought.concept is not None:
        uses = select(GenerationConcept.generation_id).join(Concept, Concept.id == GenerationConcept.concept_id)
        uses = uses.where(Concept.team_id == team_id, Concept.id == sought.concept, Concept.deleted_at.is_(None))
        conditions.append(Generation.id.in_(uses))
    if sought.person is not None:
        conditions.append(Generation.user_id == sought.person)
    if sought.since is not None:
        conditions.append(Generation.created_at >= sought.since)
    if sought.until is not None:
        conditions.append(Generation.created_at < sought.until)
    if sought.board is not None:
        conditions.append(Image.id.in_(_on_board(team_id, sought.board)))
    if sought.kept:
        conditions.append(Image.kept_at.is_not(None))
    return conditions


def _has_term(team_id: str, prefix: str) -> ColumnElement[bool]:
    matches = GenerationTerm.term.between(prefix, prefix + search_terms.END)
    return Generation.id.in_(select(GenerationTerm.generation_id).where(GenerationTerm.team_id == team_id, matches))


def _on_board(team_id: str, board_id: str) -> Select[str]:
    return select(BoardImage.image_id).where(BoardImage.team_id == team_id, BoardImage.board_id == board_id)


def by_ids(session: Session, team_id: str, image_ids: Collection[str]) -> Sequence[Row[Image, Generation]]:
    """These pictures of the team with their generations, newest generation first."""
    query = _pictures(team_id).where(Image.id.in_(image_ids))
    return session.execute(query.order_by(Generation.id.desc(), Image.position)).all()


def boards_of(session: Session, team_id: str, image_ids: Collection[str]) -> Sequence[Row[str, str]]:
    """Picture id and board id of each board that these pictures are on."""
    query = select(BoardImage.image_id, BoardImage.board_id).join(Board, Board.id == BoardImage.board_id)
    query = query.where(Board.team_id == team_id, Board.deleted_at.is_(None), BoardImage.image_id.in_(image_ids))
    return session.execute(query.order_by(BoardImage.added_at)).all()


def boards(session: Session, team_id: str, *, before: str | None, limit: int) -> Sequence[Board]:
    """At most `limit` of the team's boards, newest first; with `before`, only those older than that id."""
    query = select(Board).where(Board.team_id == team_id, Board.deleted_at.is_(None))
    if before is not None:
        query = query.where(Board.id < before)
    return session.scalars(query.order_by(Board.id.desc()).limit(limit)).all()


def board(session: Session, team_id: str, board_id: str) -> Board | None:
    """One board of the team."""
    query = select(Board).where(Board.team_id == team_id, Board.id == board_id, Board.deleted_at.is_(None))
    return session.scalars(query).one_or_none()


def boards_in_all(session: Session, team_id: str) -> int:
    """How many boards the team has, with those in the bin."""
    return session.scalars(select(func.count()).select_from(Board).where(Board.team_id == team_id)).one()


def covers(session: Session, team_id: str, board_ids: Collection[str]) -> Sequence[Row[str, str, int]]:
    """Board id, picture id and number of pictures of each board, for the pictures that were added last."""
    newest = func.row_number().over(
        partition_by=BoardImage.board_id, order_by=(BoardImage.added_at.desc(), BoardImage.image_id.desc())
    )
    shown = (
        select(
            BoardImage.team_id,
            BoardImage.board_id,
            BoardImage.image_id,
            newest.label("place"),
            func.count().over(partition_by=BoardImage.board_id).label("pictures"),
        )
        .join(Image, Image.id == BoardImage.image_id)
        .join(Generation, Generation.id == Image.generation_id)
        .where(BoardImage.team_id == team_id, BoardImage.board_id.in_(board_ids))
        .where(Image.deleted_at.is_(None), Generation.deleted_at.is_(None))
        .subquery()
    )
    query = select(shown.c.board_id, shown.c.image_id, shown.c.pictures).where(shown.c.team_id == team_id)
    return session.execute(query.where(shown.c.place <= COVER).order_by(shown.c.board_id, shown.c.place)).all()


def size_of_board(session: Session, team_id: str, board_id: str) -> int:
    """How many pictures are on a board, with those in the bin."""
    query = select(func.count()).select_from(BoardImage)
    return session.scalars(query.where(BoardImage.team_id == team_id, BoardImage.board_id == board_id)).one()


def on_board(session: Session, team_id: str, board_id: str, image_ids: Collection[str]) -> set[str]:
    """Those of the pictures that are on a board."""
    query = select(BoardImage.image_id).where(BoardImage.team_id == team_id, BoardImage.board_id == board_id)
    return set(session.scalars(query.where(BoardImage.image_id.in_(image_ids))))


def take_off(session: Session, team_id: str, board_id: str, image_ids: Collection[str]) -> int:
    """Take pictures off a board. Returns how many were on it."""
    gone = delete(BoardImage).where(BoardImage.team_id == team_id, BoardImage.board_id == board_id)
    gone = gone.where(BoardImage.image_id.in_(image_ids))
    return rows_changed(session.execute(gone.execution_options(synchronize_session=False)))


def other_pictures(session: Session, team_id: str, generation_id: str, image_ids: Collection[str]) -> bool:
    """Whether a generation has pictures besides these that are not in the bin."""
    query = exists().where(Image.team_id == team_id, Image.generation_id == generation_id, Image.deleted_at.is_(None))
    return session.scalars(select(query.where(Image.id.not_in(image_ids)))).one()
