"""The client's wheel, installed alone: what it does not declare is not there."""

import shutil
import subprocess
import sys
import venv
from collections.abc import Iterable
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from app.core.settings import REPOSITORY


def needed(requirements: list[str], found: dict[str, Distribution]) -> dict[str, Distribution]:
    """Every distribution that these requirements bring, as it is installed here."""
    for requirement in map(Requirement, requirements):
        name = canonicalize_name(requirement.name)
        if name not in found and (requirement.marker is None or requirement.marker.evaluate({"extra": ""})):
            found[name] = distribution(name)
            needed(found[name].requires or [], found)
    return found


def link(distributions: Iterable[Distribution], packages: Path) -> None:
    """Put what is installed here into another environment. To download it again would prove nothing more."""
    for each in distributions:
        for top in {file.parts[0] for file in each.files or ()} - {"..", "__pycache__"}:
            (packages / top).symlink_to(str(each.locate_file(top)))


def output(*command: str | Path, cwd: Path) -> str:
    """What a program prints."""
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=cwd).stdout


def test_the_wheel_works_in_an_environment_that_has_only_what_it_declares(tmp_path: Path) -> None:
    source = shutil.copytree(
        REPOSITORY / "clients" / "python", tmp_path / "source", ignore=shutil.ignore_patterns("*.egg-info", "build")
    )
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "-q")
    output(*pip, "wheel", "--no-deps", "--no-index", "--no-build-isolation", "-w", tmp_path, source, cwd=tmp_path)
    (wheel,) = tmp_path.glob("oneword_client-*.whl")
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv" / "bin" / "python"
    output(*pip, "--python", python, "install", "--no-deps", "--no-index", wheel, cwd=tmp_path)
    (packages,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    link(needed(distribution("oneword-client").requires or [], {}).values(), packages)

    assert (packages / "oneword_client" / "py.typed").is_file()
    assert output(python, "-I", "-m", "oneword_client", "--version", cwd=tmp_path) == "oneword-client 0.1.0\n"
    helped = output(python.with_name("oneword-client"), "teach", "--help", cwd=tmp_path)
    assert all(name in helped for name in ("--word", "--like", "ONEWORD_URL", "ONEWORD_TOKEN"))
