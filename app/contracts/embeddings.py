"""What is asked of a worker that imports an embedding. Pure data, written by the service and read by the worker."""

from typing import Literal

from pydantic import BaseModel


class ImportFile(BaseModel):
    """A file from another tool, by its blob key, and the name its owner gave it."""

    key: str
    name: str


class ImportSpec(BaseModel):
    """One embedding for one base model. Two files are one embedding: one for each text encoder of SDXL."""

    concept_id: str
    version_id: str
    base_model: str
    placeholder: str
    kind: Literal["object", "style"]
    files: list[ImportFile]
