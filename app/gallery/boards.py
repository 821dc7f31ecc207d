"""What happens to boards. Everybody of a team who draws may make one and put pictures on it; the person who made a
board may rename and delete it, and administrators may."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy.orm import Session

from app.accounts.permission import require_owner
from app.accounts.principal import Principal
from app.audit import service as audit
from app.core.database import utc_now
from app.core.errors import InvalidInput, NotFound
from app.gallery import queries
from app.gallery.models import Board, BoardImage

BOARDS_MAX: Final = 500  # of a team, with those in the bin
PICTURES_MAX: Final = 5000  # of a board


def get(session: Session, team_id: str, board_id: str) -> Board:
    """One board of the team."""
    board = queries.board(session, team_id, board_id)
    if board is None:
        raise NotFound("There is no such board. It may have been deleted.")
    return board


def get_to_change(session: Session, principal: Principal, board_id: str) -> Board:
    """One board that the principal may rename and delete. Raises NotFound and Forbidden."""
    board = get(session, principal.team_id, board_id)
    require_owner(session, principal, board.user_id, f"The board {board.name}")
    return board


def create(session: Session, principal: Principal, name: str) -> Board:
    """A new, empty board."""
    if queries.boards_in_all(session, principal.team_id) >= BOARDS_MAX:
        raise InvalidInput(
            f"Your team has {BOARDS_MAX} boards, with those in the bin: no more are kept. Remove one for good first.",
            field="name",
            code="too-many-boards",
        )
    board = Board(team_id=principal.team_id, user_id=principal.user_id, name=_checked(name))
    session.add(board)
    session.flush()
    audit.record(session, principal, "board.created", board.id, board.name)
    return board


def rename(session: Session, principal: Principal, board: Board, name: str) -> None:
    """Give a board another name."""
    before, board.name = board.name, _checked(name)
    session.flush()
    if board.name != before:
        audit.record(session, principal, "board.changed", board.id, board.name, before=before)


def delete(session: Session, principal: Principal, board: Board) -> None:
    """Put a board into the bin. The pictures stay where they are."""
    board.deleted_at, board.deleted_by = utc_now(), principal.user_id
    session.flush()
    audit.record(session, principal, "board.deleted", board.id, board.name)


def change_pictures(
    session: Session, principal: Principal, board: Board, add: Sequence[str], remove: Sequence[str]
) -> None:
    """Put pictures on a board and take others off it. A picture that is there already stays; one that is not there is
    no error. Raises NotFound if a picture to add is not the team's, and then changes nothing."""
    wanted = list(dict.fromkeys(add))
    found = {image.id for image, _ in queries.by_ids(session, principal.team_id, wanted)}
    if len(found) < len(wanted):
        gone = len(wanted) - len(found)
        raise NotFound(f"{gone} of the {len(wanted)} pictures cannot be found. They may have been deleted.")
    taken = queries.take_off(session, principal.team_id, board.id, remove) if remove else 0
    there = queries.on_board(session, principal.team_id, board.id, wanted)
    new = [image_id for image_id in wanted if image_id not in there]
    if new and queries.size_of_board(session, principal.team_id, board.id) + len(new) > PICTURES_MAX:
        raise InvalidInput(
            f"A board holds at most {PICTURES_MAX} pictures. Put these on another one.", field="add", code="board-full"
        )
    session.add_all(BoardImage(board_id=board.id, image_id=each, team_id=board.team_id) for each in new)
    session.flush()
    if new or taken:
        details = {"added": len(new) or None, "removed": taken or None}
        audit.record(session, principal, "board.pictures-changed", board.id, board.name, **details)


def _checked(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise InvalidInput("A board needs a name. Send one that is not only spaces.", field="name")
    return name
