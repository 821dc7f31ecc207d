"""The root of the engine's errors: each message is a sentence that a user can act on.

    UserError
    ├── BaseModelError       the base model cannot be loaded
    ├── EmbeddingError       a file is no embedding, or one for another base model
    ├── InversionError       the word could not be learned
    └── DrawingError         the request cannot be drawn

Knows nothing of jobs or rows, so that the engine can stand on it.
"""

from typing import ClassVar


class UserError(Exception):
    """What happened, to what, and what to do. Another attempt with the same input would end the same way."""

    code: ClassVar[str] = "engine"
    title: ClassVar[str] = "That did not work"
    field: ClassVar[str | None] = None  # of the form or request that is at fault


class BaseModelError(UserError):
    """The base model cannot be loaded."""

    code = "base-model"
    title = "The base model cannot be loaded"


class EmbeddingError(UserError):
    """A file is no embedding, or one for another base model."""

    code = "embedding"
    title = "That embedding cannot be used"
    field = "file"


class InversionError(UserError):
    """The word could not be learned."""

    code = "inversion"
    title = "The word could not be learned"


class DrawingError(UserError):
    """The request cannot be drawn."""

    code = "drawing"
    title = "That cannot be drawn"
