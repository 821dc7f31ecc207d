"""How a prompt is read, held to what AUTOMATIC1111 makes of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.contracts.prompts import WINDOWS_MAX, cut, pieces, sections, unreadable

# From AUTOMATIC1111's own documentation of its reader.
KNOWN = {
    "normal text": [("normal text", 1.0)],
    "an (important) word": [("an ", 1.0), ("important", 1.1), (" word", 1.0)],
    "(unbalanced": [("unbalanced", 1.1)],
    r"\(literal\]": [("(literal]", 1.0)],
    "(unnecessary)(parens)": [("unnecessaryparens", 1.1)],
    "a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).": [
        ("a ", 1.0),
        ("house", 1.573),
        (" ", 1.1),
        ("on", 1.0),
        (" a ", 1.1),
        ("hill", 0.55),
        (", sun, ", 1.1),
        ("sky", 1.4641),
        (".", 1.1),
    ],
}
VOCABULARY = {",": 1}


def tokenise(text: str) -> list[int]:
    """One token for each word and each comma; the comma's is 1."""
    return [VOCABULARY.setdefault(word, len(VOCABULARY) + 1) for word in text.replace(",", " , ").split()]


def lengths(prompt: str, room: int = 75, **concepts: int) -> list[int]:
    rows = {f"<{name}>": range(10_000, 10_000 + vectors) for name, vectors in concepts.items()}
    return [len(window.ids) for window in cut(prompt, rows, tokenise, room)]


def words(count: int, word: str = "cat") -> str:
    return f" {word}" * count


@pytest.mark.parametrize("prompt", KNOWN)
def test_emphasis_is_read_as_automatic1111_reads_it(prompt: str) -> None:
    (section,) = sections(prompt)
    assert [(part.text, pytest.approx(part.weight)) for part in section] == KNOWN[prompt]


@pytest.mark.parametrize(
    ("prompt", "parts"),
    [
        ("a (<mug>:1.3)", [("a ", 1.0), ("<mug>", 1.3)]),
        ("[[x]]", [("x", 1 / 1.21)]),
        ("(x: .5 )", [("x", 0.5)]),
        ("(x:-1)", [("x", -1.0)]),
        ("x:1.3)", [("x:1.3)", 1.0)]),
        ("12:30, ratio (1:2:1.5)", [("12:30, ratio ", 1.0), ("1:2", 1.5)]),
        ("(x:1.2.3)", [("x:1.2.3", 1.1)]),
        (r"a \\ b\c", [("a \\ bc", 1.0)]),
        ("", []),
    ],
)
def test_odd_spellings_are_read_too(prompt: str, parts: list[tuple[str, float]]) -> None:
    assert [(part.text, pytest.approx(part.weight)) for part in sections(prompt)[0]] == parts


@given(st.text(alphabet="ab ()[]\\:.1,<>BREAK", max_size=60))
def test_any_text_is_a_prompt(prompt: str) -> None:
    windows = cut(prompt, {"<a>": range(10_000, 10_005)}, tokenise, 5)
    assert windows
    assert all(len(window.ids) == len(window.weights) <= 5 for window in windows)


def test_a_full_window_begins_the_next() -> None:
    assert lengths(words(75)) == [75]
    assert lengths(words(76)) == [75, 1]
    assert lengths(words(160)) == [75, 75, 10]


def test_break_begins_a_new_window_and_at_the_end_nothing() -> None:
    assert lengths("a cat BREAK a dog") == [2, 2]
    assert lengths("a cat BREAK BREAK a dog") == [2, 0, 2]
    assert lengths("a cat BREAK") == [2]
    assert lengths("BREAKFAST") == [1]


def test_emphasis_reaches_over_a_break() -> None:
    first, second = cut("(a cat BREAK a dog:1.5)", {}, tokenise, 75)
    assert first.weights == second.weights == [1.5, 1.5]


def test_what_stands_behind_a_near_comma_moves_whole_into_the_next_window() -> None:
    assert lengths(words(60) + "," + words(19)) == [61, 19]  # 14 words would be cut off from their 5 others
    assert lengths(words(50) + "," + words(40)) == [75, 16]  # 25 tokens back is too far
    assert lengths(words(74) + "," + words(3)) == [75, 3]
    assert lengths(words(75) + "," + words(3)) == [75, 4]  # a comma itself moves nothing


def test_a_concepts_rows_are_never_torn_apart() -> None:
    assert lengths(words(70) + " <mug>", mug=8) == [70, 8]
    assert lengths(words(67) + " <mug>", mug=8) == [75]
    assert lengths(words(60) + ", big <mug>", mug=75) == [62, 75]
    assert lengths("<mug>" * 5, room=30, mug=16) == [16] * 5


def test_weights_stay_with_their_tokens() -> None:
    (window,) = cut("a (<mug>:1.3) cat", {"<mug>": [70, 71]}, tokenise, 75)
    assert window.ids[1:3] == [70, 71]
    assert window.weights == [1.0, 1.3, 1.3, 1.0]
    assert not window.plain


def test_a_placeholder_is_not_taken_for_the_beginning_of_another() -> None:
    assert pieces("a <mug@3> and <mug>.", ["<mug>", "<mug@3>"]) == ["a ", "<mug@3>", " and ", "<mug>", "."]


@pytest.mark.parametrize(
    ("text", "placeholders", "cut_up"),
    [
        ("<a><b><a>", ["<b>", "<a>"], ["<a>", "<b>", "<a>"]),
        ("ab abc", ["ab", "abc"], ["ab", " ", "abc"]),
        ("a.c abc", ["a.c"], ["a.c", " abc"]),
        ("aaa", ["aa"], ["aa", "a"]),
        ("nothing here", ["<a>"], ["nothing here"]),
        ("", ["<a>"], []),
        ("", [], [""]),
    ],
)
def test_a_text_is_cut_at_its_placeholders(text: str, placeholders: list[str], cut_up: list[str]) -> None:
    assert pieces(text, placeholders) == cut_up


@pytest.mark.parametrize(
    ("prompt", "says"),
    [
        (words(30 * WINDOWS_MAX + 5), "has 125 tokens, and at most 120 are read (4 windows of 30). Shorten it by 5."),
        ("a BREAK " * 5 + "b", "fills 6 windows of 30 tokens, and at most 4 are read"),
        ("(x:11)", "more than 10 times"),
        ("(" * 400 + "x", "more than 10 times"),
    ],
)
def test_what_cannot_be_read_says_so_with_the_count(prompt: str, says: str) -> None:
    assert says in str(unreadable(cut(prompt, {}, tokenise, 30), 30))


def test_what_fits_is_readable() -> None:
    assert unreadable(cut(words(30 * WINDOWS_MAX), {}, tokenise, 30), 30) is None
