"""Every command of the README and of `docs` runs, against a real studio with a real worker and the demo model."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from app.core.settings import REPOSITORY, Settings
from app.main import create_app
from tests.support.base_models import copy_demo
from tests.support.pages import Block, blocks, pages, parse, script
from tests.support.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.acceptance

README = REPOSITORY / "README.md"
REST = REPOSITORY / "docs" / "rest.md"
INTERFACE = [each for each in pages() if each == REST or each.parent == REST.with_suffix("")]
OTHERS = [each for each in pages() if each not in INTERFACE]
# A training of seconds instead of a minute.
QUICK = {"steps_max": 8, "batch": 2, "evaluate_every": 4, "evaluation_batch": 2}
CALL = re.compile(r"^called (\w+) https?://[^/]+(/[^?\s]*)", re.MULTILINE)


@dataclass(frozen=True)
class Studio:
    """A studio that `oneword serve` runs, and the folder that a reader's shell is in."""

    port: int
    folder: Path
    environment: dict[str, str]

    def run(self, found: Sequence[Block]) -> str:
        """Run blocks in one shell; what they wrote, with a line for each call. Fails if one of them fails."""
        ran = subprocess.run(
            ["bash", "-c", script(found, self.port)],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS * 10,
            check=False,
        )
        assert ran.returncode == 0, f"{ran.stderr[-3000:]}\n{ran.stdout[-3000:]}"
        return ran.stderr


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    folder = tmp_path_factory.mktemp("reader")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    settings = {
        "DATA_DIR": folder / "data",
        "PORT": port,
        "DEVICE": "cpu",
        "BASE_MODELS": copy_demo(tmp_path_factory.mktemp("models"), steps=2, **QUICK),
        "WEBHOOKS": "true",
        "WEBHOOKS_TO_PRIVATE": "true",
    }
    usual = {name: value for name, value in os.environ.items() if not name.startswith("ONEWORD_")}
    environment = usual | {f"ONEWORD_{name}": str(value) for name, value in settings.items()}
    environment |= {"CURL_HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "config"), "OMP_NUM_THREADS": "1"}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    lay_out(folder)
    log = folder / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.ops.cli", "serve"],
            cwd=REPOSITORY,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
        )
    try:
        assert process.stdout is not None
        assert any("sign-in#" in line for line in process.stdout), log.read_text()
        yield Studio(port, folder, environment)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE_SECONDS)


def lay_out(folder: Path) -> None:
    """The folder of a reader: this repository, some pictures of a mug, a desk and a place on it."""
    for each in ("app", "worker", "benchmarks", "models", "examples", "Makefile", "pyproject.toml"):
        (folder / each).symlink_to(REPOSITORY / each)
    (folder / ".venv").mkdir()
    (folder / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    (folder / ".curlrc").write_text('write-out = "%{stderr}called %{method} %{url_effective} %{http_code}\\n"\n')
    (folder / "photos").mkdir()
    for number in (1, 2, 3):
        shutil.copy(REPOSITORY / "examples" / "harlequin-mug" / f"{number}.jpg", folder)
        shutil.copy(REPOSITORY / "examples" / "harlequin-mug" / f"{number}.jpg", folder / "photos")
    Image.new("RGB", (64, 64), "saddlebrown").save(folder / "desk.png")
    where = Image.new("L", (64, 64))
    ImageDraw.Draw(where).rectangle((16, 16, 48, 48), fill=255)
    where.save(folder / "where.png")


def commands(page: Path, *, long: bool) -> list[Block]:
    return [each for each in blocks(page) if each.language in {"sh", "python"} and each.long is long]


def test_every_block_is_in_a_language_that_a_test_understands_and_what_is_not_run_says_why() -> None:
    found = [each for page in pages() for each in blocks(page)]
    fences = [line for page in pages() for line in page.read_text("utf-8").splitlines() if line.startswith("```")]
    assert 2 * len(found) == len(fences)  # none is passed over
    assert {each.language for each in found} <= {"sh", "python", "json", "yaml", "mermaid", ""}
    assert [each.place for each in found if each.not_run is not None and len(each.not_run) < 10] == []
    for each in found:
        parse(each)


def test_every_call_of_the_interface_runs_as_its_pages_show_it(studio: Studio) -> None:
    found = [each for page in INTERFACE for each in commands(page, long=False)]
    called = {(method, path) for method, path in CALL.findall(studio.run(found))}
    operations = [
        (method.upper(), path)
        for path, methods in create_app(Settings()).openapi()["paths"].items()
        for method in methods
    ]
    shapes = {(method, path): re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))) for method, path in operations}
    missing = [
        f"{method} {path}"
        for (method, path), shape in shapes.items()
        if not any(method == sent and shape.fullmatch(to) for sent, to in called)
    ]
    assert missing == [], "no page below docs/rest.md has an example that runs of:\n" + "\n".join(missing)


def test_the_lines_of_the_readme_only_copied_work_twice_in_a_row(studio: Studio) -> None:
    lines = commands(README, long=False)
    for _ in range(2):
        (studio.folder / "cat.png").unlink(missing_ok=True)
        studio.run(lines)
        with Image.open(studio.folder / "cat.png") as picture:
            assert picture.format == "PNG"


PAGES = [each for each in OTHERS if each != README]


@pytest.mark.parametrize("page", [each for each in PAGES if commands(each, long=False)], ids=lambda page: page.stem)
def test_every_command_of_a_page_runs(page: Path, studio: Studio) -> None:
    studio.run(commands(page, long=False))


@pytest.mark.long
@pytest.mark.parametrize("page", [each for each in PAGES if commands(each, long=True)], ids=lambda page: page.stem)
def test_every_long_command_of_a_page_runs(page: Path, studio: Studio) -> None:
    studio.run(commands(page, long=True))
