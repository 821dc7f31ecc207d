"""Puts the web service together: routers, guards, error shapes, the page, and what lives as long as the process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, HTMLResponse
from sqlalchemy.exc import IntegrityError
from starlette.exceptions import HTTPException

from app import health
from app.accounts import routes as accounts
from app.base_models import routes as base_models
from app.base_models.catalog import Catalog
from app.concepts import routes as concepts
from app.db import Database
from app.dependencies import Services
from app.errors import Conflict, OnewordError
from app.generation import routes as generation
from app.guards import Guards, problem_response
from app.jobs import routes as jobs
from app.jobs.stream import EventFeed
from app.pictures import PictureCleaner
from app.settings import REPOSITORY, Settings
from app.storage import open_storage
from app.teams import routes as teams

log = structlog.get_logger(__name__)

PAGE: Final = REPOSITORY / "frontend" / "dist"
_NO_PAGE: Final = (
    "<!doctype html><title>Oneword</title><h1>Oneword is running, but its page is not built</h1>"
    "<p>Run <code>make install</code> where the studio runs, then load this again. "
    "The interface for scripts works already: <a href='/openapi.json'>/openapi.json</a>.</p>"
)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The web service for these settings."""
    settings = settings or Settings()
    app = FastAPI(
        title="Oneword",
        version="0.1.0",
        description="Teach a frozen text-to-image model one new word from a few pictures, and draw with it.",
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        responses={"4XX": {"description": "A problem (RFC 9457).", "content": {"application/problem+json": {}}}},
    )
    database = Database(settings.resolved_database_url)
    app.state.services = Services(
        settings=settings,
        database=database,
        storage=open_storage(settings.resolved_storage_url),
        catalog=Catalog(settings),
        pictures=PictureCleaner(settings.upload_bytes_max),
        feed=EventFeed(database),
    )
    for room in (accounts, teams, base_models, concepts, generation, jobs, health):
        app.include_router(room.router)
    app.add_exception_handler(OnewordError, _domain_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(IntegrityError, _collision)
    app.add_exception_handler(Exception, _unexpected)
    app.add_middleware(Guards, settings=settings)
    app.add_api_route("/{path:path}", _page, methods=["GET"], include_in_schema=False, response_model=None)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    feed = asyncio.create_task(services.feed.run())
    services.pictures.warm()
    try:
        yield
    finally:
        feed.cancel()
        with suppress(asyncio.CancelledError):
            await feed
        services.pictures.close()
        services.database.dispose()


def _page(path: str) -> Response:
    """The page; every address of its own is answered by the same file."""
    if path.split("/")[0] in ("api", "v1"):
        raise HTTPException(404)
    index = PAGE / "index.html"
    if not index.is_file():
        return HTMLResponse(_NO_PAGE, status_code=503)
    wanted = (PAGE / path).resolve()
    if path and wanted.is_file() and wanted.is_relative_to(PAGE.resolve()):
        return FileResponse(wanted, headers=_caching(wanted))
    return FileResponse(index, headers={"Cache-Control": "no-cache"})


def _caching(file: Path) -> dict[str, str]:
    named_by_content = file.parent.name == "assets"
    return {"Cache-Control": "public, max-age=31536000, immutable" if named_by_content else "no-cache"}


def _domain_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, OnewordError)
    headers = {"Retry-After": "60"} if error.status in (429, 503) else {}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return problem_response(error, headers)


def _validation_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first: dict[str, Any] = dict(error.errors()[0])
    place = [str(part) for part in first["loc"] if part not in ("body", "query", "path", "header")]
    field = ".".join(place) or None
    detail = f"{field or 'The request'}: {str(first['msg']).rstrip('.')}."
    return problem_response(_WithStatus(422, "invalid-input", "That value cannot be used", detail, field))


def _http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code, title, detail = _HTTP.get(
        error.status_code, ("request", "That request cannot be answered", f"{error.detail}. Check what was sent.")
    )
    return problem_response(_WithStatus(error.status_code, code, title, detail), dict(error.headers or {}))


def _collision(_: Request, error: Exception) -> Response:
    log.warning("two writers at once", error=str(error))
    return problem_response(
        Conflict("Somebody did the same thing at the same moment. Look at what is there now, then try again.")
    )


def _unexpected(_: Request, error: Exception) -> Response:
    log.error("unexpected error", exc_info=error)
    return problem_response(OnewordError("The studio met an error that it does not know. Its log has the details."))


class _WithStatus(OnewordError):
    """An error of the framework's, in our shape."""

    def __init__(self, status: int, code: str, title: str, detail: str, field: str | None = None) -> None:
        super().__init__(detail, field=field, code=code)
        self._shape = {"title": title, "status": status}

    def problem(self) -> dict[str, Any]:
        """The body of application/problem+json."""
        return super().problem() | self._shape


_HTTP: Final = {
    404: ("not-found", "Not found", "There is nothing at this address. /openapi.json lists every address there is."),
    405: ("method", "Not possible here", "This address does not take that method. /openapi.json lists what it takes."),
}
