"""What agents may do at `/mcp`, and what they are told: the SDK's own client and a studio without workers."""

import asyncio
import base64
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import Client, MCPError
from mcp_types import CallToolResult
from sqlalchemy import select

from app.compat.mcp.tools import TOOLS
from app.core.settings import Settings
from app.jobs import wake_up
from app.jobs.models import Job
from app.main import create_app
from app.pictures.fair_turns import SENDER, FairTurns
from app.services import Services
from tests.support import principals
from tests.support.agents import Heard, agent, ask, structured, text
from tests.support.pictures import photos
from tests.support.real_server import served
from tests.support.waiting import until

ERAS = ["auto", "legacy"]  # the protocol without a handshake, and that of 2025
PICTURES = [base64.b64encode(content).decode() for _, (_, content, *_) in photos()]
LESSON = {"word": "my-mug", "like": "mug", "pictures": PICTURES, "wait_seconds": 0}


@dataclass
class Studio:
    port: int
    services: Services

    def token(self, headers: principals.Headers) -> str:
        return principals.bearer(headers)

    def member(self) -> str:
        return principals.bearer(principals.member(self.services))

    def call(self, token: str, name: str, arguments: dict[str, Any], mode: str = "auto") -> CallToolResult:
        return ask(self.port, token, lambda client: client.call_tool(name, arguments), mode)

    def states(self) -> list[tuple[str, str]]:
        with self.services.database.reading() as session:
            return [(job.kind, job.state) for job in session.scalars(select(Job).order_by(Job.id))]


@pytest.fixture
def studio(
    settings: Settings, migrated: Path, shared_cleaner: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Studio]:
    monkeypatch.setattr(wake_up, "wake", lambda *_: None)
    settings.data_dir.mkdir(parents=True)
    shutil.copy(migrated, settings.data_dir / "oneword.sqlite3")
    app = create_app(settings)
    with served(app) as port:
        yield Studio(port, app.state.services)


@pytest.mark.parametrize("mode", ERAS)
def test_every_tool_says_what_it_takes_what_it_answers_and_what_it_changes(studio: Studio, mode: str) -> None:
    listed = ask(studio.port, studio.member(), lambda client: client.list_tools(), mode).tools
    assert [tool.name for tool in listed] == list(TOOLS)
    for tool in listed:
        assert len(tool.description or "") > 60
        assert tool.input_schema["additionalProperties"] is False
        assert tool.output_schema is not None
        assert tool.annotations is not None
    hints = {tool.name: tool.annotations for tool in listed if tool.annotations}
    assert {name for name, hint in hints.items() if hint.read_only_hint} == {
        "find_concepts",
        "show_job",
        "list_base_models",
    }
    assert {name for name, hint in hints.items() if hint.destructive_hint} == {"cancel_job"}


@pytest.mark.parametrize("mode", ERAS)
def test_a_token_does_what_its_scopes_and_its_role_allow_and_hears_why_not_more(studio: Studio, mode: str) -> None:
    reader = studio.token(principals.reader(studio.services))
    viewer = studio.token(principals.viewer(studio.services))
    refused = studio.call(reader, "teach", LESSON, mode)
    assert refused.is_error
    assert "needs the scope teach" in text(refused)
    assert "needs the scope draw" in text(studio.call(reader, "draw", {"prompt": "a cat"}, mode))
    assert "needs the role member" in text(studio.call(viewer, "teach", LESSON, mode))
    assert structured(studio.call(viewer, "find_concepts", {}, mode))["concepts"] == []
    assert structured(studio.call(reader, "list_base_models", {}, mode))["base_models"][0]["id"] == "demo"
    assert studio.states() == []


def test_another_team_finds_neither_the_concept_nor_the_job(studio: Studio) -> None:
    taught = structured(studio.call(studio.member(), "teach", LESSON))
    assert taught["concept"]["word"] == "<my-mug>"
    stranger = studio.token(principals.other_team(studio.services))
    assert structured(studio.call(stranger, "find_concepts", {"query": "mug"}))["concepts"] == []
    for name in ("show_job", "cancel_job"):
        assert "no such job" in text(studio.call(stranger, name, {"job_id": taught["job"]["id"]}))
    assert "no concept <my-mug>" in text(studio.call(stranger, "draw", {"prompt": "a <my-mug>"}))

    async def read(client: Client) -> None:
        with pytest.raises(MCPError, match="no such concept"):
            await client.read_resource(f"oneword://concepts/{taught['concept']['id']}")
        assert (await client.list_resources()).resources == []

    ask(studio.port, stranger, read)
    colleague = studio.member()
    own = ask(studio.port, colleague, lambda client: client.list_resources()).resources
    assert [each.name for each in own] == ["<my-mug>"]
    assert "belongs to" in text(studio.call(colleague, "cancel_job", {"job_id": taught["job"]["id"]}))
    assert studio.states() == [("training", "queued")]


