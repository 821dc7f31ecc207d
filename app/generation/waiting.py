"""Waits for the end of a job without holding a database connection."""

import asyncio
from contextlib import aclosing

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
