"""Reports: what a version can do, and making a kept checkpoint a version of its own."""

from typing import Any

from sqlalchemy.orm import Session

from app.concepts import queries
from app.concepts.models import Concept, Version
from app.core.database import now
from app.core.errors import NotFound
from app.jobs import queries as ledger
from app.reports.schemas import CheckpointOut, InitializerOut, ReportDrawing, ReportOut, ScoresOut


def version_of(session: Session, concept: Concept, number: int) -> Version:
    """One version of a concept."""
    version = queries.version(session, concept.team_id, concept.id, number)
    if version is None:
        raise NotFound(f"{concept.placeholder} has no version {number}.", field="number")
    return version


def describe(session: Session, concept: Concept, version: Version) -> ReportOut:
    """A version's report as its team sees it."""
    report = _report(concept, version)
    failed = report.get("failed")
    job = ledger.drawing_report(session, concept.team_id, concept.id, version.id) if failed else None
    base = f"/api/concepts/{concept.id}/versions/{version.number}/report/drawings"
    drawings: dict[int | None, list[ReportDrawing]] = {}
    for place, each in enumerate(report["drawings"]):
        drawn = ReportDrawing(url=f"{base}/{place}", prompt=each["prompt"], seed=each["seed"])
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


def drawing_key(concept: Concept, version: Version, place: int) -> str:
    """Where one picture of a report is stored."""
    drawings = _report(concept, version)["drawings"]
    if not 0 <= place < len(drawings):
        raise NotFound(f"The report has {len(drawings)} drawings, and none with the number {place}.")
    key: str = drawings[place]["key"]
    return key


def use_checkpoint(session: Session, concept: Concept, version: Version, step: int) -> Version:
    """Make a kept checkpoint the current version: a new one, since what was drawn with the others stays true."""
    report = _report(concept, version)
    checkpoint = next((each for each in report["checkpoints"] if each["step"] == step), None)
    if checkpoint is None:
        kept = ", ".join(str(each["step"]) for each in report["checkpoints"])
        raise NotFound(f"Version {version.number} has no checkpoint of step {step}. It has those of: {kept}.")
    existing = _made_of(session, concept, version, step)
    if existing is None:
        existing = _new_version(session, concept, version, checkpoint)
    concept.current_version = existing.number
    session.flush()
    return existing


def _made_of(session: Session, concept: Concept, version: Version, step: int) -> Version | None:
    """The version that is made of a checkpoint already: the one that kept it, or one made of it before."""
    root = _root(version)
    for each in queries.versions(session, concept.team_id, [concept.id]):
        if each.has_report and _root(each) == root and _report(concept, each)["chosen"] == step:
            return each
    return None


def _root(version: Version) -> int:
    """The number of the version whose teaching kept the checkpoints."""
    return int((version.origin or {}).get("version", version.number))


def _new_version(session: Session, concept: Concept, version: Version, checkpoint: dict[str, Any]) -> Version:
    report = {**_report(concept, version), "chosen": checkpoint["step"]}
    drawn = next((place for place, each in enumerate(report["drawings"]) if each["step"] == checkpoint["step"]), None)
    moment = now(session)
    made = Version(
        team_id=concept.team_id,
        concept_id=concept.id,
        number=queries.next_number(session, concept.id),
        state="ready",
        base_model=version.base_model,
        base_model_hash=version.base_model_hash,
        initializer=version.initializer,
        vectors=version.vectors,
        steps=checkpoint["step"],
        evaluation=checkpoint["evaluation"],
        files={"oneword": checkpoint["oneword"]},
        origin={"version": _root(version), "step": checkpoint["step"], "drawing": drawn},
        report=report,
        created_at=moment,
        finished_at=moment,
    )
    session.add(made)
    session.flush()
    for picture in queries.pictures(session, concept.team_id, [version.id]):
        same = picture.again()
        same.version_id = made.id
        session.add(same)
    return made


def _report(concept: Concept, version: Version) -> dict[str, Any]:
    if version.report is None:
        why = "it is still being taught" if version.state == "training" else "none was drawn for it"
        raise NotFound(f"Version {version.number} of {concept.placeholder} has no report: {why}.", code="no-report")
    return version.report


def _scores(found: dict[str, Any] | None) -> ScoresOut | None:
    if found is None or found["likeness"] is None:
        return None
    return ScoresOut(likeness=found["likeness"], editability=found["editability"], copying=found["copying"])
