"""The whole job as a newcomer does it: one command starts the studio, a real browser does the rest."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from app.core.settings import REPOSITORY
from tests.support.base_models import copy_demo

LINK = re.compile(r"http://\S+/sign-in#\S+")
STOPPED_SECONDS = 30
KILL_THE_WEB_SERVICE = "kill the web service"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[tuple[psutil.Process, str]]:
    """What `oneword serve` started, and the link that it prints once everything runs."""
    environment = os.environ | {
        "ONEWORD_DATA_DIR": str(tmp_path / "data"),
        "ONEWORD_PORT": str(free_port()),
        "ONEWORD_BASE_MODELS": str(copy_demo(tmp_path, steps=4, steps_max=80)),  # half of the usual steps
    }
    command = [sys.executable, "-m", "app.ops.cli", "serve"]
    studio = subprocess.Popen(command, env=environment, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    try:
        assert studio.stdout is not None
        found = next((match for line in studio.stdout if (match := LINK.search(line))), None)
        assert found is not None, "the studio ended without printing a link"
        yield psutil.Process(studio.pid), found.group()
    finally:
        studio.send_signal(signal.SIGINT)
        studio.communicate(timeout=STOPPED_SECONDS)


@pytest.mark.browser
def test_a_newcomer_teaches_a_word_in_the_browser_and_draws_with_it(studio: tuple[psutil.Process, str]) -> None:
    """Meanwhile the web service dies once, and the page that watches goes on by itself."""
    process, sign_in_link = studio
    script = REPOSITORY / "frontend" / "e2e" / "whole-job.mjs"
    example = REPOSITORY / "examples" / "king-purr"
    said: list[str] = []
    with subprocess.Popen(
        ["node", script, sign_in_link, example], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as browser:
        assert browser.stdout is not None
        for line in browser.stdout:
            said.append(line)
            if line.strip() == KILL_THE_WEB_SERVICE:
                web_service_of(process).kill()
    assert browser.returncode == 0, "".join(said)


def web_service_of(studio: psutil.Process) -> psutil.Process:
    return next(child for child in studio.children() if child.cmdline()[-1] == "app.ops.web_server")
