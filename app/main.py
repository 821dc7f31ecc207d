"""Assembles the web service: routers, guards, error responses, the page, and the long-lived objects."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from fastapi import FastAPI, Response
from fastapi.responses import FileResponse, HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

import app.rooms  # noqa: F401 (every table, and every hook on jobs)
from app.accounts import routes as accounts
from app.accounts.signed_addresses import SignedAddresses
from app.audit import routes as audit
from app.base_models import routes as base_models
from app.base_models.catalog import Catalog
from app.bin import routes as bin_routes
from app.compat.automatic1111 import errors as automatic1111_errors
from app.compat.automatic1111 import routes as automatic1111
from app.compat.mcp import errors as agents_errors
from app.compat.mcp import routes as agents
from app.compat.mcp.serving import serving as serving_agents
from app.compat.openai import errors as openai_errors
from app.compat.openai import routes as compat
from app.compat.openai.schemas import ImagesEvent
from app.concepts import routes as concepts
from app.core.database import Database
from app.core.settings import REPOSITORY, Settings
from app.core.storage import open_storage
from app.embeddings import routes as embeddings
from app.gallery import routes as gallery
from app.generation import routes as generation
from app.generation.schemas import GenerationForm
from app.grids import routes as grids
from app.jobs import routes as jobs
from app.jobs.schemas import JobEvent
from app.jobs.stream import EventFeed, Viewers
from app.library import routes as library
from app.ops import health, metrics
from app.ops.metrics import RequestMetrics, Timing
from app.pictures.cleaning import PictureCleaner
from app.pictures.masks import mask_maker
from app.presets import routes as presets
from app.reports import routes as reports
from app.retention import routes as retention
from app.services import Services
from app.teams import routes as teams
from app.training import routes as training
from app.uploads import routes as uploads
from app.usage import routes as usage
from app.web import addresses
from app.web.addresses import Addresses
from app.web.admission import Admission
from app.web.endpoints import Endpoints
from app.web.etags import Conditional
from app.web.failures import Failures
from app.web.guards import Guards
from app.web.head_requests import HeadRequests
from app.web.openapi import describe_well, document_of, operation_id
from app.web.picture_answers import Encoders
from app.web.problems import answer_with_problems
from app.web.rate_limits import Rates
from app.web.request_id import Tracing
from app.web.rewritten_problems import Rewriter, RewrittenProblems
from app.web.security_headers import SecurityHeaders
from app.web.session_cookie import SessionRenewal
from app.web.strict_requests import Strict
from app.web.uploads import Uploads
from app.webhooks import routes as webhooks
from app.webhooks.schemas import MESSAGES

PAGE: Final = REPOSITORY / "frontend" / "dist"
_NO_PAGE: Final = (
    "<!doctype html><title>Oneword</title><h1>Oneword is running, but its page is not built</h1>"
    "<p>Run <code>make install</code> where the studio runs, then reload this page. "
    "The REST API works already: <a href='/openapi.json'>/openapi.json</a>.</p>"
)

# Who answers errors in a form of their own, by the first part of the path.
_REWRITERS: Final[dict[str, Rewriter]] = {
    "v1": openai_errors.rewritten,
    "sdapi": automatic1111_errors.rewritten,
    "mcp": agents_errors.rewritten,
}


def create_app(settings: Settings | None = None) -> FastAPI:
    """The web service for these settings."""
    settings = settings or Settings()
    app = FastAPI(
        title="Oneword",
        version="0.1.0",
        description="Teach a frozen text-to-image model one new word from a few pictures, and draw with it.",
        lifespan=_lifespan,
        openapi_url=None,  # app.web.openapi serves it
        dependencies=[Strict],
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=operation_id,
        responses={"default": {"description": "A problem."}},  # its shape is in app.web.openapi
    )
    database = Database(settings.resolved_database_url)
    app.state.services = Services(
        settings=settings,
        database=database,
        storage=open_storage(settings.resolved_storage_url),
        catalog=Catalog(settings),
        pictures=PictureCleaner(settings.upload_bytes_max),
        masks=mask_maker(settings.upload_bytes_max),
        feed=EventFeed(database),
        viewers=Viewers(settings.streams_max),
        signed_addresses=SignedAddresses(database, settings.url),
    )
    app.state.encoders = Encoders()
    for room in (
        accounts,
        teams,
        base_models,
        concepts,
        library,
        embeddings,
        training,
        reports,
        generation,
        gallery,
        grids,
        presets,
        uploads,
        jobs,
        compat,
        automatic1111,
        agents,
        usage,
        webhooks,
        retention,
        bin_routes,
        audit,
        health,
        metrics,
    ):
        app.include_router(room.router)
    answer_with_problems(app)
    describe_well(app, unnamed=[GenerationForm, JobEvent, ImagesEvent], messages=MESSAGES)
    # From the inside out: a request passes the last of these first.
    app.add_middleware(Conditional)
    app.add_middleware(SessionRenewal, settings=settings)
    app.add_middleware(Uploads, body_bytes_max=settings.body_bytes_max)
    app.add_middleware(Rates, per_minute=settings.changes_per_minute)
    app.add_middleware(Admission, services=app.state.services, endpoints=Endpoints(app))
    app.add_middleware(Addresses, routes=app.routes)
    app.add_middleware(Guards, settings=settings)
    app.add_middleware(Failures)
    app.add_middleware(Timing, metrics=RequestMetrics(app.state.services.registry))
    app.add_middleware(RewrittenProblems, rewriters=_REWRITERS)
    app.add_middleware(HeadRequests)
    app.add_middleware(SecurityHeaders, settings=settings)
    app.add_middleware(Tracing)
    app.add_api_route("/docs", _docs, methods=["GET"], include_in_schema=False, response_model=None)
    app.add_api_route(addresses.PAGE, _page, methods=["GET"], include_in_schema=False, response_model=None)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    feed = asyncio.create_task(services.feed.run())
    services.pictures.warm()
    await run_in_threadpool(document_of, app)
    try:
        async with serving_agents(app):
            yield
    finally:
        feed.cancel()
        with suppress(asyncio.CancelledError):
            await feed
        services.pictures.close()
        services.masks.close()
        services.database.dispose()


def _page(path: str) -> Response:
    """Serve the page. Every address that the page routes itself gets the same file; a missing file is a 404."""
    file = _file_of_page(path)
    if file is not None:
        return FileResponse(file, headers=_caching(file))
    if "." in path.rpartition("/")[2] or path.startswith("assets/"):
        raise HTTPException(404)  # a file, and no view
    return _built("index.html")


def _docs() -> Response:
    """Serve the page that shows the OpenAPI schema."""
    return _built("docs.html")


def _built(name: str) -> Response:
    file = PAGE / name
    if not file.is_file():
        return HTMLResponse(_NO_PAGE, status_code=503)
    return FileResponse(file, headers={"Cache-Control": "no-cache"})


def _file_of_page(path: str) -> Path | None:
    try:
        file = (PAGE / path).resolve()
        return file if path and file.is_file() and file.is_relative_to(PAGE.resolve()) else None
    except OSError:  # a name that the file system does not take, such as one of 300 letters
        return None


def _caching(file: Path) -> dict[str, str]:
    named_by_content = file.parent.name == "assets"
    return {"Cache-Control": "public, max-age=31536000, immutable" if named_by_content else "no-cache"}
