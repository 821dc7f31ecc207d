"""The SDK's own client of the Model Context Protocol, connected to a studio that a test serves."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeVar

import httpx2
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, ImageContent, TextContent

Result = TypeVar("Result")


@asynccontextmanager
async def agent(port: int, token: str, mode: str = "auto") -> AsyncIterator[Client]:
    """A client with this token. `mode` is `auto` for the present protocol, `legacy` for that of 2025."""
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
        transport = streamable_http_client(f"http://127.0.0.1:{port}/mcp", http_client=http)
        async with Client(transport, mode=mode) as client:
            yield client


def ask(port: int, token: str, do: Callable[[Client], Awaitable[Result]], mode: str = "auto") -> Result:
    """What `do` returns with a connected client."""
    return asyncio.run(_with(agent(port, token, mode), do))


def ask_program(
    program: StdioServerParameters, do: Callable[[Client], Awaitable[Result]], mode: str = "auto"
) -> Result:
    """What `do` returns with a client of a program that speaks over stdin and stdout."""
    return asyncio.run(_with(Client(program, mode=mode), do))


async def _with(connecting: AbstractAsyncContextManager[Client], do: Callable[[Client], Awaitable[Result]]) -> Result:
    """Raises an error of the protocol by itself, and not as a part of the group that the client's tasks make of it."""
    async with connecting as client:
        try:
            return await do(client)
        except MCPError as error:
            raised = error
    raise raised


def text(result: CallToolResult) -> str:
    """The sentences of a tool's answer."""
    return "\n".join(each.text for each in result.content if isinstance(each, TextContent))


def images(result: CallToolResult) -> list[ImageContent]:
    """The pictures of a tool's answer."""
    return [each for each in result.content if isinstance(each, ImageContent)]


class Heard:
    """What a client was told of progress."""

    def __init__(self) -> None:
        self.steps: list[tuple[float, float | None, str | None]] = []

    async def __call__(self, progress: float, total: float | None, message: str | None) -> None:
        """Write it down."""
        self.steps.append((progress, total, message))

    @property
    def last(self) -> tuple[float, float | None, str | None]:
        """What came last."""
        return self.steps[-1]


def structured(result: CallToolResult) -> dict[str, Any]:
    """The structured answer of a tool that did not fail."""
    assert not result.is_error, text(result)
    assert isinstance(result.structured_content, dict)
    return result.structured_content
