"""The endpoints of the library as a whole: reading it, and many concepts at once (all of them, or none)."""

from collections.abc import Iterator, Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from app.audit import service as audit
from app.bin import service as bin_service
from app.concepts import service
from app.concepts.schemas import Kind
from app.embeddings.exporting import service as exporting
from app.library import views
from app.library.order import CURSOR, Sort
from app.library.schemas import (
    AT_ONCE_MAX,
    ChangedConcepts,
    ConceptId,
    ConceptPage,
    ConceptSelection,
    TagChange,
    TagList,
)
from app.services import Services
from app.web import file_responses
from app.web.bounded_bodies import BoundedRoute
from app.web.dependencies import Reading, ServicesOf, UnitOfWork, must_be_ours
from app.web.head_requests import HEAD
from app.web.sign_in import MayTeach, Viewer
from app.web.streamed_zip import zipped

router = APIRouter(prefix="/api", tags=["concepts"], route_class=BoundedRoute)

LibraryCursor = Annotated[
    Annotated[str, must_be_ours(CURSOR)] | None, Query(description="The `next` of the page before, in the same order.")
]


@router.get("/concepts")
def list_concepts(
    principal: Viewer,
    session: Reading,
    query: Annotated[
        str | None, Query(max_length=200, description="Only concepts with words that begin like these.")
    ] = None,
    tag: Annotated[
        list[str] | None, Query(max_length=10, description="Only concepts with this tag; sent twice, with both.")
    ] = None,
    kind: Kind | None = None,
    base_model: str | None = None,
    owner: str | None = None,
    sort: Annotated[
        Sort, Query(description="`used`: the last drawn first; `score`: the best first, those without one last.")
    ] = "newest",
    cursor: LibraryCursor = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> ConceptPage:
    """The team's library, newest first if `sort` says nothing else."""
    filters = {"query": query, "tags": tag or (), "kind": kind, "base_model": base_model, "owner": owner}
    return views.page(session, principal, sort=sort, cursor=cursor, limit=limit, **filters)


@router.get("/tags")
def list_tags(principal: Viewer, session: Reading) -> TagList:
    """The tags of the team's library with the number of their concepts, the most used first."""
    return TagList(items=views.tags(session, principal.team_id))


@router.post("/concepts/tags")
def change_concept_tags(body: TagChange, principal: MayTeach, session: UnitOfWork) -> ChangedConcepts:
    """Put tags on concepts and take others off: on all of them, or on none if one is somebody else's. Upper and lower
    case are the same tag."""
    found = service.get_all_to_change(session, principal, body.ids)
    service.change_tags(session, principal, found, body.add, body.remove)
    return ChangedConcepts(ids=[concept.id for concept in found])


@router.post("/concepts/delete")
def delete_concepts(
    body: ConceptSelection, principal: MayTeach, session: UnitOfWork, services: ServicesOf
) -> ChangedConcepts:
    """Put concepts into the bin and cancel their jobs: all of them, or none if one is somebody else's. They can be
    restored for `ONEWORD_BIN_DAYS`."""
    return ChangedConcepts(ids=bin_service.delete_concepts(session, services, principal, body.ids))


@router.get("/concepts.zip", response_class=file_responses.Zip)
def download_concepts(
    request: Request,
    principal: Viewer,
    services: ServicesOf,
    id: Annotated[
        list[ConceptId],
        Query(min_length=1, max_length=AT_ONCE_MAX, description="Id of a concept; it may be sent many times."),
    ],
    format: Annotated[
        str, Query(description="The tool that the files are for.", json_schema_extra={"enum": exporting.NAMES})
    ] = "oneword",
) -> StreamingResponse:
    """The current embeddings of some concepts as one zip, in the format of the chosen tool."""
    numbers: dict[str, int] = {}
    with services.database.reading() as session:
        found = service.get_all(session, principal.team_id, id)
        for concept in found:
            version = service.finished_version(session, concept, None)
            exporting.check_format(concept, version, format)
            numbers[concept.id] = version.number
    if HEAD not in request.scope:
        for concept in found:
            number = numbers[concept.id]
            audit.record_download(
                services.database, principal, concept.id, concept.placeholder, format=format, version=number
            )
    return file_responses.zip_file(zipped(_files(services, principal.team_id, numbers, format)), "oneword-words.zip")


def _files(services: Services, team_id: str, numbers: Mapping[str, int], format_: str) -> Iterator[tuple[str, bytes]]:
    """The names and contents of these versions' files, given as concept id and number."""
    for concept_id, number in numbers.items():
        with services.database.reading() as session:
            concept = service.get(session, team_id, concept_id)
            version = service.finished_version(session, concept, number)
            file = exporting.export(session, services.storage, concept, version, format_)
            bare = concept.placeholder.strip("<>")
        yield (file.name if bare in file.name else f"{bare}/{file.name}"), file.content
