"""All SQL of the library. Everything is asked within a team."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, false, func, select
from sqlalchemy.orm import Session, undefer

from app.accounts.models import User
from app.concepts import search_terms
from app.concepts.models import Concept, Picture, SearchTerm, Version
from app.generation.models import Image
from app.jobs.models import Submission


def _library(team_id: str) -> Select[Concept]:
    return select(Concept).where(Concept.team_id == team_id, Concept.deleted_at.is_(None))


def placeholders(session: Session, team_id: str) -> set[str]:
    """Every placeholder that the team uses."""
    query = select(Concept.placeholder).where(Concept.team_id == team_id, Concept.deleted_at.is_(None))
    return set(session.scalars(query))


def by_id(session: Session, team_id: str, concept_id: str) -> Concept | None:
    """One concept of the team."""
    return session.scalars(_library(team_id).where(Concept.id == concept_id)).one_or_none()


def even_deleted(session: Session, team_id: str, concept_id: str) -> Concept:
    """One concept of the team that a job names, in the library or not."""
    return session.scalars(select(Concept).where(Concept.team_id == team_id, Concept.id == concept_id)).one()


def by_placeholders(session: Session, team_id: str, wanted: Collection[str]) -> dict[str, Concept]:
    """The team's concepts with these placeholders."""
    found = session.scalars(_library(team_id).where(Concept.placeholder.in_(wanted)))
    return {concept.placeholder: concept for concept in found}


def page(
    session: Session,
    team_id: str,
    *,
    query: str | None,
    tag: str | None,
    kind: str | None,
    base_model: str | None,
    owner: str | None,
    before: str | None,
    limit: int,
) -> Sequence[Concept]:
    """The team's concepts, newest first, `limit` at most, older than the id `before`."""
    wanted = _library(team_id).order_by(Concept.id.desc()).limit(limit)
    if query:
        pieces = search_terms.split(query)
        for piece in pieces:  # each is the beginning of one of its words
            wanted = wanted.where(_has_term(team_id, SearchTerm.term.between(piece, piece + search_terms.END)))
        if not pieces:
            wanted = wanted.where(false())
    if tag:
        wanted = wanted.where(_has_term(team_id, SearchTerm.term == search_terms.tag_term(tag)))
    if kind:
        wanted = wanted.where(Concept.kind == kind)
    if base_model:
        wanted = wanted.where(Concept.base_model == base_model)
    if owner:
        wanted = wanted.where(Concept.owner_id == owner)
    if before:
        wanted = wanted.where(Concept.id < before)
    return session.scalars(wanted).all()


def _has_term(team_id: str, fits: ColumnElement[bool]) -> ColumnElement[bool]:
    return Concept.id.in_(select(SearchTerm.concept_id).where(SearchTerm.team_id == team_id, fits))


def versions(session: Session, team_id: str, concept_ids: Collection[str]) -> Sequence[Version]:
    """Every version of these concepts, newest first."""
    query = select(Version).where(Version.team_id == team_id, Version.concept_id.in_(concept_ids))
    return session.scalars(query.order_by(Version.number.desc())).all()


def version(session: Session, team_id: str, concept_id: str, number: int) -> Version | None:
    """One version by its number."""
    query = select(Version).where(
        Version.team_id == team_id, Version.concept_id == concept_id, Version.number == number
    )
    return session.scalars(query).one_or_none()


def next_number(session: Session, concept_id: str) -> int:
    """The number of a concept's next version."""
    query = select(func.max(Version.number)).where(Version.concept_id == concept_id)
    return int(session.execute(query).scalar_one() or 0) + 1


def pictures(session: Session, team_id: str, version_ids: Collection[str]) -> Sequence[Picture]:
    """What these versions are taught from, in the order it was sent."""
    query = select(Picture).where(Picture.team_id == team_id, Picture.version_id.in_(version_ids))
    return session.scalars(query.order_by(Picture.version_id, Picture.position)).all()


def picture(session: Session, team_id: str, picture_id: str) -> Picture | None:
    """One picture that a version is taught from; not of a concept that was deleted."""
    query = (
        select(Picture)
        .join(Version, Version.id == Picture.version_id)
        .join(Concept, Concept.id == Version.concept_id)
        .where(Picture.team_id == team_id, Picture.id == picture_id, Concept.deleted_at.is_(None))
    )
    return session.scalars(query).one_or_none()


def pictures_shown(session: Session, team_id: str, version_ids: Collection[str]) -> Sequence[Row[str, str, int, int]]:
    """Of the same pictures (version id, id, width, height), because a page of the library has hundreds."""
    query = select(Picture.version_id, Picture.id, Picture.width, Picture.height)
    query = query.where(Picture.team_id == team_id, Picture.version_id.in_(version_ids))
    return session.execute(query.order_by(Picture.version_id, Picture.position)).all()


def previews_shown(session: Session, team_id: str, job_ids: Collection[str]) -> Sequence[Row[str, str, int]]:
    """What these trainings drew on the way, by step: (job id, id, step)."""
    query = select(Image.job_id, Image.id, Image.position)
    query = query.where(Image.team_id == team_id, Image.job_id.in_(job_ids), Image.generation_id.is_(None))
    return session.execute(query.order_by(Image.position)).all()


def names(session: Session, user_ids: Collection[str]) -> dict[str, str]:
    """The names of these people."""
    return {row[0]: row[1] for row in session.execute(select(User.id, User.name).where(User.id.in_(user_ids)))}


def submission(session: Session, team_id: str, key: str) -> Submission | None:
    """What an `Idempotency-Key` was used for."""
    return session.get(Submission, (team_id, key))


def version_in_library(session: Session, team_id: str, version_id: str) -> tuple[Version, Concept] | None:
    """A version with its concept, or None if the concept was deleted. A job on a version asks when it is claimed."""
    query = (
        select(Version, Concept)
        .join(Concept, Concept.id == Version.concept_id)
        .where(Version.id == version_id, Version.team_id == team_id, Concept.deleted_at.is_(None))
        .options(undefer(Version.report))
    )
    row = session.execute(query, execution_options={"populate_existing": True}).one_or_none()
    return None if row is None else (row[0], row[1])


def ready_files(session: Session, team_id: str, version_ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """`Version.files` by version id, of those that are ready and whose concepts are in the library."""
    query = (
        select(Version.id, Version.files)
        .join(Concept, Concept.id == Version.concept_id)
        .where(Version.id.in_(version_ids), Version.team_id == team_id)
        .where(Version.state == "ready", Concept.deleted_at.is_(None))
    )
    return {row[0]: row[1] for row in session.execute(query)}
