"""Waits for the end of a job without holding a database connection, while the one who waits keeps the right to it."""

import asyncio
from contextlib import aclosing
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from app.accounts.principal import Principal, scopes_now
from app.accounts.scopes import Scope
from app.core.errors import NotSignedIn
from app.pictures.fair_turns import SENDER
from app.services import Services

ANY_OF: Final[tuple[Scope, ...]] = ("draw", "read")  # of these scopes the one who waits keeps at least one


async def end_of(
    services: Services, principal: Principal, job_id: str, seconds: float, any_of: tuple[Scope, ...] = ANY_OF
) -> None:
    """Return when the job has ended, or after `seconds`. The principal keeps at least one of the scopes `any_of`.

    Raises NotSignedIn if the token or session has ended meanwhile or its person has left the team, within 5 s of that.
    """
    SENDER.get().decoded()  # the pictures of the request; other uploads of the team need not wait for the drawing
    watching = services.feed.watch(job_id, 0, principal.credential_id, any_of)
    try:
        async with asyncio.timeout(seconds), aclosing(watching) as events:  # type: ignore[type-var]
            async for _ in events:
                pass
    except TimeoutError:
        pass
    await require_right(services, principal, any_of)


async def require_right(services: Services, principal: Principal, any_of: tuple[Scope, ...] = ANY_OF) -> None:
    """Raise NotSignedIn if the token or session has lost all of these scopes, or its person has left the team."""
    scopes = await run_in_threadpool(scopes_now, services.database, [principal.credential_id])
    if not set(scopes.get(principal.credential_id, ())) & set(any_of):
        raise NotSignedIn(
            "Your token or session ended while this request waited, or you are no longer in the team. The job goes "
            "on. Sign in again, or send another token."
        )


async def client_stayed(
    services: Services, principal: Principal, job_id: str, seconds: float, request: Request
) -> bool:
    """Wait like `end_of`, and no longer than the client does. Returns False if the client closed its connection.

    The request's body has to be read before.
    """
    ended = asyncio.create_task(end_of(services, principal, job_id, seconds))
    left = asyncio.create_task(_disconnected(request))
    try:
        await asyncio.wait((ended, left), return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            ended.result()  # raises what it raised
        return ended.done()
    finally:
        for task in (ended, left):
            task.cancel()
        await asyncio.gather(ended, left, return_exceptions=True)


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
