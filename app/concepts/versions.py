"""Stores the result of a version and makes the version ready. No other module of this room writes these columns.

A room above that has to act on a version that became ready registers a function with `on_version_ready`, in a module
that `app.rooms` imports. The function is called in the transaction that makes the version ready.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from app.concepts import queries
from app.concepts.models import Concept, Version
from app.contracts.concept_text import ConceptText
from app.core.database import now
from app.core.errors import NotFound

ReadyHook = Callable[[Session, Concept, Version], None]
ready_hooks: Final[list[ReadyHook]] = []


@dataclass(frozen=True)
class VersionResult:
    """The result of a training or an import. Fields as in `Version`; None leaves a column empty."""

    files: dict[str, Any]
    vectors: int
    steps: int | None = None
    evaluation: float | None = None
    seconds: float | None = None
    base_model_hash: str | None = None
    report: dict[str, Any] | None = None
    origin: dict[str, Any] | None = None
    sample_image_id: str | None = None


def on_version_ready(hook: ReadyHook) -> ReadyHook:
    """Register a function that is called once for each version that becomes ready through a job."""
    ready_hooks.append(hook)
    return hook


def store_result(session: Session, team_id: str, version_id: str, result: VersionResult) -> None:
    """Store a result with a version that is not ready yet, before later steps of the job can fail.

    If the job fails afterwards, the version becomes ready with this result. Raises NotFound.
    """
    version, _ = _with_concept(session, team_id, version_id)
    _store(session, version, result)


def drop_result(session: Session, team_id: str, version_id: str) -> None:
    """Remove a stored result that cannot be used. Raises NotFound."""
    version, _ = _with_concept(session, team_id, version_id)
    _store(session, version, VersionResult(files={}, vectors=version.vectors))


def make_ready(session: Session, team_id: str, version_id: str, result: VersionResult) -> None:
    """Store a result and make the version ready and current. Raises NotFound.

    The caller ends the job in the same transaction.
    """
    version, concept = _with_concept(session, team_id, version_id)
    _store(session, version, result)
    publish(session, version, concept)


def fill_in(session: Session, team_id: str, version_id: str, text: ConceptText, fields: Sequence[str]) -> None:
    """Set those of these fields of a version's concept that a text knows. Raises NotFound."""
    version, concept = _with_concept(session, team_id, version_id)
    for field in fields:
        if value := getattr(text, field):
            setattr(concept, field, value)
    if "initializer" in fields and text.initializer:
        version.initializer = text.initializer
    session.flush()


def publish(session: Session, version: Version, concept: Concept) -> None:
    """Make a version ready and current, and call the hooks. Its result is stored already."""
    version.state = "ready"
    version.finished_at = now(session)
    session.flush()
    concept.current_version = version.number
    session.flush()
    for hook in ready_hooks:
        hook(session, concept, version)


def _with_concept(session: Session, team_id: str, version_id: str) -> tuple[Version, Concept]:
    found = queries.version_in_library(session, team_id, version_id)
    if found is None:
        raise NotFound(
            "The concept was deleted while its job ran, so the result has no place in the library.",
            code="concept-deleted",
        )
    return found


def _store(session: Session, version: Version, result: VersionResult) -> None:
    version.files = result.files
    version.vectors = result.vectors
    version.steps = result.steps
    version.evaluation = result.evaluation
    version.seconds = result.seconds
    version.base_model_hash = result.base_model_hash
    version.origin = result.origin
    version.sample_image_id = result.sample_image_id
    version.set_report(result.report)
    session.flush()
