"""The endpoints to keep drawings and to delete training pictures."""

from fastapi import APIRouter, status

from app.audit import service as audit
from app.concepts import service as concepts
from app.retention import service
from app.web.dependencies import ServicesOf, UnitOfWork
from app.web.sign_in import MayDraw, MayTeach

router = APIRouter(prefix="/api", tags=["retention"])


@router.put("/images/{image_id}/kept", status_code=status.HTTP_204_NO_CONTENT)
def keep_image(image_id: str, principal: MayDraw, session: UnitOfWork) -> None:
    """Keep a drawn picture when old ones are removed (`ONEWORD_DRAWINGS_DAYS`)."""
    service.keep(session, principal, image_id)


@router.delete("/images/{image_id}/kept", status_code=status.HTTP_204_NO_CONTENT)
def let_image_go(image_id: str, principal: MayDraw, session: UnitOfWork) -> None:
    """Stop keeping a drawn picture: it is removed with the old ones. The person who asked for the drawing may, and
    administrators."""
    service.let_go(session, principal, image_id)


@router.delete("/concepts/{concept_id}/pictures", status_code=status.HTTP_204_NO_CONTENT)
def forget_pictures(concept_id: str, principal: MayTeach, session: UnitOfWork, services: ServicesOf) -> None:
    """Delete the training pictures of every version of a concept. The concept still draws, and can be trained again on
    new pictures. Its owner may, and administrators. Deleted pictures do not go to the bin."""
    concept = concepts.get_to_change(session, principal, concept_id)
    count = service.forget_pictures(session, services.storage, concept)
    audit.record(session, principal, "concept.pictures-deleted", concept.id, concept.placeholder, pictures=count)
