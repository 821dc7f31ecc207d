"""All SQL of the library. Every query is scoped to a team."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, func, select, tuple_, update
from sqlalchemy.orm import Session, undefer

from app.concepts.models import Concept, Picture, Version


def library(team_id: str) -> Select[Concept]:
    """The concepts of the team that are not in the bin."""
    return select(Concept).where(Concept.team_id == team_id, Concept.deleted_at.is_(None))


def placeholders(session: Session, team_id: str) -> set[str]:
    """Every placeholder that the team uses."""
    query = select(Concept.placeholder).where(Concept.team_id == team_id, Concept.deleted_at.is_(None))
    return set(session.scalars(query))


def by_id(session: Session, team_id: str, concept_id: str) -> Concept | None:
    """One concept of the team."""
    return session.scalars(library(team_id).where(Concept.id == concept_id)).one_or_none()


def including_deleted(session: Session, team_id: str, concept_id: str) -> Concept | None:
    """A concept of the team that a job names, also if the concept is in the bin."""
    return session.scalars(select(Concept).where(Concept.team_id == team_id, Concept.id == concept_id)).one_or_none()


def counts(session: Session, team_id: str) -> tuple[int, int]:
    """How many concepts the team has in its library, and how many in its bin."""
    query = select(func.count(), func.count(Concept.deleted_at)).where(Concept.team_id == team_id)
    every, deleted = session.execute(query).one()
    return every - deleted, deleted


def by_placeholders(session: Session, team_id: str, placeholders: Collection[str]) -> dict[str, Concept]:
    """The team's concepts with these placeholders, by placeholder."""
    concepts = session.scalars(library(team_id).where(Concept.placeholder.in_(placeholders)))
    return {concept.placeholder: concept for concept in concepts}


def current_versions(session: Session, team_id: str) -> Sequence[Row[Concept, Version]]:
    """Every concept of the team that can be drawn, with the version that its placeholder means."""
    query = (
        select(Concept, Version)
        .join(Version, and_(Version.concept_id == Concept.id, Version.number == Concept.current_version))
        .where(Concept.team_id == team_id, Version.team_id == team_id)
        .where(Concept.deleted_at.is_(None), Version.state == "ready")
    )
    return session.execute(query.order_by(Concept.id)).all()


def by_ids(session: Session, team_id: str, concept_ids: Collection[str]) -> dict[str, Concept]:
    """The team's concepts with these ids, by id."""
    concepts = session.scalars(library(team_id).where(Concept.id.in_(concept_ids)).order_by(Concept.id))
    return {concept.id: concept for concept in concepts}


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


def numbered(session: Session, team_id: str, wanted: Collection[tuple[str, int]]) -> Sequence[Version]:
    """The versions with these concept ids and numbers."""
    query = select(Version).where(Version.team_id == team_id)
    return session.scalars(query.where(tuple_(Version.concept_id, Version.number).in_(wanted))).all()


def next_number(session: Session, team_id: str, concept_id: str) -> int:
    """The number of a concept's next version."""
    query = select(func.max(Version.number)).where(Version.team_id == team_id, Version.concept_id == concept_id)
    return int(session.execute(query).scalar_one() or 0) + 1


def pictures(session: Session, team_id: str, version_ids: Collection[str]) -> Sequence[Picture]:
    """The training pictures of these versions, in the order of their upload."""
    query = select(Picture).where(Picture.team_id == team_id, Picture.version_id.in_(version_ids))
    return session.scalars(query.order_by(Picture.version_id, Picture.position)).all()


def picture(session: Session, team_id: str, picture_id: str) -> Picture | None:
    """One training picture, unless its concept was deleted."""
    query = (
        select(Picture)
        .join(Version, Version.id == Picture.version_id)
        .join(Concept, Concept.id == Version.concept_id)
        .where(Picture.team_id == team_id, Picture.id == picture_id, Concept.deleted_at.is_(None))
    )
    return session.scalars(query).one_or_none()


def pictures_shown(
    session: Session, team_id: str, version_ids: Collection[str]
) -> Sequence[Row[str, str, int, int, str, bool]]:
    """Version id, id, width, height and caption of these pictures, and whether they have a mask. A page of the library
    has hundreds, so no rows are loaded."""
    masked = Picture.mask_key.is_not(None)
    query = select(Picture.version_id, Picture.id, Picture.width, Picture.height, Picture.caption, masked)
    query = query.where(Picture.team_id == team_id, Picture.version_id.in_(version_ids))
    return session.execute(query.order_by(Picture.version_id, Picture.position)).all()


@dataclass(frozen=True)
class TrainedConcept:
    """The concept and the version number that a job trains or imports."""

    id: str
    name: str
    placeholder: str
    version: int


def trained_concepts(session: Session, team_id: str, version_ids: Collection[str]) -> dict[str, TrainedConcept]:
    """The concepts of these versions by version id, deleted concepts included."""
    query = (
        select(Version.id, Concept.id, Concept.name, Concept.placeholder, Version.number)
        .join(Concept, Concept.id == Version.concept_id)
        .where(Version.team_id == team_id, Version.id.in_(version_ids))
    )
    return {row[0]: TrainedConcept(*row[1:]) for row in session.execute(query)}


def version_in_library(session: Session, team_id: str, version_id: str) -> tuple[Version, Concept] | None:
    """A version with its concept, or None if the concept was deleted. A worker checks this when it claims a job."""
    query = (
        select(Version, Concept)
        .join(Concept, Concept.id == Version.concept_id)
        .where(Version.id == version_id, Version.team_id == team_id, Concept.deleted_at.is_(None))
        .options(undefer(Version.report))
    )
    row = session.execute(query, execution_options={"populate_existing": True}).one_or_none()
    return None if row is None else (row[0], row[1])


def ready_files(session: Session, team_id: str, version_ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """`Version.files` by version id, for ready versions of concepts that were not deleted."""
    query = (
        select(Version.id, Version.files)
        .join(Concept, Concept.id == Version.concept_id)
        .where(Version.id.in_(version_ids), Version.team_id == team_id)
        .where(Version.state == "ready", Concept.deleted_at.is_(None))
    )
    return {row[0]: row[1] for row in session.execute(query)}


def end_training(session: Session, team_id: str, version_id: str, state: str, moment: datetime | None) -> None:
    """Give a version that was not made ready its final state, and drop a result that was stored with it."""
    session.execute(
        update(Version)
        .where(Version.team_id == team_id, Version.id == version_id, Version.state == "training")
        .values(
            state=state,
            finished_at=moment,
            files={},
            report=None,
            report_bytes=0,
            score=None,
            steps=None,
            evaluation=None,
            seconds=None,
            base_model_hash=None,
            sample_image_id=None,
        )
        .execution_options(synchronize_session="fetch")
    )


def withdraw(session: Session, team_id: str, concept_id: str, moment: datetime | None) -> None:
    """Take a concept without an embedding out of the library, or out of the bin: there is nothing to restore."""
    session.execute(
        update(Concept)
        .where(Concept.team_id == team_id, Concept.id == concept_id)
        .values(deleted_at=func.coalesce(Concept.deleted_at, moment), deleted_by=None)
        .execution_options(synchronize_session="fetch")
    )
