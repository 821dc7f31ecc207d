"""One call of a tool: who calls, with which rights, and how the caller hears of progress."""

import asyncio
import json
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any, Final

from anyio import CancelScope
from mcp.server.context import ServerRequestContext
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.jobs.queries import StoredEvent
from app.services import Services
from app.web.waiting import cancel_unless_ended, require_right

PATIENT_SECONDS: Final = 240.0  # for a client that asked for progress: most of them count from the last notification
USUAL_SECONDS: Final = 50.0  # for others: many give up after 60 s


def request_of(context: ServerRequestContext[Any, Any]) -> Request:
    """The HTTP request that brought a message."""
    assert isinstance(context.request, Request)
    return context.request


@dataclass(frozen=True)
class Call:
    """A call that is being answered."""

    services: Services
    principal: Principal
    request: Request
    context: ServerRequestContext[Any, Any]

    def seconds(self, asked: float | None) -> float:
        """How long this call waits for a job."""
        if asked is not None:
            return asked
        return PATIENT_SECONDS if (self.context.meta or {}).get("progress_token") is not None else USUAL_SECONDS

    async def follow(self, job_id: str, seconds: float, any_of: tuple[Scope, ...]) -> None:
        """Tell the caller of a job's progress until it has ended, or for `seconds`.

        Raises NotSignedIn if the token or session has ended meanwhile or its person has left the team, within 5 s of
        that.
        """
        if seconds == 0:
            return
        services, principal = self.services, self.principal
        services.viewers.must_have_room(principal.user_id)
        progress = _Progress(self.context)
        await progress.begin()
        watching = services.feed.watch(job_id, 0, principal.credential_id, any_of)
        with services.viewers.watching(principal.user_id), suppress(TimeoutError):
            async with asyncio.timeout(seconds), aclosing(watching) as chunks:
                async for chunk in chunks:
                    for event in chunk.events:
                        await progress.tell(event)
        await require_right(services, principal, any_of)

    async def cancel_if_nobody_waits(self, job_id: str) -> None:
        """Cancel a job whose caller has closed the connection. A studio that stops leaves the job in the queue."""
        if getattr(self.request.state, "hung_up", False):
            with CancelScope(shield=True):
                await run_in_threadpool(cancel_unless_ended, self.services, self.principal, job_id)


class _Progress:
    """What a caller is told while it waits. The numbers only rise, also when a job begins again."""

    def __init__(self, context: ServerRequestContext[Any, Any]) -> None:
        self._session = context.session
        self._step = 0.0

    async def begin(self) -> None:
        await self._session.report_progress(0, None, "Waiting for a worker.")

    async def tell(self, event: StoredEvent) -> None:
        if event.type != "progress":
            return
        data = json.loads(event.data)
        step, most = data.get("step"), data.get("steps_max")
        if step is None or step <= self._step:
            return
        self._step = step
        message = "Drawing the report." if data.get("stage") == "report" else f"Step {step} of {most}."
        await self._session.report_progress(step, most, message)
