"""All SQL of the bin: what was deleted and can still be restored, and its removal for good."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, delete, exists, literal, or_, select, union_all, update
from sqlalchemy.orm import Session

from app.concepts.models import Concept, Picture, Version
from app.contracts.jobs import FINAL
from app.core.database import UtcDateTime, rows_changed
from app.gallery.models import Board
from app.generation.models import Generation, Image
from app.jobs.models import Job, JobEvent

LONG_AGO = datetime.fromisoformat("2000-01-01T00:00:00+00:00")


@dataclass(frozen=True)
class Binned:
    """A row of the bin. `label` is a concept's placeholder, a generation's prompt (also of one picture of it), or a
    board's name."""

    kind: str
    id: str
    label: str
    owner_id: str
    created_at: datetime
    deleted_at: datetime
    deleted_by: str


def page(session: Session, team_id: str, *, before: tuple[datetime, str] | None, limit: int) -> Sequence[Binned]:
    """At most `limit` things in the team's bin, last deleted first; with `before`, only those after that row."""
    concepts = select(
        literal("concept").label("kind"),
        Concept.id,
        Concept.placeholder.label("label"),
        Concept.owner_id,
        Concept.created_at,
        Concept.deleted_at,
        Concept.deleted_by,
        Concept.team_id,
    ).where(Concept.team_id == team_id, Concept.deleted_at.is_not(None), Concept.deleted_by.is_not(None))
    drawings = select(
        literal("generation"),
        Generation.id,
        Generation.prompt,
        Generation.user_id,
        Generation.created_at,
        Generation.deleted_at,
        Generation.deleted_by,
        Generation.team_id,
    ).where(Generation.team_id == team_id, Generation.deleted_at.is_not(None), Generation.deleted_by.is_not(None))
    pictures = (
        select(
            literal("image"),
            Image.id,
            Generation.prompt,
            Generation.user_id,
            Image.created_at,
            Image.deleted_at,
            Image.deleted_by,
            Image.team_id,
        )
        .join(Generation, Generation.id == Image.generation_id)
        .where(Image.team_id == team_id, Image.deleted_at.is_not(None), Generation.deleted_at.is_(None))
    )
    boards = select(
        literal("board"),
        Board.id,
        Board.name,
        Board.user_id,
        Board.created_at,
        Board.deleted_at,
        Board.deleted_by,
        Board.team_id,
    ).where(Board.team_id == team_id, Board.deleted_at.is_not(None))
    rows = union_all(concepts, drawings, pictures, boards).subquery().c
    columns = [column for column in rows if column.name != "team_id"]
    query = select(*columns).where(rows.team_id == team_id).order_by(rows.deleted_at.desc(), rows.id.desc())
    if before is not None:
        moment = literal(before[0], UtcDateTime())
        query = query.where(or_(rows.deleted_at < moment, and_(rows.deleted_at == moment, rows.id < before[1])))
    return [Binned(*row) for row in session.execute(query.limit(limit))]


def concept(session: Session, team_id: str, concept_id: str) -> Concept | None:
    """One concept in the team's bin, locked: of a removal and a restoration, one waits for the other."""
    query = select(Concept).where(
        Concept.team_id == team_id,
        Concept.id == concept_id,
        Concept.deleted_at.is_not(None),
        Concept.deleted_by.is_not(None),
    )
    return session.scalars(query.with_for_update()).one_or_none()


def generation(session: Session, team_id: str, generation_id: str) -> Generation | None:
    """One generation in the team's bin, locked."""
    query = select(Generation).where(
        Generation.team_id == team_id,
        Generation.id == generation_id,
        Generation.deleted_at.is_not(None),
        Generation.deleted_by.is_not(None),
    )
    return session.scalars(query.with_for_update()).one_or_none()


