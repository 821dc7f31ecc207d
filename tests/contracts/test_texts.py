"""Texts and numbers that anybody may have written."""

import pytest

from app.contracts.texts import label, storable, whole_number


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a mug", "a mug"),
        ("a\nmug\0\ud83d\u202e", "a\ufffdmug\ufffd\ufffd\ufffd"),
        ("👩\u200d🎨", "👩\u200d🎨"),
        ("n" * 101, "n" * 99 + "…"),
        (7, "7"),
        (-(10**400), "-(a number of many digits)"),
        (2.5, "2.5"),
        (None, "None"),
        ([[[]]], "(list)"),
    ],
)
def test_a_label_is_one_short_line(value: object, shown: str) -> None:
    assert label(value) == shown


def test_a_storable_text_keeps_its_lines_and_loses_what_no_database_takes() -> None:
    assert storable("a\nb\0c\ud83d" + "d" * 100, 6) == "a\nb\ufffdc\ufffd"


@pytest.mark.parametrize(
    ("text", "number"), [("500", 500), ("0", 0), ("²", None), ("٣", None), ("9" * 400, None), ("", None), ("-1", None)]
)
def test_a_whole_number_is_ascii_and_short(text: str, number: int | None) -> None:
    assert whole_number(text) == number
