"""The `parameters` text that AUTOMATIC1111 writes into its PNGs, read as far as it can be drawn here.

Prompt, negative prompt, and a last line of `Name: value` pairs. Whatever has no counterpart is named, not guessed.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

_PAIR: Final = re.compile(r'\s*([A-Za-z][\w \-/]*):\s*("(?:\\.|[^\\"])*"|[^,]*)(?:,|$)')
_NEGATIVE: Final = "Negative prompt:"
_SAMPLERS: Final = {
    "DDIM": "ddim",
    "DPM++ 2M": "dpm++2m",
    "DPM++ 2M Karras": "dpm++2m-karras",
    "Euler": "euler",
    "Euler a": "euler-a",
    "UniPC": "unipc",
    "LCM": "lcm",
}
_SIZE: Final = re.compile(r"(\d+)x(\d+)")
# Said of every picture, and of no use here.
_SILENT: Final = {"Model", "Model hash", "Version", "Schedule type", "VAE", "VAE hash", "TI hashes", "Hashes"}


@dataclass
class Read:
    """What a text asks for, in the fields of a generation, and what it says that they cannot."""

    order: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def read(text: str) -> Read | None:
    """What a `parameters` text asks for; None if it is none."""
    lines = text.strip().split("\n")
    facts = dict(_pairs(lines[-1])) if lines else {}
    if "Steps" not in facts and "Seed" not in facts:
        return None
    prompt, _, negative = "\n".join(lines[:-1]).partition(_NEGATIVE)
    found = Read({"prompt": prompt.strip(), "negative_prompt": negative.strip(), "count": 1})
    if "Schedule type" in facts and facts["Schedule type"] not in ("Automatic", "Uniform"):
        facts["Sampler"] = f"{facts.get('Sampler', '')} {facts['Schedule type']}"  # newer versions tell them apart
    for name, value in facts.items():
        if name in _TAKEN:
            _TAKEN[name](found, value)
        elif name not in _SILENT:
            found.notes.append(f"{name} {value} has no counterpart here and was left out.")
    return found


def _pairs(line: str) -> list[tuple[str, str]]:
    return [(name, _unquoted(value.strip())) for name, value in _PAIR.findall(line)]


def _unquoted(value: str) -> str:
    try:
        return str(json.loads(value)) if value.startswith('"') else value
    except ValueError:
        return value


def _number(name: str) -> Callable[[Read, str], None]:
    def take(found: Read, value: str) -> None:
        found.order[name] = value  # the schema says what is wrong with it

    return take


def _sampler(found: Read, value: str) -> None:
    if value in _SAMPLERS:
        found.order["scheduler"] = _SAMPLERS[value]
    else:
        found.notes.append(f"The sampler {value} is not here; the base model's own is used.")


def _size(found: Read, value: str) -> None:
    if (size := _SIZE.fullmatch(value)) is not None:
        found.order |= {"width": size[1], "height": size[2]}


def _strength(found: Read, value: str) -> None:
    found.notes.append(
        f"It was drawn from another picture, at strength {value}, and that picture is not inside. Give it to draw so."
    )


_TAKEN: Final[dict[str, Callable[[Read, str], None]]] = {
    "Steps": _number("steps"),
    "CFG scale": _number("guidance"),
    "Seed": _number("seed"),
    "Sampler": _sampler,
    "Size": _size,
    "Denoising strength": _strength,
}
