"""The spec of an import job. Pure data, written by the web service and read by the worker."""

from typing import Literal

from pydantic import BaseModel

from app.contracts.training import ConceptKind

ConceptField = Literal["name", "description", "tags", "kind", "initializer"]


class ImportFile(BaseModel):
    """A file from another tool, by its blob key, with the name that the user's file had."""

    key: str
    name: str


class ImportSpec(BaseModel):
    """One embedding for one base model. Two files make one embedding for SDXL: one file for each text encoder."""

    concept_id: str
    version_id: str
    base_model: str
    placeholder: str
    kind: ConceptKind
    files: list[ImportFile]
    unset: list[ConceptField] = []  # of the concept: what the file itself says is taken for these
