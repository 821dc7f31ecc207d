"""An agent, which is the SDK's own client, and a studio with a real web service and real workers."""

import base64
import io
import json
import sys

import pytest
from mcp import Client, StdioServerParameters
from mcp_types import BlobResourceContents, ResourceLink
from PIL import Image

from app.core.settings import REPOSITORY
from tests.support.agents import Heard, ask, ask_program, images, structured
from tests.support.studio import EXAMPLE, Stack

pytestmark = pytest.mark.acceptance
PICTURES = [base64.b64encode(path.read_bytes()).decode() for path in sorted(EXAMPLE.glob("*.jpg"))]


async def find_teach_and_draw(client: Client) -> None:
    """Three calls, and what they answer."""
    assert structured(await client.call_tool("find_concepts", {"query": "zub"}))["concepts"] == []
    heard = Heard()
    pictures = [f"data:image/jpeg;base64,{PICTURES[0]}", *PICTURES[1:3], {"data": PICTURES[3]}]
    lesson = {"word": "our-zub", "like": "monster", "pictures": pictures, "steps_max": 12}
    taught = await client.call_tool("teach", lesson, progress_callback=heard)
    learned = structured(taught)
    assert learned["done"], learned
    assert learned["concept"]["word"] == "<our-zub>"
    assert learned["concept"]["state"] == "ready"
    assert "<our-zub>" in learned["next_step"]
    assert heard.steps[0] == (0, None, "Waiting for a worker.")
    assert heard.last[:2] == (12, 12)
    (sample,) = images(taught)
    assert Image.open(io.BytesIO(base64.b64decode(sample.data))).format == "JPEG"

    request = {"prompt": "a photo of <our-zub> at night", "count": 2, "seed": 5, "steps": 4}
    drawn = await client.call_tool("draw", request, progress_callback=heard)
    pictures_drawn = structured(drawn)["pictures"]
    assert [each["seed"] for each in pictures_drawn] == [5, 6]
    previews = [Image.open(io.BytesIO(base64.b64decode(each.data))) for each in images(drawn)]
    assert [(each.format, each.size) for each in previews] == [("JPEG", (64, 64))] * 2
    links = [each for each in drawn.content if isinstance(each, ResourceLink)]
    assert [each.name for each in links] == [each["image_id"] for each in pictures_drawn]
    (full,) = (await client.read_resource(links[1].uri)).contents
    assert isinstance(full, BlobResourceContents)
    recipe = json.loads(Image.open(io.BytesIO(base64.b64decode(full.blob))).info["oneword"])
    assert recipe["prompt"] == request["prompt"]


def test_an_agent_finds_a_concept_teaches_one_and_draws_with_it_in_three_calls(stack: Stack) -> None:
    stack.start_worker("training")
    stack.start_worker("generation")
    token = stack.client.headers["Authorization"].removeprefix("Bearer ")
    web = stack.start_web()
    ask(web.port, token, find_teach_and_draw)
    (concept,) = stack.client.get("/api/concepts").json()["items"]
    again = {"prompt": "a <our-zub>", "steps": 4, "picture": {"image_id": concept["sample"].rpartition("/")[2]}}

    async def over_stdio(client: Client) -> None:
        (found,) = structured(await client.call_tool("find_concepts", {"query": "zub"}))["concepts"]
        assert found["id"] == concept["id"]
        heard = Heard()
        drawn = await client.call_tool("draw", again, progress_callback=heard)
        assert len(images(drawn)) == 1
        assert heard.steps[0] == (0, None, "Waiting for a worker.")
        assert len((await client.list_tools()).tools) == 6

    address = {"ONEWORD_URL": str(web.client.base_url), "ONEWORD_TOKEN": token}
    program = StdioServerParameters(
        command=sys.executable, args=["-m", "app.ops.cli", "mcp"], env=address, cwd=REPOSITORY
    )
    for mode in ("auto", "legacy"):
        ask_program(program, over_stdio, mode)
