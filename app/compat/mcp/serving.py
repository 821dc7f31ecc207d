"""The session manager of the `mcp` package, made with the first request: importing the package takes a second, and most
processes that import the application never serve an agent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from fastapi import FastAPI

from app.web.bounded_bodies import JSON_BYTES_MAX

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager


class AgentSessions:
    """Runs the session manager from its first use on, in a task of its own: what it starts ends with that task."""

    def __init__(self, version: str) -> None:
        self._version = version
        self._wanted = asyncio.Event()
        self._manager: asyncio.Future[StreamableHTTPSessionManager] = asyncio.get_running_loop().create_future()

    async def manager(self) -> "StreamableHTTPSessionManager":
        """The manager, once it runs. Raises what kept it from running."""
        self._wanted.set()
        return await asyncio.shield(self._manager)

    async def run(self) -> None:
        """Run it until this task is cancelled."""
        await self._wanted.wait()
        try:
            manager = await asyncio.to_thread(_made, self._version)
        except Exception as error:
            self._manager.set_exception(error)
            return
        async with manager.run():
            self._manager.set_result(manager)
            await asyncio.Event().wait()


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[None]:
    """Answer `POST /mcp` until the end of the block."""
    app.state.agents = AgentSessions(app.version)
    running = asyncio.create_task(app.state.agents.run())
    try:
        yield
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


def _made(version: str) -> "StreamableHTTPSessionManager":
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    from app.compat.mcp.server import mcp_server

    return StreamableHTTPSessionManager(mcp_server(version), stateless=True, max_request_body_size=JSON_BYTES_MAX)
