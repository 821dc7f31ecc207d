"""The names of pictures in a zip."""

from collections.abc import Sequence
from typing import Final

from app.concepts.search_terms import split
from app.generation.models import Generation, Image

NAME_MAX: Final = 60  # characters of a prompt in a file's name


def file_names(pictures: Sequence[tuple[Image, Generation]]) -> list[str]:
    """A name for each picture: its place, the words of its prompt in ASCII, its seed."""
    digits = len(str(len(pictures)))
    return [
        f"{number:0{digits}}-{_words(generation.prompt)}{image.seed}.png"
        for number, (image, generation) in enumerate(pictures, 1)
    ]


def _words(prompt: str) -> str:
    kept = [term for term in split(prompt[:500]) if term.isascii()]
    text = "-".join(kept)[:NAME_MAX].strip("-")
    return f"{text}-" if text else ""
