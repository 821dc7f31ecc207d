"""Single pictures and boards in the bin.

A picture is deleted by itself if its generation has others that stay; a generation without another picture goes into
the bin as a whole.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.accounts.permission import require_owner
from app.accounts.principal import Principal
from app.audit import service as audit
from app.bin import queries
from app.core.database import utc_now
from app.core.errors import NotFound
from app.gallery import boards
from app.gallery import queries as gallery
from app.gallery.models import Board
from app.generation import service as generations
from app.generation.models import Generation, Image
from app.services import Services


@dataclass(frozen=True)
class PictureInBin:
    """A picture that is in the bin by itself, with its generation, which is not."""

    image: Image
    generation: Generation


def delete_images(session: Session, services: Services, principal: Principal, image_ids: Sequence[str]) -> list[str]:
    """Put pictures into the bin, or remove them for good if the bin is off. Returns the ids of what is in the bin then:
    pictures, and generations of which no other picture was left.

    Raises NotFound or Forbidden, before anything is deleted, if one of them is gone or somebody else's.
    """
    wanted = set(image_ids)
    found = gallery.by_ids(session, principal.team_id, wanted)
    if len(found) < len(wanted):
        raise NotFound(
            f"{len(wanted) - len(found)} of the {len(wanted)} pictures cannot be found. They may have been deleted. "
            "Look again, and select anew."
        )
    by_generation: dict[str, list[Image]] = defaultdict(list)
    drawn: dict[str, Generation] = {}
    for image, generation in found:
        by_generation[generation.id].append(image)
        drawn[generation.id] = generation
    for generation in drawn.values():
        require_owner(session, principal, generation.user_id, f"A picture of “{generation.prompt[:60]}”")
    item_ids: list[str] = []
    for generation_id, images in by_generation.items():
        item_ids += _delete(session, principal, drawn[generation_id], images)
    if not services.settings.bin_days:
        queries.remove_images(session, principal.team_id, item_ids)
        queries.remove_generations(session, principal.team_id, item_ids)
        return []
    return item_ids


def _delete(session: Session, principal: Principal, generation: Generation, images: Sequence[Image]) -> list[str]:
    ids = [image.id for image in images]
    if not gallery.other_pictures(session, principal.team_id, generation.id, ids):
        generations.delete(session, principal, generation)
        audit.record(session, principal, "generation.deleted", generation.id, generation.prompt)
        return [generation.id]
    for image in images:
        image.deleted_at, image.deleted_by = utc_now(), principal.user_id
    session.flush()
    audit.record(
        session, principal, "image.deleted", generation.id, generation.prompt, pictures=len(ids), seeds=_seeds(images)
    )
    return ids


def _seeds(images: Sequence[Image]) -> list[str]:
    return [str(image.seed) for image in images]


def delete_board(session: Session, services: Services, principal: Principal, board: Board) -> None:
    """Put a board into the bin, or remove it for good if the bin is off. Its pictures stay."""
    boards.delete(session, principal, board)
    if not services.settings.bin_days:
        remove(session, principal, board)


def get(session: Session, principal: Principal, item_id: str) -> PictureInBin | Board | None:
    """A picture or a board in the bin, for the person who may restore and remove it. Raises Forbidden."""
    found = queries.image(session, principal.team_id, item_id)
    if found is not None:
        principal.require_scope("draw")
        require_owner(session, principal, found[1].user_id, "This picture")
        return PictureInBin(*found)
    board = queries.board(session, principal.team_id, item_id)
    if board is not None:
        principal.require_scope("draw")
        require_owner(session, principal, board.user_id, f"The board {board.name}")
    return board


def restore(session: Session, principal: Principal, item: PictureInBin | Board) -> None:
    """Take a picture or a board out of the bin."""
    if isinstance(item, PictureInBin):
        audit.record(session, principal, "image.restored", item.generation.id, item.generation.prompt)
        item.image.deleted_at = item.image.deleted_by = None
    else:
        audit.record(session, principal, "board.restored", item.id, item.name)
        item.deleted_at = item.deleted_by = None
    session.flush()


def remove(session: Session, principal: Principal, item: PictureInBin | Board) -> None:
    """Remove a picture or a board in the bin for good."""
    if isinstance(item, PictureInBin):
        audit.record(session, principal, "image.purged", item.generation.id, item.generation.prompt)
        queries.remove_images(session, principal.team_id, [item.image.id])
    else:
        audit.record(session, principal, "board.purged", item.id, item.name)
        queries.remove_boards(session, principal.team_id, [item.id])


def remove_expired(session: Session, before: datetime, limit: int) -> int:
    """Remove up to `limit` pictures and as many boards that went into the bin before a moment. Returns the larger of
    the two numbers of what was removed."""
    images = queries.remove_expired_images(session, before, limit)
    for team_id, count in images.items():
        audit.record(session, audit.system(team_id), "bin.emptied", images=count)
    boards_gone = queries.remove_expired_boards(session, before, limit)
    for team_id, count in boards_gone.items():
        audit.record(session, audit.system(team_id), "bin.emptied", boards=count)
    return max(sum(images.values()), sum(boards_gone.values()))
