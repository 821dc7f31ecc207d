"""Base models and concepts by AUTOMATIC1111's names.

An embedding's name there is the name of its file without the ending: the export of `<my-mug>` is `my-mug.pt`, and
prompts say `my-mug`. AUTOMATIC1111 finds such a name wherever it stands in a prompt, in capitals too, and so does
`with_placeholders`.
"""

import re
from typing import Final

from sqlalchemy.orm import Session

from app.base_models.catalog import AllowedModel, Catalog
from app.compat.automatic1111.parameters import CHECKPOINT, FIXED_SETTINGS
from app.compat.automatic1111.schemas import SdapiEmbedding, SdapiEmbeddings, SdapiModel, SdapiOptions, SdapiOptionsIn
from app.concepts import queries
from app.concepts.models import Version
from app.contracts.encoders import FIRST
from app.core.errors import InvalidInput
from app.core.request_model import printable
from app.generation.prompts import Named

_HASH_DIGITS: Final = 10
_TITLE: Final = re.compile(r"(?P<name>.+) \[(?P<hash>[0-9a-f]{6,64})\]")
# A whole word that may be a concept's name. What stands between < and > is one already.
_WORD: Final = re.compile(r"<[^<>]*>|(?<![\w-])[A-Za-z0-9](?:[A-Za-z0-9-]{0,38}[A-Za-z0-9])?(?![\w@-])")


def with_placeholders(session: Session, team_id: str, prompt: str) -> str:
    """The prompt with `<my-mug>` in the place of `my-mug`, for every concept of the team that can be drawn."""
    words = {match[0].lower() for match in _WORD.finditer(prompt) if not match[0].startswith("<")}
    found = queries.by_placeholders(session, team_id, {f"<{word}>" for word in words})
    ready = {placeholder for placeholder, concept in found.items() if concept.current_version is not None}

    def written(match: re.Match[str]) -> str:
        placeholder = f"<{match[0].lower()}>"
        return placeholder if placeholder in ready else match[0]

    return _WORD.sub(written, prompt)


def models(catalog: Catalog) -> list[SdapiModel]:
    """The base models that are ready, the default first."""
    return [_described(model) for model in catalog.models if model.not_ready_reason is None]


def model_id(catalog: Catalog, name: str | None) -> str | None:
    """The id of the base model with this title, name or hash. None for none. Raises InvalidInput."""
    if not name:
        return None
    title = _TITLE.fullmatch(name)
    wanted = title["name"] if title else name
    for model in models(catalog):
        if wanted.removesuffix(".safetensors") == model.model_name or (model.sha256 and wanted in _hashes(model)):
            return model.model_name
    known = [model.title for model in models(catalog)]
    raise InvalidInput(
        f"There is no base model {printable(name)!r} here. There is: {', '.join(known) or 'none'}.",
        field=f"override_settings.{CHECKPOINT}",
        code="base-model-unknown",
        suggestions=known,
    )


def embeddings(session: Session, catalog: Catalog, team_id: str) -> SdapiEmbeddings:
    """The team's concepts that can be drawn, by their bare names: those for the first base model, and the others."""
    model = catalog.get(None)
    found = SdapiEmbeddings(loaded={}, skipped={})
    for concept, version in queries.current_versions(session, team_id):
        named = Named(concept.placeholder, concept, version)
        shown = found.loaded if named.fits(model) else found.skipped
        shown[concept.placeholder.strip("<>")] = _embedding(
            version, named.widths.get(FIRST) or model.facts.widths[FIRST]
        )
    return found


def options(catalog: Catalog) -> SdapiOptions:
    """The options that hold for every request that says nothing else."""
    model = _described(catalog.get(None))
    return SdapiOptions(sd_model_checkpoint=model.title, sd_checkpoint_hash=model.sha256)


def check_options(catalog: Catalog, sent: SdapiOptionsIn) -> None:
    """Raise InvalidInput unless the options have these values already."""
    present = options(catalog)
    for name, value in sent.model_dump(exclude_none=True).items():
        if name == CHECKPOINT and model_id(catalog, value) == catalog.get(None).id:
            continue
        if value == getattr(present, name) or value in FIXED_SETTINGS.get(name, ()):
            continue
        advice = ""
        if name == CHECKPOINT:
            advice = f' Send override_settings={{"{CHECKPOINT}": "…"}} with each request instead.'
        raise InvalidInput(
            f"{name}: options hold for everybody in a studio, so a client cannot change them.{advice}",
            field=name,
            code="unsupported",
        )


def _described(model: AllowedModel) -> SdapiModel:
    sha256 = model.weights_hash
    short = sha256[:_HASH_DIGITS] if sha256 else None
    title = f"{model.id} [{short}]" if short else model.id
    return SdapiModel(title=title, model_name=model.id, hash=short, sha256=sha256, filename=model.id)


def _hashes(model: SdapiModel) -> set[str | None]:
    return {model.hash, model.sha256}


def _embedding(version: Version, width: int) -> SdapiEmbedding:
    return SdapiEmbedding(
        step=version.steps,
        sd_checkpoint=version.base_model_hash[:_HASH_DIGITS] if version.base_model_hash else None,
        sd_checkpoint_name=version.base_model,
        shape=width,
        vectors=version.vectors,
    )
