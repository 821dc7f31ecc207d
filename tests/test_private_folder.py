"""The data folder, and whatever is written below it, is for its owner alone."""

import logging
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.private_folder import keep_private
from app.core.settings import REPOSITORY


@pytest.fixture(autouse=True)
def _umask() -> Iterator[None]:
    """The usual umask, under which others may read new files; as it was, afterwards."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_folder_and_what_is_written_afterwards_are_private(tmp_path: Path) -> None:
    keep_private(tmp_path / "deep" / "data")
    assert mode(tmp_path / "deep" / "data") == 0o700
    (tmp_path / "deep" / "data" / "file").write_text("")
    assert mode(tmp_path / "deep" / "data" / "file") == 0o600


def test_a_folder_that_others_may_enter_is_closed_and_the_log_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tmp_path.chmod(0o755)
    keep_private(tmp_path)
    assert mode(tmp_path) == 0o700
    assert "0755" in caplog.text
    caplog.clear()
    keep_private(tmp_path)
    assert caplog.text == ""


def test_a_folder_of_somebody_else_is_left_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o755)
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    keep_private(tmp_path)
    assert mode(tmp_path) == 0o755
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "chmod 700" in record.getMessage()


def test_a_command_makes_its_data_folder_and_its_database_private(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    environment = os.environ | {"ONEWORD_DATA_DIR": str(folder)}
    made = subprocess.run(
        [sys.executable, "-m", "app.ops.cli", "migrate"], cwd=REPOSITORY, env=environment, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert made.stdout == ""  # the warning goes elsewhere: scripts read what commands print
    assert "others could enter" in made.stderr
    assert mode(folder) == 0o700
    assert [mode(path) for path in folder.iterdir() if path.suffix.startswith(".sqlite3")] == [0o600]
