"""Request and response schemas of a bulk import."""

from pydantic import BaseModel, Field

from app.jobs.schemas import JobOut


class RefusedFileOut(BaseModel):
    """A file that was left out of a bulk import."""

    name: str = Field(description="The file's name as it was sent.")
    detail: str = Field(description="Why it cannot be imported, and what to send.")


class ImportedConcept(BaseModel):
    """A concept that a bulk import adds. It is ready when the job has ended."""

    id: str
    placeholder: str = Field(description="Made from the file's name.")


class BulkAccepted(BaseModel):
    """The job of a bulk import, with the concepts that it adds and the files that it leaves out."""

    job: JobOut
    concepts: list[ImportedConcept]
    refused: list[RefusedFileOut] = Field(
        description="Files that cannot be embeddings. What is wrong inside a file the job says in a `warning` event."
    )
