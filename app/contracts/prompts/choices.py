"""Choices in a prompt: `{red|blue}` is one of the two, and `__colours__` one line of the team's list of that name.

The seed of the picture decides, so the same seed makes the same choices. The n-th choice of a prompt, counted from 0 in
the order in which it is read, takes option `sha256("<seed>/<n>") mod options`: any language can repeat that, and no
release of Python changes it.

    {red|blue} mug          seed 1: "red mug"
    a {big|{very|} small}   choices nest; an option may be empty
    {red}, {red             no choice: the braces stay as they are
    __colours__             a line of the list, in which `{…|…}` is a choice again

A prompt whose choices are made has none left, so a recipe draws the same prompt again. `has_choices` tells whether that
holds: choices that nest more than DEPTH_MAX deep, and choices that spell the name of a list, are left over.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, TypeVar, Union

NAME: Final = r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?"
LIST: Final = re.compile(rf"__({NAME})__", re.IGNORECASE)
DEPTH_MAX: Final = 8  # of choices inside choices; deeper braces stay as they are
_MARK: Final = re.compile(r"[{}|]")

Option = TypeVar("Option")
Node = Union[str, "_Choice"]  # a piece of text, or a choice


class _Choice(list[list[Node]]):
    """The options of one choice."""


def list_names(prompt: str) -> list[str]:
    """The names of the lists that a prompt takes lines from, each once, in lower case."""
    return list(dict.fromkeys(found.lower() for found in LIST.findall(prompt)))


def has_choices(prompt: str) -> bool:
    """Whether the seed changes the prompt."""
    return LIST.search(prompt) is not None or any(isinstance(node, _Choice) for node in _read(prompt))


def chosen(prompt: str, seed: int, lists: Mapping[str, Sequence[str]]) -> str:
    """The prompt with its choices made. `lists` has the lines of every list that it names; none of them is empty."""
    return "".join(_Chooser(seed, lists).made(_read(prompt)))


class _Chooser:
    """Makes the choices of one prompt in turn."""

    def __init__(self, seed: int, lists: Mapping[str, Sequence[str]]) -> None:
        self._seed = seed
        self._lists = lists
        self._made = 0

    def made(self, nodes: Sequence[Node], *, in_a_line: bool = False) -> Iterator[str]:
        """The pieces of a text. A line of a list takes no lines of other lists."""
        for node in nodes:
            if isinstance(node, _Choice):
                yield from self.made(self._one_of(node), in_a_line=in_a_line)
            elif in_a_line:
                yield node
            else:
                yield from self._with_lines(node)

    def _with_lines(self, text: str) -> Iterator[str]:
        pieces = LIST.split(text)  # texts at even places, names of lists between them
        for place, piece in enumerate(pieces):
            if place % 2:
                yield from self.made(_read(self._one_of(self._lists[piece.lower()])), in_a_line=True)
            else:
                yield piece

    def _one_of(self, options: Sequence[Option]) -> Option:
        digest = hashlib.sha256(f"{self._seed}/{self._made}".encode()).digest()
        self._made += 1
        return options[int.from_bytes(digest[:8], "big") % len(options)]


@lru_cache(maxsize=256)
def _read(text: str) -> tuple[Node, ...]:
    """A text as pieces and choices, in one pass."""
    open_: list[_Choice] = [_Choice([[]])]  # the text itself, and every brace that is open
    end = 0
    for mark in _MARK.finditer(text):
        inside = len(open_) > 1
        if mark[0] != "{" and not inside:
            continue
        _add(open_[-1], text[end : mark.start()])
        end = mark.end()
        if mark[0] == "{":
            open_.append(_Choice([[]]))
        elif mark[0] == "|":
            open_[-1].append([])
        else:
            closed = open_.pop()
            if len(closed) > 1 and len(open_) <= DEPTH_MAX:
                open_[-1][-1].append(closed)
            else:
                _add_as_text(open_[-1], closed, "}")
    _add(open_[-1], text[end:])
    while len(open_) > 1:
        closed = open_.pop()
        _add_as_text(open_[-1], closed, "")
    return tuple(open_[0][0])


def _add(into: _Choice, text: str) -> None:
    """Add a piece of text to the last option. Pieces that touch become one, so that no name of a list is cut."""
    last = into[-1]
    if last and isinstance(last[-1], str):
        last[-1] += text
    elif text:
        last.append(text)


def _add_as_text(into: _Choice, closed: _Choice, end: str) -> None:
    """Add what turned out to be no choice: braces and bars are text, and the choices inside stay choices."""
    for place, option in enumerate(closed):
        _add(into, "|" if place else "{")
        for node in option:
            if isinstance(node, str):
                _add(into, node)
            else:
                into[-1].append(node)
    _add(into, end)
