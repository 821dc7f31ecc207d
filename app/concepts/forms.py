"""The form fields that describe a new concept, the same for training and for importing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Form

from app.contracts.training import KINDS

Text = Annotated[str, Form(max_length=5000)]


@dataclass(frozen=True)
class ConceptForm:
    """The form's description of a new concept, not yet checked."""

    placeholder: str
    initializer: str
    kind: str
    base_model: str | None
    name: str
    description: str
    tags: Sequence[str]


def _new_concept(
    placeholder: Text = "",
    initializer: Text = "",
    kind: Annotated[
        str, Form(max_length=5000, description="Empty: `object`.", json_schema_extra={"enum": [*KINDS]})
    ] = "",
    base_model: Annotated[str | None, Form()] = None,
    name: Annotated[str, Form(max_length=100)] = "",
    description: Text = "",
    tags: Annotated[list[str], Form()] = [],  # noqa: B006
) -> ConceptForm:
    return ConceptForm(placeholder, initializer, kind, base_model, name, description, tuple(tags))


Named = Annotated[ConceptForm, Depends(_new_concept)]
