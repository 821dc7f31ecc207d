"""Hypothesis strategies that damage real files: random bytes rarely get past the first four of a format."""

from collections.abc import Sequence
from typing import Final

from hypothesis import strategies as st

# Values that readers of lengths, sizes and offsets get wrong.
_NUMBERS: Final = tuple(
    number.to_bytes(width, order)  # type: ignore[arg-type]
    for width in (1, 2, 4, 8)
    for number in (0, 1, 2 ** (8 * width - 1) - 1, 2 ** (8 * width - 1), 2 ** (8 * width) - 1)
    for order in ("little", "big")
)
_TEXTS: Final = (b"9" * 400, b"\xc2\xb2", b"\xed\xa0\x80", b"-1", b"NaN", b"1e999", b"\0", b"null", b"[" * 300, b"{}")
_CHANGES_MAX: Final = 6


@st.composite
def damaged(draw: st.DrawFn, corpus: Sequence[bytes]) -> bytes:
    """A file of the corpus with some of its bits, bytes, lengths or parts changed; now and then a whole one."""
    content = bytearray(draw(st.sampled_from(corpus)))
    for _ in range(draw(st.integers(0, _CHANGES_MAX))):
        kind = draw(st.sampled_from(("flip", "number", "text", "cut", "remove", "repeat", "splice", "insert")))
        at = draw(st.integers(0, max(0, len(content) - 1)))
        _change(draw, content, kind, at, corpus)
    return bytes(content)


def _change(draw: st.DrawFn, content: bytearray, kind: str, at: int, corpus: Sequence[bytes]) -> None:
    length = draw(st.integers(1, 64))
    if kind == "flip" and content:
        content[at] ^= 1 << draw(st.integers(0, 7))
    elif kind == "number":
        number = draw(st.sampled_from(_NUMBERS))
        content[at : at + len(number)] = number
    elif kind == "text":
        content[at : at + draw(st.integers(0, 4))] = draw(st.sampled_from(_TEXTS))
    elif kind == "cut":
        del content[at:]
    elif kind == "remove":
        del content[at : at + length]
    elif kind == "repeat":
        content[at:at] = content[at : at + length] * draw(st.integers(1, 8))
    elif kind == "splice":  # the head of one file and the tail of another
        other = draw(st.sampled_from(corpus))
        content[at:] = other[draw(st.integers(0, max(0, len(other) - 1))) :]
    else:
        content[at:at] = draw(st.binary(max_size=16))


def texts(*parts: str) -> st.SearchStrategy[str]:
    """Texts made of the marks of a grammar, of `parts`, and of anything at all between them."""
    odd = ("9" * 400, "²", "\ud800", "\0", "-1", "NaN", "\u202e", "é", "🙂", " ", "\n")
    pieces = st.sampled_from((*parts, *odd)) | st.text(max_size=8) | st.integers().map(str)
    return st.lists(pieces, max_size=20).map("".join)


JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
