"""What every request body has in common: a name that is not declared is refused with the nearest one that is, and so is
a text that cannot be stored. Nothing that a client sends is dropped without a word.

`app.web.bounded_bodies` and `app.web.strict_requests` call `refuse_unstorable`, for JSON and for forms.
"""

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, model_validator

from app.core.errors import InvalidInput

NODES_MAX: Final = 10_000  # values and names in one JSON body; the largest that a client needs has about a hundred
_SHOWN: Final = 80  # most characters of a name or a field that an error repeats


class RequestModel(BaseModel):
    """The base class of request bodies, JSON and forms."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _only_declared(cls, sent: Any) -> Any:
        if isinstance(sent, Mapping):
            refuse_unknown("field", sent, [field.alias or name for name, field in cls.model_fields.items()])
        return sent


def refuse_unknown(kind: str, names: Iterable[object], declared: Collection[str]) -> None:
    """Raise InvalidInput for the first of `names` that is not declared. `kind` is `field` or `query parameter`."""
    for each in names:
        if each in declared:
            continue
        name = printable(str(each))
        near = get_close_matches(name.lower(), declared, n=1)
        if near:
            advice = f"Did you mean {near[0]}?"
        elif declared:
            advice = f"There is: {', '.join(sorted(declared))}."
        else:
            advice = "This address takes none: leave it out."
        raise InvalidInput(f"There is no {kind} {name} here. {advice}", field=name, suggestions=near or None)


def refuse_unstorable(sent: Any, field: str | None = None) -> None:
    """Raise InvalidInput for a text with NUL or half a surrogate pair, anywhere in parsed JSON or in a form.

    PostgreSQL stores neither, and UTF-8 cannot spell the second. `field` is the name of `sent`, if it has one. JSON of
    more than NODES_MAX values is refused too: validating each of a million values would take seconds.
    """
    waiting: list[tuple[Any, str | None]] = [(sent, field)]  # no recursion: JSON may be nested deeply
    nodes = 0
    while waiting:
        value, name = waiting.pop()
        if isinstance(value, Mapping | list):
            nodes += len(value)
            if nodes > NODES_MAX:
                raise InvalidInput(f"The request has more than {NODES_MAX} values. Send fewer at once.", field=name)
        if isinstance(value, str):
            _refuse_unstorable_text(value, name)
        elif isinstance(value, Mapping):
            for key, each in value.items():
                inner = _joined(name, key)
                _refuse_unstorable_text(key, inner)
                waiting.append((each, inner))
        elif isinstance(value, list):
            waiting += [(each, name) for each in value]


def printable(text: str) -> str:
    """The beginning of a text, with an escape for each character that cannot be shown."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text[:_SHOWN])


def _joined(name: str | None, key: str) -> str:
    """The name of a field inside a field, cut: names of any length would fill the memory at each level."""
    return (key[:_SHOWN] if name is None else f"{name}.{key[:_SHOWN]}")[:_SHOWN]


def _refuse_unstorable_text(text: str, field: str | None) -> None:
    if "\0" in text or not _is_unicode(text):
        raise InvalidInput(
            "A text has a character that cannot be stored: NUL or half a character, such as a part of an emoji. Take "
            "it out and try again.",
            field=None if field is None else printable(field),
        )


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
