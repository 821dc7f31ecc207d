"""MCP over stdin and stdout, for desktop agents that start a program: every message goes on to a studio's `/mcp`.

The tools, their rights and their answers are those of the studio; this module has none of its own.
"""

from typing import Any, Final

import httpx
import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.stdio import stdio_server
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ListToolsResult,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    ReadResourceResult,
)

from app.core.errors import NotReady, NotSignedIn

Context = ServerRequestContext[Any, Any]

_TIMEOUT: Final = httpx2.Timeout(30, read=300)  # a studio sends a sign of life every 15 s while a call waits


def check(url: str, token: str) -> None:
    """Raise NotReady if no studio answers at this address, and NotSignedIn if it does not take the token."""
    try:
        answer = httpx.get(f"{url}/api/me", headers={"Authorization": f"Bearer {token}"}, timeout=30)
        answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise NotReady(
            f"No studio answers at {url} ({error}). Start one with `oneword serve`, or set ONEWORD_URL to the address "
            "of one that runs."
        ) from error
    if answer.status_code == NotSignedIn.status:
        raise NotSignedIn(
            f"The studio at {url} does not take this token. Make one on its settings page or with `oneword token "
            "NAME`, and set ONEWORD_TOKEN to it."
        )


async def bridge(url: str, token: str) -> None:
    """Pass messages between stdin and stdout and the studio at `url` until stdin ends."""
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(headers=headers, timeout=_TIMEOUT) as http:
        transport = streamable_http_client(f"{url}/mcp", http_client=http)
        async with Client(transport, cache=None) as studio, stdio_server() as (received, sent):
            server = _bridged(studio)
            await server.run(received, sent, server.create_initialization_options())


def _bridged(studio: Client) -> Server[Any]:
    """A server that asks the studio."""

    async def list_tools(_: Context, params: PaginatedRequestParams | None) -> ListToolsResult:
        return await studio.list_tools(cursor=_cursor(params))

    async def call_tool(context: Context, params: CallToolRequestParams) -> CallToolResult:
        listens = (context.meta or {}).get("progress_token") is not None
        told = context.session.report_progress if listens else None
        return await studio.call_tool(params.name, params.arguments, progress_callback=told)

    async def list_resources(_: Context, params: PaginatedRequestParams | None) -> ListResourcesResult:
        return await studio.list_resources(cursor=_cursor(params))

    async def templates(_: Context, params: PaginatedRequestParams | None) -> ListResourceTemplatesResult:
        return await studio.list_resource_templates(cursor=_cursor(params))

    async def read_resource(_: Context, params: ReadResourceRequestParams) -> ReadResourceResult:
        return await studio.read_resource(str(params.uri))

    known = studio.server_info
    return Server(
        known.name if known else "oneword",
        version=known.version if known else "",
        instructions=studio.instructions,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_list_resource_templates=templates,
        on_read_resource=read_resource,
    )


def _cursor(params: PaginatedRequestParams | None) -> str | None:
    return params.cursor if params else None
