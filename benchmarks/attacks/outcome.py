"""What came of an attack."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """The answer in words, and how long an honest request waited, if the attack is about one of its own kind."""

    answer: str
    waited: float | None = None