def image(session: Session, team_id: str, image_id: str) -> tuple[Image, Generation] | None:
    """One picture that is in the team's bin by itself, locked, with its generation, which is not in the bin."""
    query = (
        select(Image, Generation)
        .join(Generation, Generation.id == Image.generation_id)
        .where(Image.team_id == team_id, Image.id == image_id)
        .where(Image.deleted_at.is_not(None), Generation.deleted_at.is_(None))
    )
    found = session.execute(query.with_for_update(of=Image)).one_or_none()
    return None if found is None else (found[0], found[1])


def board(session: Session, team_id: str, board_id: str) -> Board | None:
    """One board in the team's bin, locked."""
    query = select(Board).where(Board.team_id == team_id, Board.id == board_id, Board.deleted_at.is_not(None))
    return session.scalars(query.with_for_update()).one_or_none()


def lock(session: Session, team_id: str, found: Collection[Binned]) -> list[Binned]:
    """Those of the rows that are still in the bin, locked; without the ones that another transaction restores or
    removes at this moment."""
    kept: set[str] = set()
    for table in (Concept, Generation, Image, Board):
        ids = [each.id for each in found]
        query = select(table.id).where(table.team_id == team_id, table.id.in_(ids), table.deleted_by.is_not(None))
        kept |= set(session.scalars(query.with_for_update(skip_locked=True)))
    return [each for each in found if each.id in kept]


def expired_concepts(session: Session, before: datetime, limit: int) -> Sequence[tuple[str, str, str]]:
    """Team id, id and placeholder of up to `limit` concepts that were deleted before a moment, locked.

    A concept that another transaction restores or removes at this moment is left out.
    """
    query = select(Concept.team_id, Concept.id, Concept.placeholder).where(Concept.deleted_at < before).limit(limit)
    return [(row[0], row[1], row[2]) for row in session.execute(query.with_for_update(skip_locked=True))]


def expired_generations(session: Session, before: datetime, limit: int) -> Sequence[tuple[str, str]]:
    """Team id and id of up to `limit` generations that were deleted before a moment and whose jobs have ended, locked.

    A generation that another transaction restores or removes at this moment is left out.
    """
    still_runs = exists().where(Job.id == Generation.job_id, Job.state.not_in(FINAL))
    query = select(Generation.team_id, Generation.id).where(Generation.deleted_at < before, ~still_runs).limit(limit)
    return [(row[0], row[1]) for row in session.execute(query.with_for_update(skip_locked=True))]


def remove_expired_images(session: Session, before: datetime, limit: int) -> dict[str, int]:
    """Remove up to `limit` pictures that went into the bin by themselves before a moment. Returns how many of each
    team."""
    expired = select(Image.id).where(Image.deleted_at < before).limit(limit).with_for_update(skip_locked=True)
    return _removed_by_team(session, Image, session.scalars(expired).all())


def remove_expired_boards(session: Session, before: datetime, limit: int) -> dict[str, int]:
    """Remove up to `limit` boards that went into the bin before a moment. Returns how many of each team."""
    expired = select(Board.id).where(Board.deleted_at < before).limit(limit).with_for_update(skip_locked=True)
    return _removed_by_team(session, Board, session.scalars(expired).all())


def _removed_by_team(session: Session, table: type[Image] | type[Board], ids: Collection[str]) -> dict[str, int]:
    gone = delete(table).where(table.id.in_(ids), table.deleted_at.is_not(None)).returning(table.team_id)
    return Counter(session.scalars(gone, execution_options={"synchronize_session": False}))


def remove_images(session: Session, team_id: str, image_ids: Collection[str]) -> int:
    """Remove pictures in the bin for good. Returns how many there were. The sweep removes their blobs."""
    in_bin = and_(Image.id.in_(image_ids), Image.deleted_at.is_not(None))
    gone = delete(Image).where(Image.team_id == team_id, in_bin)
    return rows_changed(session.execute(gone.execution_options(synchronize_session=False)))


