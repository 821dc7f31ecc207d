"""How much each part of a prompt counts, in the notation that AUTOMATIC1111's web UI made common.

    (text) × 1.1     [text] ÷ 1.1     (text:1.3) × 1.3     \\( \\) \\[ \\] \\\\ themselves     BREAK begins a new window

Brackets nest and multiply, and one that is never closed counts to the end. Knows nothing of tokens or concepts.
"""

import re
from dataclasses import dataclass
from typing import Final

ROUND: Final = 1.1
SQUARE: Final = 1 / 1.1

_MARK: Final = re.compile(
    r"""\\(?P<escaped>[()\[\]\\]?)
    | (?P<open>[(\[])
    | :\s*(?P<weight>[+-]?(?:\d+\.?\d*|\.\d+))\s*\)
    | (?P<close>[)\]])
    | [^\\()\[\]:]+
    | :""",
    re.VERBOSE,
)
_BREAK: Final = re.compile(r"\s*\bBREAK\b\s*")
_OPENING: Final = {")": "(", "]": "["}
_FACTOR: Final = {"(": ROUND, "[": SQUARE}


@dataclass(frozen=True)
class Part:
    """Text that counts `weight` times as much as it would alone."""

    text: str
    weight: float = 1.0


@dataclass
class _Run:
    """Text on its way to a part; None stands for a BREAK."""

    text: str | None
    weight: float = 1.0


def sections(prompt: str) -> list[list[Part]]:
    """The parts of a prompt between its BREAKs. A prompt without any is one section."""
    runs: list[_Run] = []
    opened: dict[str, list[int]] = {"(": [], "[": []}  # where brackets that are not closed yet began

    def emphasise(bracket: str, factor: float) -> None:
        for run in runs[opened[bracket].pop() :]:
            run.weight *= factor

    for found in _MARK.finditer(prompt):
        if found["escaped"] is not None:
            runs.append(_Run(found["escaped"]))
        elif found["open"]:
            opened[found["open"]].append(len(runs))
        elif found["weight"] and opened["("]:
            emphasise("(", float(found["weight"]))
        elif found["close"] and opened[_OPENING[found["close"]]]:
            bracket = _OPENING[found["close"]]
            emphasise(bracket, _FACTOR[bracket])
        else:
            runs.extend(_broken(found[0]))
    for bracket, places in opened.items():
        while places:
            emphasise(bracket, _FACTOR[bracket])
    return _merged(runs)


def _broken(text: str) -> list[_Run]:
    first, *others = _BREAK.split(text)
    return [_Run(first), *(run for other in others for run in (_Run(None), _Run(other)))]


def _merged(runs: list[_Run]) -> list[list[Part]]:
    """Neighbours of one weight become one part, so that a text is cut into tokens as if it stood there plainly."""
    merged: list[list[Part]] = [[]]
    for run in runs:
        if run.text is None:
            merged.append([])
        elif merged[-1] and merged[-1][-1].weight == run.weight:
            merged[-1][-1] = Part(merged[-1][-1].text + run.text, run.weight)
        elif run.text:
            merged[-1].append(Part(run.text, run.weight))
    return merged
