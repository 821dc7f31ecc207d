"""The spec of a report job. The worker reads everything else from the version's rows when the job runs."""

from pydantic import BaseModel


class ReportSpec(BaseModel):
    """One report."""

    concept_id: str
    version_id: str
    base_model: str
