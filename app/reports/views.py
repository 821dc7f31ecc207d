"""Builds the response about a version's report."""

from typing import Any

from sqlalchemy.orm import Session

from app.concepts.models import Concept, Version
from app.jobs import queries as jobs
from app.reports.schemas import CheckpointOut, InitializerOut, ReportDrawing, ReportOut, ScoresOut
from app.reports.service import report_of


def describe(session: Session, concept: Concept, version: Version) -> ReportOut:
    """A version's report with its drawings and, if it failed, the job that draws it again."""
    report = report_of(concept, version)
    failed = report.get("failed")
    job = jobs.drawing_report(session, concept.team_id, concept.id, version.id) if failed else None
    base = f"/api/concepts/{concept.id}/versions/{version.number}/report/drawings"
    drawings: dict[int | None, list[ReportDrawing]] = {}
    for index, each in enumerate(report["drawings"]):
        drawn = ReportDrawing(url=f"{base}/{index}", prompt=each["prompt"], seed=each["seed"])
        drawings.setdefault(each["step"], []).append(drawn)
    initializer = report["initializer"]
    return ReportOut(
        version=version.number,
        scorer=report["scorer"],
        failed=failed,
        job_id=None if job is None else job.id,
        prompts=[prompt.format(concept.placeholder) for prompt in report["prompts"]],
        pictures=_scores(report["pictures"]),
        initializer=None
        if initializer is None
        else InitializerOut(text=initializer["text"], scores=_scores(initializer), drawings=drawings.get(None, [])),
        checkpoints=[
            CheckpointOut(
                step=each["step"],
                evaluation=each["evaluation"],
                chosen=each["step"] == report["chosen"],
                scores=_scores(each),
                drawings=drawings.get(each["step"], []),
            )
            for each in report["checkpoints"]
        ],
    )


def _scores(entry: dict[str, Any] | None) -> ScoresOut | None:
    if entry is None or entry["likeness"] is None:
        return None
    return ScoresOut(likeness=entry["likeness"], editability=entry["editability"], copying=entry["copying"])
