"""Finds a version's report, and turns one of its checkpoints into a version. `app.reports.views` describes reports."""

from typing import Any

from sqlalchemy.orm import Session

from app.concepts import queries
from app.concepts.models import Concept, Version, score_of
from app.core.database import now
from app.core.errors import NotFound


def version_of(session: Session, concept: Concept, number: int) -> Version:
    """One version of a concept."""
    version = queries.version(session, concept.team_id, concept.id, number)
    if version is None:
        raise NotFound(f"{concept.placeholder} has no version {number}.", field="number")
    return version


def report_of(concept: Concept, version: Version) -> dict[str, Any]:
    """The report of a version. Raises NotFound with the reason if it has none."""
    if version.report is None or version.state == "training":
        reason = "it is still being taught" if version.state == "training" else "none was drawn for it"
        raise NotFound(f"Version {version.number} of {concept.placeholder} has no report: {reason}.", code="no-report")
    return version.report


def drawing_key(concept: Concept, version: Version, index: int) -> str:
    """The blob key of one drawing of a report, counted from 0."""
    drawings = report_of(concept, version)["drawings"]
    if not 0 <= index < len(drawings):
        raise NotFound(f"The report has {len(drawings)} drawings, and none has the number {index}.")
    key: str = drawings[index]["key"]
    return key


def use_checkpoint(session: Session, concept: Concept, version: Version, step: int) -> Version:
    """Make a checkpoint the current version. Versions never change, so the checkpoint becomes a new version."""
    report = report_of(concept, version)
    checkpoint = next((each for each in report["checkpoints"] if each["step"] == step), None)
    if checkpoint is None:
        kept = ", ".join(str(each["step"]) for each in report["checkpoints"])
        raise NotFound(f"Version {version.number} has no checkpoint of step {step}. It has those of the steps {kept}.")
    existing = _existing(session, concept, version, step)
    if existing is None:
        existing = _new_version(session, concept, version, checkpoint)
    concept.current_version = existing.number
    session.flush()
    return existing


def _existing(session: Session, concept: Concept, version: Version, step: int) -> Version | None:
    """The version that already has a checkpoint's embedding: its training chose it, or a person did before."""
    root = _root(version)
    for each in queries.versions(session, concept.team_id, [concept.id]):
        if each.has_report and _root(each) == root and report_of(concept, each)["chosen"] == step:
            return each
    return None


def _root(version: Version) -> int:
    """The number of the version whose training kept the checkpoints."""
    return int((version.origin or {}).get("version", version.number))


def _new_version(session: Session, concept: Concept, version: Version, checkpoint: dict[str, Any]) -> Version:
    report = {**report_of(concept, version), "chosen": checkpoint["step"]}
    drawing = next((index for index, each in enumerate(report["drawings"]) if each["step"] == checkpoint["step"]), None)
    moment = now(session)
    created = Version(
        team_id=concept.team_id,
        concept_id=concept.id,
        number=queries.next_number(session, concept.team_id, concept.id),
        state="ready",
        base_model=version.base_model,
        base_model_hash=version.base_model_hash,
        initializer=version.initializer,
        vectors=version.vectors,
        steps=checkpoint["step"],
        evaluation=checkpoint["evaluation"],
        files={"oneword": checkpoint["oneword"]},
        origin={"version": _root(version), "step": checkpoint["step"], "drawing": drawing},
        report=report,
        score=score_of(report),
        created_at=moment,
        finished_at=moment,
    )
    session.add(created)
    session.flush()
    for picture in queries.pictures(session, concept.team_id, [version.id]):
        copy = picture.copy()
        copy.version_id = created.id
        session.add(copy)
    return created
