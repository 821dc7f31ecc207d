"""Texts and numbers from files that anybody may have written."""

import re
from typing import Final

_UNUSABLE: Final = re.compile("[\ud800-\udfff\0]")  # halves of characters, and what no database stores
_WHOLE_NUMBER: Final = re.compile(r"[0-9]{1,9}")
_JOINERS: Final = "\u200c\u200d"  # inside emoji, and between letters of some scripts
REPLACEMENT: Final = "\ufffd"


def storable(text: str, characters: int) -> str:
    """The first `characters` of a text, with a replacement for what no database and no answer can hold."""
    return _UNUSABLE.sub(REPLACEMENT, text[:characters])


def label(value: object, characters: int = 100) -> str:
    """A text or a number on one line and cut, to be shown in a list or a sentence. Other values by their type."""
    if isinstance(value, bool | float) or value is None:
        return str(value)
    if isinstance(value, int):
        return str(value) if value.bit_length() <= 64 else f"{'-' if value < 0 else ''}(a number of many digits)"
    if not isinstance(value, str):
        return f"({type(value).__name__})"
    cut = value[: characters - 1] + "…" if len(value) > characters else value
    return "".join(each if each.isprintable() or each in _JOINERS else REPLACEMENT for each in cut)


def whole_number(text: str) -> int | None:
    """The number that one to nine ASCII digits write. `str.isdigit` is also true for `²`, which int refuses."""
    return int(text) if _WHOLE_NUMBER.fullmatch(text) else None
