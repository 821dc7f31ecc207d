"""The bin: deletes concepts and generations so that they can be restored for `ONEWORD_BIN_DAYS`, restores them, and
removes them for good. `app.bin.drawings` does the same for single pictures and for boards.

A row with `deleted_at` is in the bin. Every other query leaves such rows out. The person who made a thing may delete,
restore and remove it, and administrators may.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from app.accounts.permission import require_owner
from app.accounts.principal import Principal
from app.audit import service as audit
from app.base_models.catalog import Catalog
from app.base_models.initializers import checked_placeholder, free_placeholder
from app.bin import drawings, queries
from app.bin.drawings import PictureInBin
from app.concepts import queries as concepts
from app.concepts import service as concept_service
from app.concepts.models import Concept
from app.core.database import after_commit
from app.core.errors import Conflict, InvalidInput, NotFound
from app.core.settings import Settings
from app.core.storage import Storage
from app.gallery.models import Board
from app.generation import service as generation_service
from app.generation.models import Generation
from app.services import Services

LABEL_MAX: Final = 200  # characters of a prompt that stand for a generation
EMPTIED_AT_ONCE: Final = 200  # things that one transaction removes


def delete_concept(session: Session, services: Services, principal: Principal, concept_id: str) -> None:
    """Put a concept into the bin, or remove it for good if the bin is off."""
    concept = concept_service.get_to_change(session, principal, concept_id)
    concept_service.delete(session, principal, concept)
    audit.record(session, principal, "concept.deleted", concept.id, concept.placeholder, name=concept.name)
    if not services.settings.bin_days:
        _remove(session, services.storage, principal, concept)


def delete_concepts(
    session: Session, services: Services, principal: Principal, concept_ids: Sequence[str]
) -> list[str]:
    """Put concepts into the bin, or remove them for good if the bin is off. Returns their ids.

    Raises NotFound or Forbidden, before anything is deleted, if one of them is gone or somebody else's.
    """
    found = concept_service.get_all_to_change(session, principal, concept_ids)
    for concept in found:
        delete_concept(session, services, principal, concept.id)
    return [concept.id for concept in found]


def delete_generation(session: Session, services: Services, principal: Principal, generation_id: str) -> None:
    """Put a generation into the bin, or remove it for good if the bin is off."""
    generation = generation_service.get_to_change(session, principal, generation_id)
    generation_service.delete(session, principal, generation)
    audit.record(session, principal, "generation.deleted", generation.id, generation.prompt)
    if not services.settings.bin_days:
        _remove(session, services.storage, principal, generation)


Item = Concept | Generation | PictureInBin | Board


def restore(
    session: Session, catalog: Catalog, principal: Principal, item_id: str, placeholder: str | None = None
) -> Item:
    """Take a thing out of the bin.

    Raises Conflict with a free placeholder if a concept's own is taken meanwhile, InvalidInput for a new placeholder
    that cannot be used, NotFound and Forbidden.
    """
    item = _get(session, principal, item_id)
    if isinstance(item, Concept):
        item.placeholder = _usable(session, catalog, item, placeholder)
        audit.record(session, principal, "concept.restored", item.id, item.placeholder)
    else:
        if placeholder is not None:
            raise InvalidInput("Only a word has a placeholder. Leave the field out.", field="placeholder")
        if not isinstance(item, Generation):
            drawings.restore(session, principal, item)
            return item
        audit.record(session, principal, "generation.restored", item.id, item.prompt)
    item.deleted_at = item.deleted_by = None
    session.flush()
    return item


def restore_all(session: Session, catalog: Catalog, principal: Principal, item_ids: Sequence[str]) -> list[Item]:
    """Take several things out of the bin: all of them, or none if one cannot be restored. Raises as `restore` does."""
    return [restore(session, catalog, principal, item_id) for item_id in dict.fromkeys(item_ids)]


def remove(session: Session, services: Services, principal: Principal, item_id: str) -> None:
    """Remove a thing in the bin for good. Raises NotFound and Forbidden."""
    _remove(session, services.storage, principal, _get(session, principal, item_id))


def empty(services: Services, principal: Principal) -> None:
    """Remove everything in the team's bin for good, in transactions of 200 things, each with its entries in the audit.

    What another request restores or removes at the same moment is left to that request.
    """
    after: tuple[datetime, str] | None = None
    while True:
        with services.database.transaction() as session:
            found = queries.page(session, principal.team_id, before=after, limit=EMPTIED_AT_ONCE)
            _remove_all(session, services.storage, principal, queries.lock(session, principal.team_id, found))
            if len(found) < EMPTIED_AT_ONCE:
                return
            after = (found[-1].deleted_at, found[-1].id)


def _remove_all(session: Session, storage: Storage, principal: Principal, items: Sequence[queries.Binned]) -> None:
    concepts_gone = [each for each in items if each.kind == "concept"]
    for each in concepts_gone:
        audit.record(session, principal, "concept.purged", each.id, each.label)
        _delete_later(session, storage, queries.remove_concept(session, principal.team_id, each.id))
    ids = {kind: [each.id for each in items if each.kind == kind] for kind in ("generation", "image", "board")}
    gone = queries.remove_generations(session, principal.team_id, ids["generation"])
    images = queries.remove_images(session, principal.team_id, ids["image"])
    boards = queries.remove_boards(session, principal.team_id, ids["board"])
    audit.record(
        session,
        principal,
        "bin.emptied",
        concepts=len(concepts_gone),
        generations=len(gone),
        images=images or None,
        boards=boards or None,
    )


def remove_expired(session: Session, settings: Settings, moment: datetime, limit: int) -> int:
    """Remove up to `limit` concepts, and as many generations, pictures and boards, that have been in the bin for long
    enough.

    Returns how many were removed of the kind with the most. The sweep removes their blobs.
    """
    before = moment - timedelta(days=settings.bin_days)
    expired = queries.expired_concepts(session, before, limit)
    for team_id, concept_id, placeholder in expired:
        queries.remove_concept(session, team_id, concept_id)
        audit.record(session, audit.system(team_id), "concept.purged", concept_id, placeholder)
    by_team: dict[str, list[str]] = defaultdict(list)
    for team_id, generation_id in queries.expired_generations(session, before, limit):
        by_team[team_id].append(generation_id)
    for team_id, generation_ids in by_team.items():
        gone = queries.remove_generations(session, team_id, generation_ids)
        audit.record(session, audit.system(team_id), "bin.emptied", generations=len(gone))
    more = drawings.remove_expired(session, before, limit)
    return max(len(expired), sum(map(len, by_team.values())), more)


def delete_blobs(storage: Storage, keys: set[str]) -> None:
    """Delete blobs. The sweep deletes the ones that cannot be deleted now, since no row names them any more."""
    for key in keys:
        storage.delete(key)


def _get(session: Session, principal: Principal, item_id: str) -> Item:
    concept = queries.concept(session, principal.team_id, item_id)
    if concept is not None:
        principal.require_scope("teach")
        require_owner(session, principal, concept.owner_id, concept.placeholder)
        return concept
    generation = queries.generation(session, principal.team_id, item_id)
    if generation is None:
        other = drawings.get(session, principal, item_id)
        if other is not None:
            return other
        raise NotFound("This is not in the bin. It may have been restored, or removed for good.")
    principal.require_scope("draw")
    require_owner(session, principal, generation.user_id, "This drawing")
    return generation


def _remove(session: Session, storage: Storage, principal: Principal, item: Item) -> None:
    if isinstance(item, Concept):
        audit.record(session, principal, "concept.purged", item.id, item.placeholder, name=item.name)
        _delete_later(session, storage, queries.remove_concept(session, item.team_id, item.id))
    elif not isinstance(item, Generation):
        drawings.remove(session, principal, item)
    else:
        audit.record(session, principal, "generation.purged", item.id, item.prompt)
        queries.remove_generations(session, item.team_id, [item.id])


def _delete_later(session: Session, storage: Storage, keys: set[str]) -> None:
    """Delete training pictures as soon as the transaction has committed: they are personal."""
    after_commit(session, lambda: delete_blobs(storage, keys))


def _usable(session: Session, catalog: Catalog, concept: Concept, placeholder: str | None) -> str:
    """The placeholder under which a concept returns to the library."""
    taken = concepts.placeholders(session, concept.team_id)
    if placeholder is not None and placeholder.strip() != concept.placeholder:
        return checked_placeholder(catalog.get(concept.base_model), placeholder, taken)
    if concept.placeholder in taken:
        free = free_placeholder(concept.placeholder, taken)
        raise Conflict(
            f"{concept.placeholder} is another concept of your team by now. Restore this one as {free}, or choose "
            "another placeholder.",
            field="placeholder",
            code="placeholder-taken",
            suggestions=[free],
        )
    return concept.placeholder
