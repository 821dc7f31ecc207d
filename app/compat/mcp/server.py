"""The MCP server: lists the tools, checks who calls one and with what, and answers errors in the studio's sentences.

An error that a caller can act on is a tool's error, which the agent reads. An unknown tool is an error of the protocol.
"""

import json
from difflib import get_close_matches
from typing import Any, Final

from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, CallToolRequestParams, CallToolResult, ListToolsResult, TextContent
from pydantic import ValidationError

from app.accounts.principal import Principal
from app.compat.mcp import resources
from app.compat.mcp.call import Call, request_of
from app.compat.mcp.errors import error_text
from app.compat.mcp.tools import TOOLS
from app.core.errors import InvalidInput
from app.core.request_model import RequestModel, printable
from app.pictures.fair_turns import SENDER, Sender
from app.services import Services
from app.web.problems import response_to

Context = ServerRequestContext[Any, Any]

INSTRUCTIONS: Final = (
    "Oneword teaches a text-to-image model new words from a few pictures, and draws with them. Find a word with "
    "find_concepts, or teach one; then draw with a prompt that contains it, such as: a photo of <my-mug> on the beach. "
    "The previews are small; the links have the full pictures."
)


def mcp_server(version: str) -> Server[Any]:
    """The server, for any transport that hands it the HTTP request of each message."""
    return Server(
        "oneword",
        title="Oneword",
        version=version,
        instructions=INSTRUCTIONS,
        get_tool_input_schema=lambda name: TOOLS[name].takes.model_json_schema() if name in TOOLS else None,
        on_list_tools=_list_tools,
        on_call_tool=_call_tool,
        on_list_resources=resources.listed,
        on_list_resource_templates=resources.templates,
        on_read_resource=resources.read,
    )


async def _list_tools(_: Context, __: object) -> ListToolsResult:
    return ListToolsResult(tools=[tool.listed() for tool in TOOLS.values()])


async def _call_tool(context: Context, params: CallToolRequestParams) -> CallToolResult:
    tool = TOOLS.get(params.name)
    if tool is None:
        name = printable(params.name)
        near = get_close_matches(name.lower(), TOOLS, n=1)
        advice = f"Did you mean {near[0]}?" if near else f"There is: {', '.join(TOOLS)}."
        raise MCPError(INVALID_PARAMS, f"There is no tool {name}. {advice}")
    try:
        call = call_of(context)
        SENDER.set(Sender(call.principal.team_id))  # whose turn it is at the decoders
        tool.needs(call.principal)
        answer = await tool.run(call, _arguments(tool.takes, params.arguments or {}))
    except Exception as error:
        problem = json.loads(bytes(response_to(request_of(context), error).body))
        text = TextContent(type="text", text=error_text(problem))
        return CallToolResult(content=[text], is_error=True, _meta={"oneword/problem": problem})
    structured = answer.result.model_dump(mode="json")
    return CallToolResult(content=answer.content, structured_content=structured)


def call_of(context: Context) -> Call:
    """The call that a message is: its sender was looked up by `app.web.admission`."""
    request = request_of(context)
    services: Services = request.app.state.services
    principal: Principal = request.state.principal
    return Call(services, principal, request, context)


def _arguments(takes: type[RequestModel], sent: dict[str, Any]) -> RequestModel:
    try:
        return takes.model_validate(sent)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"] if part not in ("str", "PictureIn"))
        raise InvalidInput(f"{field or 'The arguments'}: {first['msg'].rstrip('.')}.", field=field or None) from None
