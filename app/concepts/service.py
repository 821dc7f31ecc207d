"""The library: add, find, change and delete concepts. `app.concepts.views` describes them to their team."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from sqlalchemy.orm import Session

from app.accounts import queries as accounts
from app.accounts.permission import require_owner
from app.accounts.principal import Principal
from app.audit import service as audit
from app.base_models.catalog import AllowedModel, Catalog
from app.base_models.initializers import checked_placeholder
from app.concepts import queries
from app.concepts.models import Concept, Version
from app.contracts.jobs import FINAL
from app.core.database import utc_now
from app.core.errors import Conflict, InvalidInput, NotFound
from app.jobs import ledger
from app.jobs import queries as jobs

TAGS_MAX: Final = 30


class NewConcept(Protocol):
    """The fields that a concept's row takes from a training request or an import request."""

    @property
    def name(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def tags(self) -> Sequence[str]: ...
    @property
    def kind(self) -> str: ...


def add(
    session: Session, principal: Principal, request: NewConcept, model: AllowedModel, placeholder: str, initializer: str
) -> Concept:
    """Add a concept without a version. The caller has checked the placeholder and the initializer."""
    concept = Concept(
        team_id=principal.team_id,
        owner_id=principal.user_id,
        name=request.name.strip() or placeholder.strip("<>").replace("-", " "),
        description=request.description,
        tags=_tidy(request.tags),
        placeholder=placeholder,
        initializer=initializer,
        kind=request.kind,
        base_model=model.id,
        family=model.facts.family,
    )
    session.add(concept)
    session.flush()
    return concept


def check_room(session: Session, team_id: str, limit: int) -> None:
    """Raise Conflict if the team has more concepts than it may have, with the one that was just added.

    The bin counts, since restoring has to work. The team's row stays locked until the transaction ends, so concurrent
    requests cannot exceed the limit together.
    """
    if not limit:
        return
    accounts.lock_team(session, team_id)
    library, binned = queries.counts(session, team_id)
    if library + binned > limit:
        raise Conflict(
            f"Your team has {library - 1} words and {binned} in the bin, and there is room for {limit}. Delete words "
            "that nobody needs, and remove them from the bin.",
            code="library-full",
        )


def get(session: Session, team_id: str, concept_id: str) -> Concept:
    """One concept of the team."""
    concept = queries.by_id(session, team_id, concept_id)
    if concept is None:
        raise NotFound("There is no such concept. It may have been deleted.")
    return concept


def get_to_change(session: Session, principal: Principal, concept_id: str) -> Concept:
    """One concept that the principal may change. Raises NotFound, or Forbidden with the names of those who may."""
    concept = get(session, principal.team_id, concept_id)
    require_owner(session, principal, concept.owner_id, concept.placeholder)
    return concept


def get_all_to_change(session: Session, principal: Principal, concept_ids: Sequence[str]) -> list[Concept]:
    """Concepts that the principal may change, in the order of their ids. Raises NotFound or Forbidden if one is gone or
    somebody else's."""
    found = get_all(session, principal.team_id, concept_ids)
    for concept in found:
        require_owner(session, principal, concept.owner_id, concept.placeholder)
    return found


def get_all(session: Session, team_id: str, concept_ids: Sequence[str]) -> list[Concept]:
    """Concepts of the team, in the order of their ids. Raises NotFound if one of them is gone."""
    wanted = set(concept_ids)
    found = queries.by_ids(session, team_id, wanted)
    if len(found) < len(wanted):
        raise NotFound(
            f"{len(wanted) - len(found)} of the {len(wanted)} concepts cannot be found. They may have been deleted. "
            "Look again, and select anew."
        )
    return list(found.values())


@dataclass(frozen=True)
class ConceptChange:
    """The fields of a concept to change; None leaves a field as it is."""

    name: str | None = None
    placeholder: str | None = None
    description: str | None = None
    tags: Sequence[str] | None = None
    current_version: int | None = None


def change(session: Session, principal: Principal, catalog: Catalog, concept: Concept, changed: ConceptChange) -> None:
    """Change the fields of a concept. Raises InvalidInput for a version that is not ready."""
    was = concept.placeholder
    if changed.placeholder is not None and changed.placeholder.strip() != concept.placeholder:
        taken = queries.placeholders(session, concept.team_id)
        concept.placeholder = checked_placeholder(catalog.get(concept.base_model), changed.placeholder, taken)
    if changed.current_version is not None:
        version = queries.version(session, concept.team_id, concept.id, changed.current_version)
        if version is None or version.state != "ready":
            raise InvalidInput(
                f"{concept.placeholder} has no finished version {changed.current_version}. Choose one that is ready.",
                field="current_version",
                code="version-not-ready",
            )
        concept.current_version = changed.current_version
    if changed.name is not None:
        concept.name = changed.name.strip() or concept.name
    if changed.description is not None:
        concept.description = changed.description
    if changed.tags is not None:
        concept.tags = _tidy(changed.tags)
    session.flush()
    _record_change(session, principal, concept, was, changed)


def _record_change(session: Session, principal: Principal, concept: Concept, was: str, changed: ConceptChange) -> None:
    given = {name: value for name, value in vars(changed).items() if value is not None}
    number = given.pop("current_version", None)
    if number is not None:
        audit.record(session, principal, "concept.version-chosen", concept.id, was, version=number)
    if given:
        shown = {name: value for name, value in given.items() if name in ("name", "placeholder")}
        audit.record(session, principal, "concept.changed", concept.id, was, fields=sorted(given), **shown)


def _tidy(tags: Sequence[str]) -> list[str]:
    """The first tags, each once, cut to 50 characters."""
    return list(dict.fromkeys(tidy for tag in tags[:TAGS_MAX] if (tidy := tag.strip()[:50])))


def change_tags(
    session: Session, principal: Principal, concepts: Sequence[Concept], add: Sequence[str], remove: Sequence[str]
) -> None:
    """Put tags on concepts that the principal may change, and take others off, whatever their case.

    Raises InvalidInput if a concept would have more than 30.
    """
    unwanted = {tag.casefold() for tag in _tidy(remove)}
    for concept in concepts:
        have = {tag.casefold() for tag in concept.tags}
        new = [tag for tag in _tidy(add) if tag.casefold() not in have]
        tags = [tag for tag in (*concept.tags, *new) if tag.casefold() not in unwanted]
        if len(tags) > TAGS_MAX:
            raise InvalidInput(
                f"{concept.placeholder} would have {len(tags)} tags, and it has room for {TAGS_MAX}. Take some off.",
                field="add",
                code="too-many-tags",
            )
        if tags != concept.tags:
            concept.tags = tags
            audit.record(
                session, principal, "concept.changed", concept.id, concept.placeholder, fields=["tags"], tags=tags
            )
    session.flush()


def delete(session: Session, principal: Principal, concept: Concept) -> None:
    """Put a concept into the bin and cancel its jobs. Its placeholder is free again."""
    concept.deleted_at, concept.deleted_by = utc_now(), principal.user_id
    for version in queries.versions(session, concept.team_id, [concept.id]):
        job = jobs.by_id(session, concept.team_id, version.job_id or "")
        # The job of a bulk import goes on for its other concepts.
        if job is not None and job.version_id == version.id and job.state not in FINAL:
            ledger.cancel(session, job, keep=False)
    session.flush()


def finished_version(session: Session, concept: Concept, number: int | None) -> Version:
    """A ready version of a concept; without a number, the current version. Raises Conflict or NotFound."""
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
