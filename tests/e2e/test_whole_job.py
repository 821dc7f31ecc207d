"""The whole job as a newcomer does it: one command starts the studio, a real browser does the rest."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings import REPOSITORY

LINK = re.compile(r"http://\S+/sign-in#\S+")
STOPPED_SECONDS = 30


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def sign_in_link(tmp_path: Path) -> Iterator[str]:
    """The link that `oneword serve` prints once everything runs."""
    environment = os.environ | {"ONEWORD_DATA_DIR": str(tmp_path / "data"), "ONEWORD_PORT": str(free_port())}
    command = [sys.executable, "-m", "app.cli", "serve"]
    studio = subprocess.Popen(command, env=environment, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    try:
        assert studio.stdout is not None
        found = next((match for line in studio.stdout if (match := LINK.search(line))), None)
        assert found is not None, "the studio ended without printing a link"
        yield found.group()
    finally:
        studio.send_signal(signal.SIGINT)
        studio.communicate(timeout=STOPPED_SECONDS)


@pytest.mark.browser
def test_a_newcomer_teaches_a_word_in_the_browser_and_draws_with_it(sign_in_link: str) -> None:
    script = REPOSITORY / "frontend" / "e2e" / "whole-job.mjs"
    example = REPOSITORY / "examples" / "king-purr"
    done = subprocess.run(["node", script, sign_in_link, example], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
