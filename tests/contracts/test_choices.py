"""Choices in prompts: the seed decides, nothing is left over, and reading takes time in proportion to the length."""

import hashlib

import pytest

from app.contracts.prompts.choices import chosen, has_choices, list_names

LISTS = {"colours": ["red", "dark {blue|green}"]}


def test_the_same_seed_makes_the_same_choices_by_the_rule_that_is_documented() -> None:
    prompt = "{a|b|c} and {x|y}"
    for seed in range(20):
        first, second = (
            int.from_bytes(hashlib.sha256(f"{seed}/{n}".encode()).digest()[:8], "big") % count
            for n, count in ((0, 3), (1, 2))
        )
        assert chosen(prompt, seed, {}) == f"{'abc'[first]} and {'xy'[second]}"
    assert {chosen(prompt, seed, {}) for seed in range(60)} == {f"{a} and {x}" for a in "abc" for x in "xy"}


@pytest.mark.parametrize(
    ("prompt", "possible"),
    [
        ("a {big|{very|} small} cat", {"a big cat", "a very small cat", "a  small cat"}),
        ("{red}, {red and |", {"{red}, {red and |"}),
        ("{a{b|c}d}", {"{abd}", "{acd}"}),
        ("{ {a|b} {c|d", {"{ a {c|d", "{ b {c|d"}),
        ("__Colours__ sky", {"red sky", "dark blue sky", "dark green sky"}),
        ("{__colours__|no} sky", {"red sky", "dark blue sky", "dark green sky", "no sky"}),
        ("x {<mug>|<dog@2>} (y:1.2)", {"x <mug> (y:1.2)", "x <dog@2> (y:1.2)"}),
        ("____ _a_ __", {"____ _a_ __"}),
    ],
)
def test_what_is_a_choice_and_what_is_text(prompt: str, possible: set[str]) -> None:
    made = {chosen(prompt, seed, LISTS) for seed in range(100)}
    assert made == possible
    assert has_choices(prompt) is (made != {prompt})
    assert not any(map(has_choices, made)), "a recipe draws the same prompt again"


def test_the_lists_of_a_prompt_are_named_once() -> None:
    assert list_names("__a__ {__b-c__|__A__} __-x__") == ["a", "b-c"]


def test_braces_without_end_are_read_once() -> None:
    for text in ("{" * 100_000, "{a|" * 50_000, "{" + "{a|b}" * 20_000, "}" * 100_000 + "|" * 1000):
        assert len(chosen(text, 1, {})) <= len(text)
