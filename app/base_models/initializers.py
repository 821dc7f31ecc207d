"""Checks a concept's initializer and its placeholder against the base model."""

from collections.abc import Collection
from typing import Final

from app.base_models.catalog import AllowedModel
from app.contracts.placeholders import GRAMMAR, PLACEHOLDER, slug
from app.core.errors import InitializerError, PlaceholderError

INITIALIZER_CHARACTERS_MAX: Final = 100


def is_known(model: AllowedModel, text: str) -> bool:
    """Whether every word of a text is one token of the base model, and at least one of them has letters."""
    words = text.split()
    return any(character.isalpha() for character in text) and all(model.tokenizer.knows(word) for word in words)


def checked_initializer(model: AllowedModel, text: str) -> str:
    """The initializer with single spaces and in lower case. Raises InitializerError with suggestions."""
    normalized = " ".join(text.split()).lower()
    if not normalized:
        raise InitializerError(
            "The initializer is empty. Say in one word what the pictures show, for example mug.",
            field="initializer",
            code="initializer-empty",
        )
    if len(normalized) > INITIALIZER_CHARACTERS_MAX:
        raise InitializerError(
            f"The initializer is {len(normalized)} characters long. One word, or a few, say enough.",
            field="initializer",
            code="initializer-long",
        )
    if not is_known(model, normalized):
        unknown = [word for word in normalized.split() if not is_known(model, word)]
        near = model.vocabulary.near(normalized)
        advice = f"Near words are: {', '.join(near)}." if near else "Use a plainer word for the same thing."
        raise InitializerError(
            f"{model.facts.name} does not know the word {', '.join(unknown)}. {advice}",
            field="initializer",
            code="initializer-unknown",
            suggestions=near,
        )
    return normalized


def checked_placeholder(model: AllowedModel, text: str, taken: Collection[str]) -> str:
    """The placeholder without outer spaces. Raises PlaceholderError with a free placeholder as suggestion."""
    normalized = text.strip()
    if not normalized:
        raise _refused("The placeholder is empty. It is the new word itself, such as <my-mug>.", "empty", [])
    proposal = free_placeholder(normalized, taken)
    bare = normalized.removeprefix("<").removesuffix(">").lower()
    if model.tokenizer.knows(bare):
        detail = f"{normalized} is a word that the base model already knows. Make it a new one: {proposal}."
        raise _refused(detail, "is-word", [proposal])
    if not PLACEHOLDER.fullmatch(normalized):
        if any(character.isspace() for character in normalized):
            fault = "has a space in it"
        elif not (normalized.startswith("<") and normalized.endswith(">")):
            fault = "is not between < and >"
        else:
            fault = "has a character that cannot be in one, or is too long"
        raise _refused(
            f"The placeholder {normalized} {fault}. It is {GRAMMAR}, for example {proposal}.", "malformed", [proposal]
        )
    if normalized in taken:
        raise _refused(
            f"{normalized} is already a concept of your team. Choose another, such as {proposal}, or teach that one "
            "again.",
            "taken",
            [proposal],
        )
    return normalized


def free_placeholder(text: str, taken: Collection[str]) -> str:
    """A placeholder made from a text that the team does not use yet: `mug` -> `<my-mug>`, `<my-mug-2>`, …"""
    word = slug(text)
    stem = word if word.startswith("my-") else f"my-{word}"
    proposal, number = f"<{stem}>", 2
    while proposal in taken:
        proposal, number = f"<{stem}-{number}>", number + 1
    return proposal


def _refused(detail: str, code: str, suggestions: list[str]) -> PlaceholderError:
    return PlaceholderError(
        detail, field="placeholder", code=f"placeholder-{code}", suggestions=suggestions or ["<my-mug>"]
    )
