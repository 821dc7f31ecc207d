"""The same studios, with a tiny random model: what is tested here is who survives, not what is drawn."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.base_models import build_tiny_model, write_card


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a model that learns a step in 20 ms."""
    folder = tmp_path_factory.mktemp("models") / "tiny"
    build_tiny_model("sd1", folder)
    write_card(folder, steps=2)  # a report draws dozens of pictures, and nobody looks at them
    return folder


@pytest.fixture
def usual(usual: dict[str, Any], tiny_model: Path) -> dict[str, Any]:
    return usual | {"base_models": str(tiny_model)}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What each storm was: its seed stands in the name of its test."""
    for report in terminalreporter.getreports("passed"):
        for name, figures in report.user_properties:
            if name == "storm":
                terminalreporter.write_line(f"{report.nodeid.partition('::')[2]}: {figures}")
