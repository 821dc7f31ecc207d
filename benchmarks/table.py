"""One row for each figure, and all of them as a Markdown table."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A figure of ours, the one beside it, and how many times better ours is."""

    what: str
    ours: str
    theirs: str = "–"
    ratio: str = "–"


def ratio(theirs: float, ours: float) -> str:
    """How many times less ours is."""
    return f"{theirs / ours:.1f}×" if theirs / ours < 100 else f"{theirs / ours:,.0f}×"


def printed(rows: Sequence[Row]) -> str:
    """A Markdown table."""
    lines = ["| what | Oneword | instead | ratio |", "|---|---|---|---|"]
    lines += [f"| {row.what} | {row.ours} | {row.theirs} | {row.ratio} |" for row in rows]
    return "\n".join(lines)
