"""What a finished word is asked to draw: plainly, and in sentences that no training caption resembles."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Held:
    """A prompt with a place for the word, and the same without the word: what its pictures are compared with.

    The word is left out, as Gal et al. 2022 (arXiv 2208.01618, section 5) do: the scorer has never heard of it.
    """

    prompt: str
    text: str


PLAIN: Mapping[str, str] = {"object": "a photo of a {}", "style": "a painting in the style of {}"}

# None of them is among `worker.engine.inversion.templates`. The demo model knows every word, and so does any other.
HELD_OUT: Mapping[str, tuple[Held, ...]] = {
    "object": (
        Held("a {} on the beach", "on the beach"),
        Held("a {} at night", "at night"),
        Held("a {} in the snow", "in the snow"),
        Held("a sketch of a {}", "a sketch"),
    ),
    "style": (
        Held("a cat in the style of {}", "a cat"),
        Held("a house in the style of {}", "a house"),
        Held("a tree in the style of {}", "a tree"),
        Held("a car on the beach in the style of {}", "a car on the beach"),
    ),
}