@pytest.mark.parametrize("mode", ERAS)
def test_what_is_unknown_or_wrong_is_a_sentence_with_a_way_out(studio: Studio, mode: str) -> None:
    token = studio.member()
    with pytest.raises(MCPError, match="There is no tool paint_it"):
        studio.call(token, "paint_it", {}, mode)
    with pytest.raises(MCPError, match="Did you mean find_concepts"):
        studio.call(token, "find_concept", {}, mode)
    with pytest.raises(MCPError, match="cannot be stored"):
        studio.call(token, "draw", {"prompt": "a cat\0"}, mode)
    for name, arguments, said in (
        ("draw", {"promt": "a cat"}, "Did you mean prompt?"),
        ("draw", {}, "prompt: Field required"),
        ("draw", {"prompt": "a cat", "count": 99}, "at most 16"),
        ("draw", {"prompt": "a cat", "picture": "https://example.com/cat.png"}, "the studio fetches none"),
        ("draw", {"prompt": "a cat", "picture": "data:image/png,%89PNG"}, "is not base64. Send the file itself"),
        ("draw", {"prompt": "a cat", "picture": {"image_id": "1", "upload_id": "2"}}, "give one of"),
        ("draw", {"prompt": "a cat", "picture": {"upload_id": "0"}}, "no such upload"),
        ("teach", LESSON | {"like": "mugg"}, "Suggestions: "),
        ("teach", LESSON | {"pictures": PICTURES[:1]}, "3 to 5"),
        ("teach", LESSON | {"pictures": ["not base64!", *PICTURES[1:]]}, "pictures.0: this is not base64"),
        ("teach", LESSON | {"pictures": ["bm8gcGljdHVyZQ==", *PICTURES[1:]]}, "Picture 1"),
    ):
        result = studio.call(token, name, arguments, mode)
        assert result.is_error
        assert said in text(result), text(result)
    assert studio.states() == []


def test_a_job_that_takes_longer_than_the_caller_waits_can_be_waited_for_again_and_cancelled(studio: Studio) -> None:
    token = studio.member()
    begun = structured(studio.call(token, "draw", {"prompt": "a cat", "wait_seconds": 0.05}))
    assert not begun["done"]
    assert begun["job"]["state"] == "queued"
    assert begun["job"]["id"] in begun["next_step"]
    heard = Heard()

    async def wait(client: Client) -> CallToolResult:
        job = {"job_id": begun["job"]["id"], "wait_seconds": 0.05}
        return await client.call_tool("show_job", job, progress_callback=heard)

    assert structured(ask(studio.port, token, wait))["job"]["state"] == "queued"
    assert heard.steps == [(0, None, "Waiting for a worker.")]
    ended = structured(studio.call(token, "cancel_job", {"job_id": begun["job"]["id"]}))
    assert ended["job"]["state"] == "cancelled"
    assert "already been cancelled" in text(studio.call(token, "cancel_job", {"job_id": begun["job"]["id"]}))


@pytest.mark.parametrize("mode", ERAS)
def test_a_caller_that_ends_its_call_cancels_its_drawing_and_leaves_its_training(studio: Studio, mode: str) -> None:
    token = studio.member()

    async def hang_up(name: str, arguments: dict[str, Any]) -> None:
        async with agent(studio.port, token, mode) as client:
            calling = asyncio.create_task(client.call_tool(name, arguments))
            count = len(studio.states())
            await asyncio.to_thread(until, lambda: len(studio.states()) > count, "the job")
            await asyncio.to_thread(until, lambda: studio.services.feed.watching > 0, "the server to wait for it")
            calling.cancel()
            await asyncio.gather(calling, return_exceptions=True)

    asyncio.run(hang_up("teach", LESSON | {"wait_seconds": 600}))
    asyncio.run(hang_up("draw", {"prompt": "a cat", "wait_seconds": 600}))
    until(lambda: ("generation", "cancelled") in studio.states(), "the cancellation")
    assert ("training", "queued") in studio.states()


