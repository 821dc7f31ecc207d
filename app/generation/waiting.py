"""Holds a request until what it asked for is done, without holding a database connection."""

import asyncio
from contextlib import aclosing

from app.web.dependencies import Services


async def end_of(services: Services, job_id: str, seconds: float) -> None:
    """Return when the job has ended, or after so many seconds."""
    try:
        async with asyncio.timeout(seconds), aclosing(services.feed.watch(job_id, 0)) as events:  # type: ignore[type-var]
            async for _ in events:
                pass
    except TimeoutError:
        return
