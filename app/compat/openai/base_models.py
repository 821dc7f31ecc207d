"""The base models by the names that OpenAI clients call them: their ids, and the aliases of ONEWORD_OPENAI_ALIASES."""

from typing import Final

from app.base_models.catalog import Catalog
from app.compat.openai.schemas import ModelList, ModelOut
from app.core.errors import InvalidInput, NotFound, OnewordError
from app.core.request_model import printable
from app.core.settings import Settings
from app.services import Services

AUTO: Final = "auto"  # the target of an alias: the base model of the prompt's concepts, or the first
ANY_NAME: Final = "*"


def resolved(services: Services, name: str | None) -> str | None:
    """The id of the base model that a request names; None for the one of the concepts, or the first.

    Raises InvalidInput for a name that is neither an id nor an alias.
    """
    if not name or name in _ids(services.catalog):
        return name or None
    aliases = services.settings.openai_model_aliases
    target = aliases.get(name) or aliases.get(ANY_NAME)
    if target is None:
        raise _unknown(InvalidInput, services.catalog, name)
    return None if target == AUTO else target


def listed(services: Services) -> ModelList:
    """The base models that are ready, and the aliases that name one of them."""
    ready = [model.id for model in services.catalog.models if model.not_ready_reason is None]
    aliases = [alias for alias, target in _aliases(services.settings, ready).items() if target in (AUTO, *ready)]
    return ModelList(data=[ModelOut(id=name) for name in (*ready, *aliases)])


def one(services: Services, name: str) -> ModelOut:
    """A base model or an alias. Raises NotFound, or NotReady for one whose files are not there."""
    ids = _ids(services.catalog)
    target = name if name in ids else _aliases(services.settings, ids).get(name)
    if target is None:
        raise _unknown(NotFound, services.catalog, name)
    services.catalog.get(None if target == AUTO else target)
    return ModelOut(id=name)


def _ids(catalog: Catalog) -> list[str]:
    return [model.id for model in catalog.models]


def _aliases(settings: Settings, ids: list[str]) -> dict[str, str]:
    """The aliases that can be listed. An id means itself, whatever the aliases say."""
    aliases = settings.openai_model_aliases
    return {alias: target for alias, target in aliases.items() if alias != ANY_NAME and alias not in ids}


def _unknown(kind: type[OnewordError], catalog: Catalog, name: str) -> OnewordError:
    ids = _ids(catalog)
    return kind(
        f"There is no base model {printable(name)!r} here. There is: {', '.join(ids) or 'none'}. Send one of these, or "
        "leave the model out. An administrator can let another name mean one of them (ONEWORD_OPENAI_ALIASES).",
        field="model",
        code="base-model-unknown",
        suggestions=ids,
    )
