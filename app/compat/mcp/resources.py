"""Concepts and drawn pictures as resources, which a client may attach to a conversation."""

import base64
from typing import Any, Final

from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    BlobResourceContents,
    ListResourcesResult,
    ListResourceTemplatesResult,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    ReadResourceResult,
    Resource,
    ResourceTemplate,
    TextResourceContents,
)
from starlette.concurrency import run_in_threadpool

from app.accounts.principal import Principal
from app.compat.mcp.call import request_of
from app.compat.mcp.results import CONCEPT_URI, IMAGE_URI, brief_concept
from app.concepts import service as concepts
from app.concepts import views
from app.core.errors import OnewordError
from app.generation import service as generation
from app.library import views as library
from app.services import Services
from app.web.sign_in import Requirement

READ: Final = Requirement("viewer", ("read",))
_PAGE: Final = 50


async def listed(context: ServerRequestContext[Any, Any], params: PaginatedRequestParams | None) -> ListResourcesResult:
    """The concepts of the library, newest first."""
    services, principal = _caller(context)

    def page() -> ListResourcesResult:
        with services.database.reading() as session:
            cursor = params.cursor if params else None
            found = library.page(session, principal, sort="newest", cursor=cursor, limit=_PAGE)
        every = [
            Resource(
                name=each.placeholder,
                title=each.name,
                uri=f"{CONCEPT_URI}{each.id}",
                description=each.description or None,
                mime_type="application/json",
            )
            for each in found.items
        ]
        return ListResourcesResult(resources=every, next_cursor=found.next)

    return await run_in_threadpool(page)


async def templates(
    _: ServerRequestContext[Any, Any], __: PaginatedRequestParams | None
) -> ListResourceTemplatesResult:
    """What the addresses of resources look like."""
    return ListResourceTemplatesResult(
        resource_templates=[
            ResourceTemplate(
                name="concept",
                uri_template=f"{CONCEPT_URI}{{concept_id}}",
                description="A concept of the library.",
                mime_type="application/json",
            ),
            ResourceTemplate(
                name="picture",
                uri_template=f"{IMAGE_URI}{{image_id}}",
                description="A drawn picture in full, with its recipe in the metadata.",
                mime_type="image/png",
            ),
        ]
    )


async def read(context: ServerRequestContext[Any, Any], params: ReadResourceRequestParams) -> ReadResourceResult:
    """One concept or one picture. An error of the protocol says why there is none."""
    services, principal = _caller(context)
    uri = str(params.uri)
    try:
        content = await run_in_threadpool(_content, services, principal, uri)
    except OnewordError as error:
        raise MCPError(INVALID_PARAMS, error.detail, {"uri": uri}) from None
    return ReadResourceResult(contents=[content])


def _content(services: Services, principal: Principal, uri: str) -> TextResourceContents | BlobResourceContents:
    with services.database.reading() as session:
        if uri.startswith(CONCEPT_URI):
            concept = concepts.get(session, principal.team_id, uri.removeprefix(CONCEPT_URI))
            text = brief_concept(views.describe(session, principal, concept)).model_dump_json()
            return TextResourceContents(uri=uri, text=text, mime_type="application/json")
        image = generation.image(session, principal.team_id, uri.removeprefix(IMAGE_URI))
    blob = base64.b64encode(services.storage.get(image.key)).decode()
    return BlobResourceContents(uri=uri, blob=blob, mime_type="image/png")


def _caller(context: ServerRequestContext[Any, Any]) -> tuple[Services, Principal]:
    """Who asks. Raises an error of the protocol for a token that may not read."""
    request = request_of(context)
    principal: Principal = request.state.principal
    try:
        READ(principal)
    except OnewordError as error:
        raise MCPError(INVALID_PARAMS, error.detail) from None
    services: Services = request.app.state.services
    return services, principal
