"""The endpoints of the gallery: drawn pictures one by one, many at once, and on boards."""

from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, status
from fastapi.responses import StreamingResponse
from pydantic import AfterValidator, AwareDatetime

from app.bin import drawings
from app.core.errors import InvalidInput, NotFound
from app.gallery import boards, queries, views
from app.gallery.queries import Sought
from app.gallery.schemas import (
    AT_ONCE_MAX,
    BoardChange,
    BoardIn,
    BoardOut,
    BoardPage,
    DeletedImages,
    GalleryPage,
    ImageId,
    ImageSelection,
)
from app.gallery.zipping import file_names
from app.web import file_responses
from app.web.bounded_bodies import BoundedRoute
from app.web.dependencies import Cursor, Reading, ServicesOf, UnitOfWork, must_be_ours
from app.web.etags import IfMatch, must_match
from app.web.sign_in import MayDraw, Viewer
from app.web.streamed_zip import zipped

router = APIRouter(prefix="/api", tags=["gallery"], route_class=BoundedRoute)

ZIP_MAX: Final = 1000  # pictures of one zip
_FIRST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(2200, 1, 1, tzinfo=UTC)

Moment = Annotated[AwareDatetime, AfterValidator(lambda moment: max(_FIRST, min(moment, _LAST)))]
GalleryCursor = Annotated[
    Annotated[str, must_be_ours(views.CURSOR)] | None, Query(description="The `next` of the page before.")
]


def _sought(
    query: Annotated[
        str | None, Query(max_length=200, description="Only pictures whose prompt has words that begin like these.")
    ] = None,
    concept: Annotated[
        str | None, Query(max_length=26, description="Only pictures drawn with the concept with this id.")
    ] = None,
    person: Annotated[
        str | None, Query(max_length=26, description="Only pictures that the person with this id asked for.")
    ] = None,
    since: Annotated[Moment | None, Query(description="Only pictures asked for at this time or later.")] = None,
    until: Annotated[Moment | None, Query(description="Only pictures asked for before this time.")] = None,
    board: Annotated[str | None, Query(max_length=26, description="Only pictures on the board with this id.")] = None,
    kept: Annotated[bool, Query(description="Only pictures that somebody keeps.")] = False,
) -> Sought:
    return Sought(query, concept, person, since, until, board, kept)


@router.get("/images")
def list_images(
    principal: Viewer,
    session: Reading,
    sought: Annotated[Sought, Depends(_sought)],
    cursor: GalleryCursor = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> GalleryPage:
    """The team's drawn pictures, newest generation first, each with its recipe."""
    return views.page(session, principal, sought, cursor=cursor, limit=limit)


@router.get("/images.zip", response_class=file_responses.Zip)
def download_images(
    principal: Viewer,
    services: ServicesOf,
    id: Annotated[
        list[ImageId] | None, Query(max_length=AT_ONCE_MAX, description="Id of a picture; it may be sent many times.")
    ] = None,
    board: Annotated[str | None, Query(max_length=26, description="Instead: every picture of this board.")] = None,
) -> StreamingResponse:
    """Some pictures, or those of a board, as one zip of PNG files with their recipes. It holds 1,000 pictures at
    most."""
    with services.database.reading() as session:
        if board is not None and id is None:
            name = boards.get(session, principal.team_id, board).id
            found = queries.page(session, principal.team_id, Sought(board=board), after=None, limit=ZIP_MAX + 1)
        elif id and board is None:
            name = "pictures"
            found = queries.by_ids(session, principal.team_id, id)
        else:
            raise InvalidInput("The zip needs pictures or a board. Name pictures by `id`, or one `board`.", field="id")
        pictures = [(image, generation) for image, generation in found]
    if len(pictures) > ZIP_MAX:
        raise InvalidInput(
            f"The board has more than {ZIP_MAX} pictures. Select some of them: a zip holds {ZIP_MAX}.", field="board"
        )
    if id and len(pictures) < len(set(id)):
        raise NotFound("Some of these pictures cannot be found. They may have been deleted. Select anew.")
    keys = [image.key for image, _ in pictures]
    files = zip(file_names(pictures), map(services.storage.get, keys), strict=True)
    return file_responses.zip_file(zipped(files), f"oneword-{name}.zip")


@router.post("/images/delete")
def delete_images(body: ImageSelection, principal: MayDraw, session: UnitOfWork, services: ServicesOf) -> DeletedImages:
    """Put pictures into the bin: all of them, or none if one is somebody else's. The person who asked for a picture
    may, and administrators. A generation that has no other picture goes with them."""
    return DeletedImages(item_ids=drawings.delete_images(session, services, principal, body.ids))


@router.get("/boards")
def list_boards(
    principal: Viewer, session: Reading, cursor: Cursor = None, limit: Annotated[int, Query(ge=1, le=100)] = 50
) -> BoardPage:
    """The team's boards, newest first."""
    return views.boards(session, principal, cursor=cursor, limit=limit)


@router.post("/boards", status_code=status.HTTP_201_CREATED)
def create_board(body: BoardIn, principal: MayDraw, session: UnitOfWork) -> BoardOut:
    """Make a board: a named collection of pictures that the whole team sees."""
    return views.describe_board(session, principal, boards.create(session, principal, body.name))


@router.get("/boards/{board_id}")
def get_board(board_id: str, principal: Viewer, session: Reading) -> BoardOut:
    """One board. Its pictures are those of `GET /api/images?board=…`."""
    return views.describe_board(session, principal, boards.get(session, principal.team_id, board_id))


@router.patch("/boards/{board_id}")
def change_board(
    board_id: str, body: BoardIn, principal: MayDraw, session: UnitOfWork, if_match: IfMatch = None
) -> BoardOut:
    """Rename a board. The person who made it may, and administrators."""
    board = boards.get_to_change(session, principal, board_id)
    must_match(session, if_match, board, lambda: views.describe_board(session, principal, board))
    boards.rename(session, principal, board, body.name)
    return views.describe_board(session, principal, board)


@router.patch("/boards/{board_id}/images")
def change_board_images(board_id: str, body: BoardChange, principal: MayDraw, session: UnitOfWork) -> BoardOut:
    """Put pictures on a board and take others off it. Everybody who draws may. A picture may be on several boards."""
    board = boards.get(session, principal.team_id, board_id)
    boards.change_pictures(session, principal, board, body.add, body.remove)
    return views.describe_board(session, principal, board)


@router.delete("/boards/{board_id}", status_code=status.HTTP_204_NO_CONTENT)
def delete_board(
    board_id: str, principal: MayDraw, session: UnitOfWork, services: ServicesOf, if_match: IfMatch = None
) -> None:
    """Put a board into the bin; its pictures stay where they are. The person who made it may, and administrators. It
    can be restored for `ONEWORD_BIN_DAYS`."""
    board = boards.get_to_change(session, principal, board_id)
    must_match(session, if_match, board, lambda: views.describe_board(session, principal, board))
    drawings.delete_board(session, services, principal, board)
