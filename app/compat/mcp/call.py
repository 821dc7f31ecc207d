"""One call of a tool: who calls, with which rights, and how the caller hears of progress."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any, Final

import structlog
from anyio import CancelScope
from mcp.server.context import ServerRequestContext
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from app.accounts.principal import Principal, scopes_now
from app.accounts.scopes import Scope
from app.core.errors import Conflict, NotSignedIn
from app.jobs import service as jobs
from app.pictures.fair_turns import SENDER
from app.services import Services

log = structlog.get_logger(__name__)

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
        SENDER.get().decoded()  # other uploads of the team need not wait for this job
        if seconds == 0:
            return
        services, credential_id, user_id = self.services, self.principal.credential_id, self.principal.user_id
        services.viewers.must_have_room(user_id)
        progress = _Progress(self.context)
        await progress.begin()
        watching = services.feed.watch(job_id, 0, credential_id, any_of)
        with services.viewers.watching(user_id), suppress(TimeoutError):
            async with asyncio.timeout(seconds), aclosing(watching) as chunks:  # type: ignore[type-var]
                async for chunk in chunks:
                    for kind, data in _events(chunk):
                        await progress.tell(kind, data)
        scopes = await run_in_threadpool(scopes_now, services.database, [credential_id])
        if not set(scopes.get(credential_id, ())) & set(any_of):
            raise NotSignedIn(
                "Your token or session ended while this call waited, or you are no longer in the team. The job goes "
                "on. Connect again with another token."
            )

    async def cancel_if_nobody_waits(self, job_id: str) -> None:
        """Cancel a job whose caller has closed the connection. A studio that stops leaves the job in the queue."""
        if getattr(self.request.state, "hung_up", False):
            with CancelScope(shield=True):
                await run_in_threadpool(self._cancel, job_id)

    def _cancel(self, job_id: str) -> None:
        with suppress(Conflict), self.services.database.transaction() as session:
            jobs.cancel(session, self.principal, job_id, keep=False)
            log.info("cancelled: the agent ended its call", job=job_id)


class _Progress:
    """What a caller is told while it waits. The numbers only rise, also when a job begins again."""

    def __init__(self, context: ServerRequestContext[Any, Any]) -> None:
        self._session = context.session
        self._step = 0.0

    async def begin(self) -> None:
        await self._session.report_progress(0, None, "Waiting for a worker.")

    async def tell(self, kind: str, data: dict[str, Any]) -> None:
        step, most = data.get("step"), data.get("steps_max")
        if kind != "progress" or step is None or step <= self._step:
            return
        self._step = step
        message = "Drawing the report." if data.get("stage") == "report" else f"Step {step} of {most}."
        await self._session.report_progress(step, most, message)


def _events(chunk: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    """The events of a part of a job's stream: their types and data."""
    for block in chunk.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "data" in fields:
            yield fields["event"], json.loads(fields["data"])
