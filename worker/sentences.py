"""The root of the engine's errors: each message is a sentence that a user can act on.

Knows nothing of jobs or rows, so that the engine can stand on it.
"""

from typing import ClassVar


class Sentence(Exception):
    """What happened, to what, and what to do. Another attempt with the same input would end the same way."""

    code: ClassVar[str] = "engine"
    title: ClassVar[str] = "That did not work"
