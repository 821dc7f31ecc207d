"""The engine's errors. Each message is a sentence that tells a user what to do.

    UserError
    ├── BaseModelError       the base model cannot be loaded
    ├── EmbeddingError       a file is not an embedding, or is for another base model
    ├── InversionError       the word could not be learned
    └── DrawingError         the request cannot be drawn

This module knows neither jobs nor rows, so the engine can use it without the rest of the worker.
"""

from typing import ClassVar


class UserError(Exception):
    """An error whose message says what happened, to what, and what to do. A retry with the same input fails again."""

    code: ClassVar[str] = "engine"
    title: ClassVar[str] = "That did not work"
    field: ClassVar[str | None] = None  # the invalid field of the form or request


class BaseModelError(UserError):
    """The base model cannot be loaded."""

    code = "base-model"
    title = "The base model cannot be loaded"


class EmbeddingError(UserError):
    """A file is not an embedding, or is for another base model."""

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
