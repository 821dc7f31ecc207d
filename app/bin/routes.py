"""The endpoints of the bin."""

from typing import Annotated

from fastapi import APIRouter, Query, status

from app.bin import service, views
from app.bin.schemas import BinPage, ItemSelection, Restoration, Restored, RestoredItems
from app.web.bounded_bodies import BoundedRoute
from app.web.dependencies import Reading, ServicesOf, UnitOfWork, must_be_ours
from app.web.sign_in import Admin, MayDrawOrTeach, Viewer

router = APIRouter(prefix="/api/bin", tags=["bin"], route_class=BoundedRoute)

BinCursor = Annotated[
    Annotated[str, must_be_ours(views.CURSOR)] | None, Query(description="The `next` of the page before.")
]


@router.get("")
def list_bin(
    principal: Viewer,
    session: Reading,
    services: ServicesOf,
    cursor: BinCursor = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> BinPage:
    """The team's deleted concepts, generations, pictures and boards that can still be restored, last deleted first."""
    return views.page(session, principal, services.settings, cursor=cursor, limit=limit)


@router.post("/restore")
def restore_items(
    body: ItemSelection, principal: MayDrawOrTeach, session: UnitOfWork, services: ServicesOf
) -> RestoredItems:
    """Restore several things: all of them, or none if one cannot be restored. It undoes a deletion of many at once."""
    restored = service.restore_all(session, services.catalog, principal, body.ids)
    return RestoredItems(items=[views.describe_restored(each) for each in restored])


@router.post("/{item_id}/restore")
def restore_item(
    item_id: str, principal: MayDrawOrTeach, session: UnitOfWork, services: ServicesOf, body: Restoration | None = None
) -> Restored:
    """Restore a concept with its versions, a generation with its pictures, a picture, or a board. The person who made
    it may, and administrators. If a concept's placeholder is taken meanwhile, the problem suggests a free one."""
    placeholder = None if body is None else body.placeholder
    return views.describe_restored(service.restore(session, services.catalog, principal, item_id, placeholder))


@router.delete("/{item_id}", status_code=status.HTTP_204_NO_CONTENT)
def remove_item(item_id: str, principal: MayDrawOrTeach, session: UnitOfWork, services: ServicesOf) -> None:
    """Remove a thing in the bin for good. The person who made it may, and administrators."""
    service.remove(session, services, principal, item_id)


@router.delete("", status_code=status.HTTP_204_NO_CONTENT)
def empty_bin(principal: Admin, services: ServicesOf) -> None:
    """Remove everything in the team's bin for good."""
    service.empty(services, principal)
