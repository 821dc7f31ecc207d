"""Waits for the end of a job without holding a database connection."""

import asyncio
from contextlib import aclosing

from starlette.requests import Request

from app.pictures.fair_turns import SENDER
from app.services import Services


async def end_of(services: Services, job_id: str, seconds: float) -> None:
    """Return when the job has ended, or after `seconds`."""
    SENDER.get().decoded()  # the pictures of the request; other uploads of the team need not wait for the drawing
    try:
        async with asyncio.timeout(seconds), aclosing(services.feed.watch(job_id, 0)) as events:  # type: ignore[type-var]
            async for _ in events:
                pass
    except TimeoutError:
        return


async def client_stayed(services: Services, job_id: str, seconds: float, request: Request) -> bool:
    """Wait like `end_of`, and no longer than the client does. Returns False if the client closed its connection.

    The request's body has to be read before.
    """
    ended = asyncio.create_task(end_of(services, job_id, seconds))
    left = asyncio.create_task(_disconnected(request))
    try:
        await asyncio.wait((ended, left), return_when=asyncio.FIRST_COMPLETED)
        return ended.done()
    finally:
        for task in (ended, left):
            task.cancel()
        await asyncio.gather(ended, left, return_exceptions=True)


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