def test_a_token_that_is_revoked_ends_its_calls(studio: Studio) -> None:
    headers = principals.member(studio.services)
    studio.services.feed.rights_seconds = 0.1

    async def draw_and_be_removed() -> CallToolResult:
        async with agent(studio.port, studio.token(headers)) as client:
            calling = asyncio.create_task(client.call_tool("draw", {"prompt": "a cat", "wait_seconds": 600}))
            await asyncio.to_thread(until, lambda: studio.services.feed.watching > 0, "the server to wait")
            principals.remove(studio.services, headers)
            ended = await calling
            with pytest.raises(MCPError, match="Nobody is signed in"):
                await client.call_tool("find_concepts", {})
            return ended

    ended = asyncio.run(draw_and_be_removed())
    assert ended.is_error
    assert "no longer in the team" in text(ended)
    assert studio.states() == [("generation", "queued")]


def test_nobody_speaks_without_a_token_or_from_another_site(studio: Studio) -> None:
    address = f"http://127.0.0.1:{studio.port}"
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    refused = httpx.post(f"{address}/mcp", json=message)
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert refused.json()["type"] == "/problems/not-signed-in"
    cookie = principals.browser(studio.services, *principals.person(studio.services, "member"))
    foreign = httpx.post(f"{address}/mcp", json=message, headers={**cookie, "Origin": "https://example.com"})
    assert (foreign.status_code, foreign.json()["type"]) == (403, "/problems/origin")
    token = {"Authorization": f"Bearer {studio.member()}"}
    assert httpx.get(f"{address}/mcp", headers=token).status_code == 405
    large = httpx.post(f"{address}/mcp", json=message | {"params": {"x": "x" * 1_000_001}}, headers=token)
    assert (large.status_code, large.json()["type"]) == (413, "/problems/too-large")
    assert "method" in httpx.post(f"{address}/mcp", json={"jsonrpc": "2.0"}, headers=token).json()["detail"]
    # A client that gets a 401 looks for a sign-in service here.
    assert httpx.get(f"{address}/.well-known/oauth-protected-resource/mcp").status_code == 404


def test_what_an_agent_does_is_in_the_audit(studio: Studio) -> None:
    studio.call(studio.member(), "teach", LESSON)
    administrator = {"Authorization": f"Bearer {studio.token(principals.administrator(studio.services))}"}
    entries = httpx.get(f"http://127.0.0.1:{studio.port}/api/audit", headers=administrator).json()["items"]
    (entry,) = [each for each in entries if each["action"] == "concept.created"]
    assert entry["address"] == "127.0.0.1"


@pytest.mark.parametrize(("status", "code"), [(422, "drawing"), (500, "internal")])
def test_a_job_that_fails_is_answered_with_its_own_error(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, status: int, code: str
) -> None:
    error = {"type": f"/problems/{code}", "title": "No", "status": status, "detail": "No. Do this."}

    def fail(_: object, __: object, job_id: str) -> None:
        with studio.services.database.transaction() as session:
            job = session.get_one(Job, job_id)
            job.state, job.error = "failed", error

    monkeypatch.setattr(wake_up, "wake", fail)
    answer = studio.call(studio.member(), "draw", {"prompt": "a cat", "wait_seconds": 0})
    assert text(answer) == "No. Do this."
    problem = (answer.meta or {})["oneword/problem"]
    assert (problem["status"], problem["type"]) == (status, f"/problems/{code}")


def test_the_pictures_of_an_agent_are_decoded_in_the_turns_of_its_team(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    senders: list[str] = []
    submit = FairTurns.submit

    def noted(self: FairTurns, task: Callable[[], Any]) -> Any:
        senders.append(SENDER.get().team_id)
        return submit(self, task)

    monkeypatch.setattr(FairTurns, "submit", noted)
    own, other = studio.member(), studio.token(principals.other_team(studio.services))
    for token in (own, other):
        structured(studio.call(token, "teach", LESSON))
    with studio.services.database.reading() as session:
        teams = [job.team_id for job in session.scalars(select(Job).order_by(Job.id))]
    assert list(dict.fromkeys(senders)) == teams
