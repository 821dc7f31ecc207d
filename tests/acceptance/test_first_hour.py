"""A developer's first hour: every client that a studio has, or that a developer has already, against one real studio.

The tests run in order, and draw with the word that the first one teaches.
"""

import base64
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import openai
import pytest
from mcp import Client as Agent
from PIL import Image
from safetensors.numpy import load
from webuiapi import WebUIApi

from app.core.settings import REPOSITORY, Settings
from oneword_client import Client
from tests.support.agents import ask, images, structured
from tests.support.forkserver import ForkServer
from tests.support.studio import EXAMPLE, Stack

pytestmark = pytest.mark.acceptance

SCRIPTS = Path(__file__).parent / "generated_clients"
FRONTEND = REPOSITORY / "frontend"
PROGRAMS = Path(sys.executable).parent


@dataclass(frozen=True)
class Studio:
    """A studio at work, and its own OpenAPI document."""

    port: int
    token: str
    document: Path

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture(scope="module")
def studio(
    fork_server: ForkServer, migrated: Path, quick_demo: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Studio]:
    folder = tmp_path_factory.mktemp("studio")
    shutil.copy(migrated, folder / "oneword.sqlite3")
    stack = Stack(Settings(data_dir=folder, base_models=str(quick_demo), lease_seconds=60.0), fork_server)
    try:
        stack.start_worker("training")
        stack.start_worker("generation")
        web = stack.start_web()
        document = folder / "openapi.json"
        document.write_bytes(web.client.get("/openapi.json").raise_for_status().content)
        token = web.client.headers["Authorization"].removeprefix("Bearer ")
        yield Studio(web.port, token, document)
    finally:
        stack.close()


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """What a program says. It has to succeed."""
    path = os.pathsep.join([str(PROGRAMS), str(FRONTEND / "node_modules" / ".bin"), os.environ["PATH"]])
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=os.environ | {"PATH": path} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def fetched(folder: Path, placeholder: str) -> None:
    """The picture and the embedding that a script has fetched are whole."""
    picture = Image.open(io.BytesIO((folder / "picture.png").read_bytes()))
    assert (picture.size, json.loads(picture.info["oneword"])["prompt"]) == ((64, 64), f"a photo of {placeholder}")
    assert list(load((folder / "embedding.safetensors").read_bytes())) == [placeholder]


def test_the_command_line_teaches_lists_draws_and_exports(studio: Studio, tmp_path: Path) -> None:
    where = {"ONEWORD_URL": studio.address, "ONEWORD_TOKEN": studio.token, "XDG_CONFIG_HOME": str(tmp_path)}
    photos = sorted(EXAMPLE.glob("*.jpg"))
    teaching = ("teach", *photos, "--word", "<our-zub>", "--like", "monster", "--steps", "12")
    run("oneword", *teaching, cwd=tmp_path, **where)
    (listed,) = json.loads(run("oneword", "list", "--json", cwd=tmp_path, **where))
    assert (listed["placeholder"], listed["state"]) == ("<our-zub>", "ready")
    run("oneword", "draw", "a photo of <our-zub>", "-n", "2", "-o", "out", cwd=tmp_path, **where)
    drawn = [Image.open(io.BytesIO(file.read_bytes())) for file in (tmp_path / "out").iterdir()]
    assert [picture.size for picture in drawn] == [(64, 64)] * 2
    run("oneword-client", "export", "<our-zub>", "-o", "our-zub.safetensors", cwd=tmp_path, **where)
    assert (tmp_path / "our-zub.safetensors").stat().st_size < 10_000


def test_the_python_client_draws(studio: Studio) -> None:
    with Client(studio.address, studio.token) as client:
        drawn = client.draw("a photo of <our-zub>", count=1, seed=7)
        client.wait(drawn.job)
        picture = client.fetch(client.generation(drawn.generation.id).images[0])
    assert json.loads(Image.open(io.BytesIO(picture)).info["oneword"])["seed"] == 7


def test_openais_client_draws(studio: Studio) -> None:
    with openai.OpenAI(base_url=f"{studio.address}/v1", api_key=studio.token) as client:
        drawn = client.images.generate(prompt="a photo of <our-zub>", response_format="b64_json")
    assert drawn.data is not None
    assert Image.open(io.BytesIO(base64.b64decode(drawn.data[0].b64_json or ""))).size == (64, 64)


def test_automatic1111s_client_draws(studio: Studio) -> None:
    client = WebUIApi(host="127.0.0.1", port=studio.port, username="me", password=studio.token)
    try:
        drawn = client.txt2img(prompt="a photo of our-zub", width=64, height=64, seed=7)
    finally:
        client.session.close()
    assert drawn.image.size == (64, 64)


def test_an_agent_finds_the_word_and_draws(studio: Studio) -> None:
    async def find_and_draw(agent: Agent) -> None:
        (found,) = structured(await agent.call_tool("find_concepts", {"query": "zub"}))["concepts"]
        drawn = await agent.call_tool("draw", {"prompt": f"a photo of {found['word']}", "count": 1})
        assert len(images(drawn)) == 1

    ask(studio.port, studio.token, find_and_draw)


def test_a_python_client_is_generated_without_a_warning_and_does_the_whole_job(studio: Studio, tmp_path: Path) -> None:
    (tmp_path / "config.yml").write_text("package_name_override: oneword_generated\n")
    generating = ("--path", studio.document, "--config", "config.yml", "--fail-on-warning", "--output-path", "client")
    said = run("openapi-python-client", "generate", *generating, cwd=tmp_path)
    assert said.splitlines() == ["Generating client"]

    script = Path(shutil.copy(SCRIPTS / "teach_and_draw.py", tmp_path / "client"))
    strictly = ("--strict", "--no-warn-redundant-casts")  # the generator casts lists of anything to that
    run("mypy", *strictly, "oneword_generated", script.name, cwd=tmp_path / "client")
    said = run(
        *(sys.executable, "-W", "error", script.name, studio.address, studio.token, EXAMPLE, tmp_path),
        cwd=tmp_path / "client",
    )
    assert said == ""
    fetched(tmp_path, "<python-zub>")


def test_a_typescript_client_is_generated_without_a_warning_and_does_the_whole_job(
    studio: Studio, tmp_path: Path
) -> None:
    (tmp_path / "node_modules").symlink_to(FRONTEND / "node_modules")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    script = Path(shutil.copy(SCRIPTS / "teach-and-draw.ts", tmp_path))
    generating = (studio.document, "--default-non-nullable", "false", "--output", "schema.d.ts")
    said = run("openapi-typescript", *generating, cwd=tmp_path)
    assert "warn" not in said.lower()

    strictness = ("--strict", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes", "--skipLibCheck", "false")
    target = ("--target", "es2022", "--lib", "es2023,dom,dom.iterable", "--module", "nodenext", "--types", "node")
    assert run("tsc", *strictness, *target, script.name, cwd=tmp_path) == ""
    said = run("node", "teach-and-draw.js", studio.address, studio.token, EXAMPLE, tmp_path, cwd=tmp_path)
    assert said == ""
    fetched(tmp_path, "<typescript-zub>")
