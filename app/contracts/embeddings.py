"""The specs of import jobs. Pure data, written by the web service and read by the worker."""

from collections.abc import Mapping
from typing import Any, Literal

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


class ImportItem(BaseModel):
    """One file of a bulk import, and the concept that it becomes."""

    concept_id: str
    version_id: str
    placeholder: str
    file: ImportFile
    unset: list[ConceptField] = []


class BulkImportSpec(BaseModel):
    """Many embeddings for one base model, one file each."""

    base_model: str
    kind: ConceptKind
    items: list[ImportItem]


def is_bulk(spec: Mapping[str, Any]) -> bool:
    """Whether the spec of an import job is a `BulkImportSpec`."""
    return "items" in spec