def remove_boards(session: Session, team_id: str, board_ids: Collection[str]) -> int:
    """Remove boards in the bin for good. Returns how many there were. Their pictures stay."""
    in_bin = and_(Board.id.in_(board_ids), Board.deleted_at.is_not(None))
    gone = delete(Board).where(Board.team_id == team_id, in_bin)
    return rows_changed(session.execute(gone.execution_options(synchronize_session=False)))


def remove_concept(session: Session, team_id: str, concept_id: str) -> set[str]:
    """Remove a deleted concept for good: its versions, pictures, previews and ended jobs. Returns the pictures' blob
    keys. A concept that is not in the bin, or not any more, is left alone.

    The row of a job that still runs stays: its worker notices the cancellation, and `remove_jobs` removes the row.
    """
    jobs = select(Job.id).where(Job.team_id == team_id, Job.concept_id == concept_id)
    pictures = select(Picture.key, Picture.mask_key).join(Version, Version.id == Picture.version_id)
    found = session.execute(pictures.where(Picture.team_id == team_id, Version.concept_id == concept_id)).all()
    # Versions, pictures, search terms and the links of generations go with the concept's row.
    in_bin = and_(Concept.team_id == team_id, Concept.id == concept_id, Concept.deleted_at.is_not(None))
    gone = session.execute(delete(Concept).where(in_bin).execution_options(synchronize_session=False))
    if not rows_changed(gone):
        return set()
    previews = delete(Image).where(Image.team_id == team_id, Image.generation_id.is_(None), Image.job_id.in_(jobs))
    session.execute(previews.execution_options(synchronize_session=False))
    ended = session.scalars(jobs.where(Job.state.in_(FINAL))).all()
    remove_jobs_of(session, ended)
    return {key for row in found for key in row if key is not None}


def remove_generations(session: Session, team_id: str, generation_ids: Collection[str]) -> list[str]:
    """Remove deleted generations for good, with their pictures and ended jobs. Returns the ids of those that are out of
    reach now. A generation that is not in the bin, or not any more, is left alone.

    A generation whose job still runs is out of reach at once, and removed by the sweep when the job has ended: the
    worker may be writing a picture of it.
    """
    running = select(Job.id).where(Job.team_id == team_id, Job.state.not_in(FINAL))
    in_bin = and_(Generation.id.in_(generation_ids), Generation.deleted_at.is_not(None))
    hidden = update(Generation).where(Generation.team_id == team_id, in_bin, Generation.job_id.in_(running))
    hidden = hidden.values(deleted_at=LONG_AGO, deleted_by=None)
    gone = delete(Generation).where(Generation.team_id == team_id, in_bin, Generation.job_id.not_in(running))
    unsynchronised = {"synchronize_session": False}
    out_of_reach = session.scalars(hidden.returning(Generation.id), execution_options=unsynchronised).all()
    removed = session.execute(gone.returning(Generation.id, Generation.job_id), execution_options=unsynchronised).all()
    remove_jobs_of(session, [row[1] for row in removed])
    return [*out_of_reach, *(row[0] for row in removed)]


def remove_jobs(session: Session, limit: int) -> int:
    """Remove up to `limit` ended jobs about concepts or generations that were removed for good."""
    concept_gone = and_(Job.concept_id.is_not(None), ~exists().where(Concept.id == Job.concept_id))
    generation_gone = and_(Job.generation_id.is_not(None), ~exists().where(Generation.job_id == Job.id))
    query = select(Job.id).where(Job.state.in_(FINAL), or_(concept_gone, generation_gone)).limit(limit)
    job_ids = session.scalars(query).all()
    remove_jobs_of(session, job_ids)
    return len(job_ids)


def remove_jobs_of(session: Session, job_ids: Collection[str]) -> None:
    """Remove these jobs with the pictures that they drew and all their events."""
    for table, column in ((Image, Image.job_id), (JobEvent, JobEvent.job_id), (Job, Job.id)):
        session.execute(delete(table).where(column.in_(job_ids)).execution_options(synchronize_session=False))
