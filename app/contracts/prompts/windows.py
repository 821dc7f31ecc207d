"""Splits a prompt into windows of as many tokens as a text encoder reads at once, with a weight for each token.

As in AUTOMATIC1111, a full window breaks after a comma if one is near its end. Unlike there, the rows of a concept are
never split between windows. This module knows no tokenizer; the caller passes one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from app.contracts.prompts.emphasis import sections

WINDOWS_MAX: Final = 4
WEIGHT_MAX: Final = 10.0
COMMA_REACH: Final = (20, 75)  # A1111 looks 20 tokens back for a comma, in windows of 75


@dataclass
class Window:
    """Token ids without start, end and padding, and how much each counts."""

    ids: list[int] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)

    @property
    def plain(self) -> bool:
        """Whether every token counts once."""
        return all(weight == 1.0 for weight in self.weights)


@dataclass(frozen=True)
class _Atom:
    """Tokens that are never split between windows: one token, or all rows of a concept."""

    ids: tuple[int, ...]
    weight: float
    comma: bool = False


def cut(
    prompt: str,
    concepts: Mapping[str, Sequence[int]],
    tokenise: Callable[[str], Sequence[int]],
    room: int,
) -> list[Window]:
    """The windows of a prompt, each of at most `room` ids; at least one, however short the prompt.

    `concepts` maps each placeholder, as the prompt writes it, to the ids of its rows, of which there are at most
    `room`.
    """
    comma = tuple(tokenise(","))
    windows: list[Window] = []
    for section in sections(prompt):
        atoms = [
            atom
            for part in section
            for piece in pieces(part.text, concepts)
            for atom in _atoms(piece, part.weight, concepts, tokenise, comma)
        ]
        windows.extend(_filled(atoms, room))
    # A BREAK at the very end begins nothing.
    return windows[:-1] if len(windows) > 1 and not windows[-1].ids else windows


def pieces(text: str, placeholders: Iterable[str]) -> list[str]:
    """The text in pieces: placeholders, and what is between them."""
    # Longest first, so that no placeholder is taken for the beginning of another. No pattern is made of them: every
    # prompt would have to compile its own, which takes longer than to look.
    longest_first = sorted(placeholders, key=len, reverse=True)
    if not longest_first:
        return [text]
    found: list[str] = []
    start = 0
    while places := [(at, each) for each in longest_first if (at := text.find(each, start)) >= 0]:
        at, placeholder = min(places, key=lambda place: place[0])  # of those at one place, the first
        found += [text[start:at], placeholder]
        start = at + len(placeholder)
    return [piece for piece in (*found, text[start:]) if piece]


class Unreadable(NamedTuple):
    """Why a prompt cannot be drawn: a code, and the end of a sentence about it."""

    code: str
    detail: str


def unreadable(windows: Sequence[Window], room: int) -> Unreadable | None:
    """Why a prompt cannot be drawn; None if it can."""
    if any(abs(weight) > WEIGHT_MAX for window in windows for weight in window.weights):
        detail = f"emphasises something more than {WEIGHT_MAX:g} times. Write (like this:1.3), up to {WEIGHT_MAX:g}."
        return Unreadable("emphasis", detail)
    if len(windows) <= WINDOWS_MAX:
        return None
    count, most = sum(len(window.ids) for window in windows), WINDOWS_MAX * room
    if count > most:
        detail = (
            f"has {count} tokens, and at most {most} are read ({WINDOWS_MAX} windows of {room}). "
            f"Shorten it by {count - most}."
        )
    else:
        detail = (
            f"fills {len(windows)} windows of {room} tokens, and at most {WINDOWS_MAX} are read. Shorten it, "
            "or take out a BREAK."
        )
    return Unreadable("too-long", detail)


def _atoms(
    piece: str,
    weight: float,
    concepts: Mapping[str, Sequence[int]],
    tokenise: Callable[[str], Sequence[int]],
    comma: tuple[int, ...],
) -> Iterator[_Atom]:
    if piece in concepts:
        yield _Atom(tuple(concepts[piece]), weight)
        return
    for token in tokenise(piece):
        yield _Atom((token,), weight, (token,) == comma)


def _filled(atoms: Sequence[_Atom], room: int) -> Iterator[Window]:
    """Windows of one section, each as full as it goes."""
    waiting: list[_Atom] = []
    for atom in atoms:
        if _length(waiting) + len(atom.ids) > room:
            full, waiting = _parted(waiting, atom, room)
            yield _window(full)
        if _length(waiting) + len(atom.ids) > room:  # what was taken over leaves no room for a concept of many rows
            yield _window(waiting)
            waiting = []
        waiting.append(atom)
    yield _window(waiting)


def _parted(waiting: list[_Atom], following: _Atom, room: int) -> tuple[list[_Atom], list[_Atom]]:
    """A full window, and what is moved into the next: the words behind its last comma, if that is near its end."""
    reach, of = COMMA_REACH
    if following.comma or _length(waiting) < room:
        return waiting, []
    for place in range(len(waiting) - 1, -1, -1):
        behind = waiting[place + 1 :]
        if _length(behind) + 1 > room * reach // of:
            break
        if waiting[place].comma:
            return waiting[: place + 1], behind
    return waiting, []


def _length(atoms: Iterable[_Atom]) -> int:
    return sum(len(atom.ids) for atom in atoms)


def _window(atoms: Iterable[_Atom]) -> Window:
    window = Window()
    for atom in atoms:
        window.ids.extend(atom.ids)
        window.weights.extend([atom.weight] * len(atom.ids))
    return window
