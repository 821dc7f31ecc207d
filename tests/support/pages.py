"""The commands of the documentation: its fenced blocks, and the shell script that runs those of some pages in order.

What a test does with a block differs from what a reader does only where an invisible comment right above it says so:

    <!-- not run: it needs Docker -->                 left out, for this reason
    <!-- run with: s/MINUTES=60/MINUTES=0.1/ -->      smaller figures; several are separated by "; "
    <!-- long -->                                     by `make test-all` alone
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from app.core.settings import REPOSITORY

_FENCE = re.compile(r"((?:^<!--[^\n]*-->\n)*)^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"^<!-- (.*) -->$", re.MULTILINE)
_SUBSTITUTION = re.compile(r"s/((?:[^/\\]|\\.)*)/((?:[^/\\]|\\.)*)/")
ADDRESS = "127.0.0.1:8000"
_BEGINNING = """\
set -Eeuo pipefail
trap 'echo "failed: $block" >&2' ERR
"""


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    place: str  # "docs/rest.md:6"
    language: str
    text: str
    not_run: str | None = None
    long: bool = False

    def script(self) -> str:
        """The block as lines of a shell script."""
        python = f"python - <<'END_OF_PYTHON'\n{self.text}END_OF_PYTHON\n"
        body = python if self.language == "python" else self.text
        return f'block={self.place}\necho "== $block" >&2\n{body}'


def pages() -> list[Path]:
    """The README and every page below `docs`, those about REST in the order in which the first one links to them."""
    rest = REPOSITORY / "docs" / "rest.md"
    linked = re.findall(r"\]\((rest/\w+\.md)\)", rest.read_text("utf-8"))
    parts = [REPOSITORY / "docs" / name for name in dict.fromkeys(linked)]
    others = [each for each in sorted((REPOSITORY / "docs").rglob("*.md")) if each not in {rest, *parts}]
    return [REPOSITORY / "README.md", *others, rest, *parts]


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, with what the comments above them say already done to them."""
    text = page.read_text("utf-8")
    return [_block(page, text, found) for found in _FENCE.finditer(text)]


def _block(page: Path, text: str, found: re.Match[str]) -> Block:
    place = f"{page.relative_to(REPOSITORY)}:{text.count(chr(10), 0, found.start(2)) + 1}"
    body, not_run, long = found[3], None, False
    for comment in _COMMENT.findall(found[1]):
        kind, _, rest = comment.partition(": ")
        if kind == "not run":
            not_run = rest
        elif kind == "run with":
            body = _substituted(place, body, rest)
        elif comment == "long":
            long = True
        else:
            raise AssertionError(f"{place}: no test knows what {comment!r} means")
    return Block(place, found[2], body, not_run, long)


def _substituted(place: str, body: str, substitutions: str) -> str:
    for each in substitutions.split("; "):
        parsed = _SUBSTITUTION.fullmatch(each)
        assert parsed is not None, f"{place}: {each!r} is no substitution"
        body, times = re.subn(parsed[1], parsed[2].replace(r"\/", "/"), body)
        assert times, f"{place}: {each!r} changes nothing"
    return body


def script(found: Sequence[Block], port: int) -> str:
    """A shell script that runs blocks in order, with the studio on `port`, and stops at the first that fails."""
    lines = "".join(each.script() for each in found if each.language in {"sh", "python"} and each.not_run is None)
    return _BEGINNING + lines.replace(ADDRESS, f"127.0.0.1:{port}").replace("port=8000", f"port={port}")


def parse(block: Block) -> None:
    """Raise if a block of data is not valid in its language."""
    if block.language == "json":
        json.loads(block.text)
    elif block.language == "yaml":
        yaml.safe_load(block.text)
