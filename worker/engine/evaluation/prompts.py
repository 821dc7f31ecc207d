"""The prompts of the report: one plain prompt, and held-out prompts that no training caption resembles."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class HeldOutPrompt:
    """A prompt with {} for the concept, and the text that its drawings are compared with.

    The text leaves the concept out, as in Gal et al. 2022 (arXiv 2208.01618, section 5), because the scorer does not
    know the concept.
    """

    prompt: str
    text: str


PLAIN: Mapping[str, str] = {"object": "a photo of a {}", "style": "a painting in the style of {}"}

# No prompt is among `worker.engine.inversion.templates`. The demo model, with its small vocabulary, knows every word.
HELD_OUT: Mapping[str, tuple[HeldOutPrompt, ...]] = {
    "object": (
        HeldOutPrompt("a {} on the beach", "on the beach"),
        HeldOutPrompt("a {} at night", "at night"),
        HeldOutPrompt("a {} in the snow", "in the snow"),
        HeldOutPrompt("a sketch of a {}", "a sketch"),
    ),
    "style": (
        HeldOutPrompt("a cat in the style of {}", "a cat"),
        HeldOutPrompt("a house in the style of {}", "a house"),
        HeldOutPrompt("a tree in the style of {}", "a tree"),
        HeldOutPrompt("a car on the beach in the style of {}", "a car on the beach"),
    ),
}
