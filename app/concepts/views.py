"""Builds the responses about the library from its rows. A page of concepts takes five queries, whatever its length."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.accounts import queries as accounts
from app.accounts.principal import Principal
from app.concepts import queries
from app.concepts.models import Concept, Version
from app.concepts.schemas import (
    ConceptOut,
    EmbeddingOut,
    OriginOut,
    PictureOut,
    PreviewOut,
    VersionOut,
)
from app.embeddings.exporting.service import format_names
from app.generation import queries as generation
from app.jobs.schemas import Person


def describe(session: Session, reader: Principal, concept: Concept) -> ConceptOut:
    """A concept with its current version, as the reader sees it."""
    return describe_all(session, reader, [concept])[0]


def versions(session: Session, concept: Concept) -> list[VersionOut]:
    """Every version of a concept, newest first."""
    found = queries.versions(session, concept.team_id, [concept.id])
    return describe_versions(session, concept.team_id, found, [concept])


def describe_all(session: Session, reader: Principal, concepts: Sequence[Concept]) -> list[ConceptOut]:
    """Concepts of one team with their current versions."""
    if not concepts:
        return []
    team_id = concepts[0].team_id
    by_concept: dict[str, list[Version]] = defaultdict(list)
    for version in queries.versions(session, team_id, [concept.id for concept in concepts]):
        by_concept[version.concept_id].append(version)
    shown = [shown for concept in concepts if (shown := _shown(concept, by_concept[concept.id])) is not None]
    described = {version.id: version for version in describe_versions(session, team_id, shown, concepts)}
    names = accounts.names(session, {concept.owner_id for concept in concepts})
    return [_concept(concept, reader, by_concept[concept.id], described, names) for concept in concepts]


def describe_versions(
    session: Session, team_id: str, versions: Sequence[Version], concepts: Sequence[Concept]
) -> list[VersionOut]:
    """Versions with their pictures and previews."""
    pictures: dict[str, list[PictureOut]] = defaultdict(list)
    placeholders = {concept.id: concept.placeholder for concept in concepts}
    word = {version.id: placeholders.get(version.concept_id, "") for version in versions}
    for version_id, id_, width, height, caption, masked in queries.pictures_shown(session, team_id, word.keys()):
        url = f"/api/pictures/{id_}"
        shown = PictureOut(
            id=id_,
            url=url,
            width=width,
            height=height,
            caption=caption.replace("{}", word[version_id]),
            mask=f"{url}/mask" if masked else None,
        )
        pictures[version_id].append(shown)
    previews: dict[str, list[PreviewOut]] = defaultdict(list)
    job_ids = [each.job_id for each in versions if each.job_id]
    for job_id, id_, step in generation.previews_shown(session, team_id, job_ids):
        previews[job_id].append(PreviewOut(step=step, url=f"/api/images/{id_}"))
    current = {concept.id: concept.current_version for concept in concepts}
    return [
        _version(
            version,
            version.number == current.get(version.concept_id),
            pictures[version.id],
            previews[version.job_id or ""],
        )
        for version in versions
    ]


def _shown(concept: Concept, versions: Sequence[Version]) -> Version | None:
    """The current version, or the newest while none is ready."""
    current = next((version for version in versions if version.number == concept.current_version), None)
    return current or (versions[0] if versions else None)


def _concept(
    concept: Concept,
    reader: Principal,
    versions: Sequence[Version],
    described: dict[str, VersionOut],
    names: dict[str, str],
) -> ConceptOut:
    shown = _shown(concept, versions)
    out = None if shown is None else described[shown.id]
    training = next((version.job_id for version in versions if version.state == "training"), None)
    return ConceptOut(
        id=concept.id,
        name=concept.name,
        placeholder=concept.placeholder,
        initializer=concept.initializer,
        kind=concept.kind,
        base_model=concept.base_model,
        family=concept.family,
        description=concept.description,
        tags=concept.tags,
        owner=Person(id=concept.owner_id, name=names.get(concept.owner_id, "")),
        may_change=reader.may_change(concept.owner_id),
        state="failed" if out is None else out.state,
        current_version=out if out is not None and out.current else None,
        version_count=len(versions),
        sample=None if out is None else out.sample,
        pictures=[] if out is None else out.pictures,
        training_job=training,
        score=None if out is None or not out.current else out.score,
        created_at=concept.created_at,
        updated_at=concept.updated_at,
    )


def _version(version: Version, current: bool, pictures: list[PictureOut], previews: list[PreviewOut]) -> VersionOut:
    # A trained version stores its files and its report before it is ready; until then they may still change.
    ready = version.state == "ready"
    native = version.files.get("oneword") if ready else None
    return VersionOut(
        id=version.id,
        number=version.number,
        state=version.state,
        current=current,
        base_model=version.base_model,
        base_model_hash=version.base_model_hash,
        initializer=version.initializer,
        vectors=version.vectors,
        steps=version.steps,
        evaluation=version.evaluation,
        seconds=version.seconds,
        score=version.score if ready else None,
        embedding=None
        if native is None
        else EmbeddingOut(
            bytes=native["bytes"],
            sha256=native["sha256"],
            widths=native.get("widths", {}),
            formats=format_names(version),
        ),
        sample=_sample(version),
        report=f"{_address(version)}/report" if ready and version.has_report else None,
        origin=None if version.origin is None else OriginOut.model_validate(version.origin),
        previews=previews,
        pictures=pictures,
        job_id=version.job_id,
        created_at=version.created_at,
        finished_at=version.finished_at,
    )


def _address(version: Version) -> str:
    return f"/api/concepts/{version.concept_id}/versions/{version.number}"


def _sample(version: Version) -> str | None:
    """The address of a picture that the version drew: the last of its training, or a report's for a checkpoint."""
    if version.sample_image_id is not None:
        return f"/api/images/{version.sample_image_id}"
    drawing = (version.origin or {}).get("drawing")
    return None if drawing is None else f"{_address(version)}/report/drawings/{drawing}"
