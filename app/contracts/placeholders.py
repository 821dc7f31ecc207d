"""The grammar of placeholders: `<my-mug>`, and `<my-mug@3>` for one version of the concept."""

import re
from typing import Final

PATTERN: Final = "<[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?>"
PLACEHOLDER: Final = re.compile(PATTERN)
GRAMMAR: Final = "lower-case letters, digits and hyphens between < and >, at most 40 of them"

# In a prompt, any text between < and > is meant as a concept. The pattern is wider than PLACEHOLDER so that a
# misspelt placeholder is reported and not drawn as text.
WRITTEN: Final = re.compile(r"<(?P<word>[^<>@\s][^<>@]{0,80})(?:@(?P<number>[^<>]{0,20}))?>")
VERSION_NUMBER: Final = re.compile(r"[0-9]{1,6}")


def pinned(placeholder: str, version: object) -> str:
    """The placeholder of one version: `<mug>` and 3 -> `<mug@3>`."""
    return f"{placeholder[:-1]}@{version}>"


def slug(text: str) -> str:
    """A text in the placeholder's alphabet, at most 30 characters: `Red Mug!` -> `red-mug`; `!` -> `word`."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:30].strip("-") or "word"
