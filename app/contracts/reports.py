"""What is asked of a worker that draws a report again. The rest is read from the version's rows when it is its turn."""

from pydantic import BaseModel


class ReportSpec(BaseModel):
    """One report."""

    concept_id: str
    version_id: str
    base_model: str
