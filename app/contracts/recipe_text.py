"""The `parameters` text that AUTOMATIC1111 writes into its PNGs: written for our pictures, read from anybody's.

    a photo of a mug
    Negative prompt: blurry
    Steps: 20, Sampler: DDIM, CFG scale: 7, Seed: 5, Size: 512x512, Model: demo

A setting that has no counterpart here is reported by name when a text is read. No value is guessed. The time that
reading takes grows in proportion to the length of the text.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from app.contracts.schedulers import BY_LABEL, LABELS
from app.contracts.texts import label

# Both are matched at one place and never go back, so that no part of a text is gone through again and again.
_NAME: Final = re.compile(r"[A-Za-z][\w \-/]{0,99}")
_QUOTED: Final = re.compile(r'"(?:\\.|[^\\"])*+"\s*+(?=,|$)')
SETTINGS_MAX: Final = 100  # of one text; AUTOMATIC1111 writes about 30
_NEGATIVE: Final = "Negative prompt:"
_SIZE: Final = re.compile(r"([0-9]{1,6})x([0-9]{1,6})")
# Settings that almost every text has and that need no note: they do not change a request here.
_IGNORED: Final = {"Model", "Model hash", "Version", "Schedule type", "VAE", "VAE hash", "TI hashes", "Hashes"}


@dataclass
class ParsedText:
    """The request that a text describes, by the fields of a generation, and a note for each setting left out."""

    request: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def write(recipe: Mapping[str, Any]) -> str:
    """A recipe as text: prompt, negative prompt, and one line of settings in AUTOMATIC1111's order and spelling."""
    settings = {
        "Steps": recipe["steps"],
        "Sampler": LABELS.get(str(recipe["scheduler"]), recipe["scheduler"]),
        "CFG scale": f"{recipe['guidance']:g}",
        "Seed": recipe["seed"],
        "Size": f"{recipe['width']}x{recipe['height']}",
        "Model": recipe["base_model"],
    }
    if recipe.get("strength") is not None:
        settings["Denoising strength"] = f"{recipe['strength']:g}"
    if recipe.get("mask_padding") is not None:
        settings |= {"Inpaint area": "Only masked", "Masked area padding": recipe["mask_padding"]}
    lines = [str(recipe["prompt"])]
    if recipe.get("negative_prompt"):
        lines.append(f"{_NEGATIVE} {recipe['negative_prompt']}")
    lines.append(", ".join(f"{name}: {_quoted(value)}" for name, value in settings.items()))
    return "\n".join(lines)


def read(text: str) -> ParsedText | None:
    """The request that a `parameters` text describes. None for a text without a line of settings."""
    lines = text.strip().split("\n")
    settings = dict(_pairs(lines[-1]))
    if "Steps" not in settings and "Seed" not in settings:
        return None
    prompt, _, negative = "\n".join(lines[:-1]).partition(_NEGATIVE)
    parsed = ParsedText({"prompt": prompt.strip(), "negative_prompt": negative.strip(), "count": 1})
    # Newer versions of AUTOMATIC1111 write the sampler and its schedule as two settings.
    if "Schedule type" in settings and settings["Schedule type"] not in ("Automatic", "Uniform"):
        settings["Sampler"] = label(f"{settings.get('Sampler', '')} {settings['Schedule type']}")
    for name, value in settings.items():
        if name in _READERS:
            _READERS[name](parsed, value)
        elif name not in _IGNORED:
            parsed.notes.append(f"{name} {label(value)} has no counterpart here and was left out.")
    return parsed


def fields(text: str) -> dict[str, str]:
    """A `parameters` text by AUTOMATIC1111's own names: `Prompt`, `Negative prompt` and each setting as it is written.

    A size becomes two fields: `Size: 512x768` is `Size-1: 512` and `Size-2: 768`. Empty for a text without settings.
    """
    lines = text.strip().split("\n")
    settings = dict(_pairs(lines[-1]))
    if "Steps" not in settings and "Seed" not in settings:
        return {}
    prompt, _, negative = "\n".join(lines[:-1]).partition(_NEGATIVE)
    found = {"Prompt": prompt.strip(), "Negative prompt": negative.strip()}
    for name, value in settings.items():
        if (size := _SIZE.fullmatch(value)) is not None:
            found |= {f"{name}-1": size[1], f"{name}-2": size[2]}
        else:
            found[name] = value
    return found


def _quoted(value: object) -> str:
    """Values with a comma, a colon or a line break stand in quotes, as AUTOMATIC1111's reader expects."""
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if any(mark in text for mark in ",:\n") else text


def _pairs(line: str) -> Iterator[tuple[str, str]]:
    """The first settings of the line. A value ends at the next comma, or at its closing quote."""
    start = 0
    for _ in range(SETTINGS_MAX):
        colon = line.find(":", start)
        if colon < 0:
            return
        name = line[start:colon].rpartition(",")[2].strip()
        value, start = _value(line, colon + 1)
        if _NAME.fullmatch(name):
            yield name, value


def _value(line: str, start: int) -> tuple[str, int]:
    """The value that begins at `start`, and where the text behind its comma begins."""
    while line[start : start + 1].isspace():
        start += 1
    if (quoted := _QUOTED.match(line, start)) is not None:
        return _unquoted(quoted[0].strip()), quoted.end() + 1
    end = line.find(",", start)
    end = len(line) if end < 0 else end
    return line[start:end].strip(), end + 1


def _unquoted(value: str) -> str:
    try:
        return str(json.loads(value))
    except ValueError:
        return value


def _number(name: str) -> Callable[[ParsedText, str], None]:
    def take(parsed: ParsedText, value: str) -> None:
        parsed.request[name] = label(value)  # the request's schema converts the text, and refuses what is no number

    return take


def _sampler(parsed: ParsedText, value: str) -> None:
    if value in BY_LABEL:
        parsed.request["scheduler"] = BY_LABEL[value]
    else:
        parsed.notes.append(f"The sampler {label(value)} is not available here. The base model's default is used.")


def _size(parsed: ParsedText, value: str) -> None:
    if (size := _SIZE.fullmatch(value)) is not None:
        parsed.request |= {"width": size[1], "height": size[2]}


def _strength(parsed: ParsedText, value: str) -> None:
    parsed.notes.append(
        f"The picture was drawn from another picture at strength {label(value)}. That picture is not inside this file: "
        "send it with the request."
    )


_READERS: Final[dict[str, Callable[[ParsedText, str], None]]] = {
    "Steps": _number("steps"),
    "CFG scale": _number("guidance"),
    "Seed": _number("seed"),
    "Sampler": _sampler,
    "Size": _size,
    "Denoising strength": _strength,
}
