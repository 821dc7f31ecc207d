"""The library: look, change, delete, download."""

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy.orm import Session

from app.accounts.principal import Principal
from app.base_models.catalog import AllowedModel, Catalog
from app.base_models.initializers import checked_placeholder
from app.concepts import queries, views
from app.concepts.models import Concept, Version
from app.concepts.schemas import ConceptOut, ConceptPage, ConceptPatch, VersionOut
from app.contracts.jobs import FINAL
from app.core.database import utc_now
from app.core.errors import Conflict, InvalidInput, NotFound
from app.jobs import ledger
from app.jobs import queries as jobs


class Described(Protocol):
    """What somebody who asks for a new word says of it."""

    @property
    def name(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def tags(self) -> Sequence[str]: ...
    @property
    def kind(self) -> str: ...


def add(
    session: Session, principal: Principal, asked: Described, model: AllowedModel, placeholder: str, initializer: str
) -> Concept:
    """A new concept of the team, without a version. Placeholder and initializer are checked already."""
    concept = Concept(
        team_id=principal.team_id,
        owner_id=principal.user_id,
        name=asked.name.strip() or placeholder.strip("<>").replace("-", " "),
        description=asked.description,
        tags=list(asked.tags),
        placeholder=placeholder,
        initializer=initializer,
        kind=asked.kind,
        base_model=model.id,
        family=model.facts.family,
    )
    session.add(concept)
    session.flush()
    return concept


def get(session: Session, team_id: str, concept_id: str) -> Concept:
    """One concept of the team."""
    concept = queries.by_id(session, team_id, concept_id)
    if concept is None:
        raise NotFound("There is no such concept. It may have been deleted.")
    return concept


def describe(session: Session, concept: Concept) -> ConceptOut:
    """A concept as its team sees it."""
    return views.describe(session, [concept])[0]


def page(session: Session, team_id: str, *, limit: int, **filters: str | None) -> ConceptPage:
    """The team's concepts that fit the filters, newest first."""
    found = queries.page(session, team_id, limit=limit + 1, **filters)
    shown = found[:limit]
    return ConceptPage(items=views.describe(session, shown), next=shown[-1].id if len(found) > limit else None)


def versions(session: Session, concept: Concept) -> list[VersionOut]:
    """Every version of a concept, newest first."""
    found = queries.versions(session, concept.team_id, [concept.id])
    return views.describe_versions(session, concept.team_id, found, [concept])


def change(session: Session, catalog: Catalog, concept: Concept, patch: ConceptPatch) -> None:
    """Rename, describe, tag, or choose the version that the placeholder means."""
    if patch.placeholder is not None and patch.placeholder.strip() != concept.placeholder:
        taken = queries.placeholders(session, concept.team_id)
        concept.placeholder = checked_placeholder(catalog.get(concept.base_model), patch.placeholder, taken)
    if patch.current_version is not None:
        wanted = queries.version(session, concept.team_id, concept.id, patch.current_version)
        if wanted is None or wanted.state != "ready":
            raise InvalidInput(
                f"{concept.placeholder} has no finished version {patch.current_version}. Choose one that is ready.",
                field="current_version",
                code="version-not-ready",
            )
        concept.current_version = patch.current_version
    if patch.name is not None:
        concept.name = patch.name.strip() or concept.name
    if patch.description is not None:
        concept.description = patch.description
    if patch.tags is not None:
        concept.tags = list(dict.fromkeys(tidy for tag in patch.tags if (tidy := tag.strip()[:50])))
    session.flush()


def delete(session: Session, concept: Concept) -> None:
    """Take a concept out of the library; what is still being taught stops. Its placeholder is free again."""
    concept.deleted_at = utc_now()
    for version in queries.versions(session, concept.team_id, [concept.id]):
        job = jobs.by_id(session, concept.team_id, version.job_id or "")
        if job is not None and job.state not in FINAL:
            ledger.cancel(session, job, keep=False)
    session.flush()


def finished_version(session: Session, concept: Concept, number: int | None) -> Version:
    """A version that has an embedding; without a number, the one that the placeholder means."""
    chosen = concept.current_version if number is None else number
    if chosen is None:
        raise Conflict(
            f"{concept.placeholder} has not been learned yet, so there is no embedding. Wait until its job is done.",
            code="not-learned",
        )
    version = queries.version(session, concept.team_id, concept.id, chosen)
    if version is None or version.state != "ready":
        raise NotFound(f"{concept.placeholder} has no finished version {chosen}.", field="version")
    return version
