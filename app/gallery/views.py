"""Builds the responses of the gallery. A page takes a few queries, whatever its length."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy.orm import Session

from app.accounts import queries as accounts
from app.accounts.principal import Principal
from app.gallery import queries
from app.gallery.models import Board
from app.gallery.queries import Position, Sought
from app.gallery.schemas import BoardOut, BoardPage, GalleryImage, GalleryPage
from app.generation import views as generations
from app.generation.models import Generation, Image
from app.jobs.schemas import Person

# The id of the last picture's generation, and the picture's place in that.
CURSOR: Final = re.compile(r"[0-7][0-9a-hjkmnp-tv-z]{25}-[0-9]{1,6}")


def page(session: Session, reader: Principal, sought: Sought, *, cursor: str | None, limit: int) -> GalleryPage:
    """A page of the pictures that match."""
    found = queries.page(session, reader.team_id, sought, after=_position(cursor), limit=limit + 1)
    shown = found[:limit]
    return GalleryPage(
        items=_describe_images(session, reader, [(image, generation) for image, generation in shown]),
        next=_cursor(shown[-1][0]) if len(found) > limit else None,
    )


def _describe_images(
    session: Session, reader: Principal, pictures: Sequence[tuple[Image, Generation]]
) -> list[GalleryImage]:
    names = accounts.names(session, {generation.user_id for _, generation in pictures})
    board_ids: dict[str, list[str]] = defaultdict(list)
    for image_id, board_id in queries.boards_of(session, reader.team_id, [image.id for image, _ in pictures]):
        board_ids[image_id].append(board_id)
    return [
        GalleryImage(
            **generations.describe_image(image).model_dump(),
            generation_id=generation.id,
            prompt=generation.prompt,
            created_by=Person(id=generation.user_id, name=names.get(generation.user_id, "")),
            may_change=reader.may_change(generation.user_id),
            board_ids=board_ids[image.id],
        )
        for image, generation in pictures
    ]


def boards(session: Session, reader: Principal, *, cursor: str | None, limit: int) -> BoardPage:
    """A page of the team's boards."""
    found = queries.boards(session, reader.team_id, before=cursor, limit=limit + 1)
    shown = found[:limit]
    next_cursor = shown[-1].id if len(found) > limit else None
    return BoardPage(items=_describe_boards(session, reader, shown), next=next_cursor)


def describe_board(session: Session, reader: Principal, board: Board) -> BoardOut:
    """A board as the reader sees it."""
    return _describe_boards(session, reader, [board])[0]


def _describe_boards(session: Session, reader: Principal, shown: Iterable[Board]) -> list[BoardOut]:
    boards = list(shown)
    covers: dict[str, list[str]] = defaultdict(list)
    sizes: dict[str, int] = {}
    for board_id, image_id, pictures in queries.covers(session, reader.team_id, [board.id for board in boards]):
        covers[board_id].append(f"/api/images/{image_id}")
        sizes[board_id] = pictures
    names = accounts.names(session, {board.user_id for board in boards})
    return [
        BoardOut(
            id=board.id,
            name=board.name,
            pictures=sizes.get(board.id, 0),
            cover=covers[board.id],
            created_by=Person(id=board.user_id, name=names.get(board.user_id, "")),
            may_change=reader.may_change(board.user_id),
            created_at=board.created_at,
        )
        for board in boards
    ]


def _cursor(image: Image) -> str:
    return f"{image.generation_id}-{image.position}"


def _position(cursor: str | None) -> Position | None:
    if cursor is None:
        return None
    generation_id, _, place = cursor.partition("-")
    return Position(generation_id, int(place))
