"""Saving and removing presets and prompt lists, and making the choices of a prompt."""

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy.orm import Session

from app.accounts.principal import Principal
from app.audit import service as audit
from app.contracts.prompts import choices
from app.core.database import utc_now
from app.core.errors import InvalidInput, NotFound, PromptError
from app.presets import queries
from app.presets.models import Preset, PromptList
from app.presets.queries import Kept

KEPT_MAX: Final = 200  # presets of a team, and lists of a team
LINES_MAX: Final = 1000  # of a list
LIST_CHARACTERS_MAX: Final = 50_000
_LIST_NAME: Final = re.compile(choices.NAME)


def save_preset(session: Session, principal: Principal, name: str, fields: dict[str, Any]) -> Preset:
    """Save a preset under a name, in place of the one that has it."""
    if not name.strip() or not name.isprintable():
        raise InvalidInput("A preset needs a name that can be read. Write a word or two.", field="name")
    found = queries.one(session, principal.team_id, Preset, name)
    if found is None:
        _need_room(session, principal, Preset, "presets")
        found = Preset(team_id=principal.team_id, name=name)
        session.add(found)
    found.user_id, found.fields, found.changed_at = principal.user_id, fields, utc_now()
    session.flush()
    audit.record(session, principal, "preset.saved", name, name)
    return found


def save_list(session: Session, principal: Principal, name: str, lines: Sequence[str]) -> PromptList:
    """Save a list under a name, in place of the one that has it. Empty lines are left out."""
    if not _LIST_NAME.fullmatch(name):
        raise InvalidInput(
            f"A list cannot be called {name!r}: prompts write it as __name__, in lower-case letters, digits and "
            "hyphens, at most 40 of them.",
            field="name",
        )
    kept = [line.strip() for line in lines if line.strip()]
    if not kept:
        raise InvalidInput("The list has no lines. Write at least one.", field="lines")
    if sum(map(len, kept)) > LIST_CHARACTERS_MAX:
        raise InvalidInput(f"The list has more than {LIST_CHARACTERS_MAX} characters. Shorten it.", field="lines")
    if (nested := next((line for line in kept if choices.list_names(line)), None)) is not None:
        raise InvalidInput(
            f"The line “{nested[:80]}” names another list, and lines take none. Write its options as {{one|two}}.",
            field="lines",
        )
    found = queries.one(session, principal.team_id, PromptList, name)
    if found is None:
        _need_room(session, principal, PromptList, "lists")
        found = PromptList(team_id=principal.team_id, name=name)
        session.add(found)
    found.user_id, found.lines, found.changed_at = principal.user_id, kept, utc_now()
    session.flush()
    audit.record(session, principal, "prompt-list.saved", name, f"__{name}__", lines=len(kept))
    return found


def delete_preset(session: Session, principal: Principal, name: str) -> None:
    """Remove a preset. Saving it again brings it back."""
    found = queries.one(session, principal.team_id, Preset, name)
    if found is None:
        raise NotFound("There is no such preset. It may have been deleted.")
    session.delete(found)
    audit.record(session, principal, "preset.deleted", name, name)


def delete_list(session: Session, principal: Principal, name: str) -> None:
    """Remove a list. Saving it again brings it back."""
    found = queries.one(session, principal.team_id, PromptList, name)
    if found is None:
        raise NotFound("There is no such list. It may have been deleted.")
    session.delete(found)
    audit.record(session, principal, "prompt-list.deleted", name, f"__{name}__")


def lists_for(session: Session, team_id: str, prompts: Mapping[str, str]) -> dict[str, list[str]]:
    """The lines of every list that these prompts name. Raises PromptError for a list that there is not.

    `prompts` has the field of each prompt.
    """
    named = {field: choices.list_names(prompt) for field, prompt in prompts.items()}
    wanted = {name for names in named.values() for name in names}
    found = queries.lists(session, team_id, wanted) if wanted else {}
    for field, names in named.items():
        for name in names:
            if name not in found:
                raise _no_list(session, team_id, name, field)
    return found


def chosen(prompt: str, seed: int, lists: Mapping[str, Sequence[str]], field: str, characters_max: int) -> str:
    """A prompt with the choices that a seed makes. Raises PromptError if it becomes too long."""
    made = choices.chosen(prompt, seed, lists)
    if made == prompt:
        return prompt
    if len(made) > characters_max:
        raise PromptError(
            f"With its choices made the {field.replace('_', ' ')} has {len(made)} characters, and at most "
            f"{characters_max} are read. Shorten it, or the lists that it names.",
            field=field,
            code="prompt-too-long",
        )
    if choices.has_choices(made):
        raise PromptError(
            f"The {field.replace('_', ' ')} has choices inside choices, more than {choices.DEPTH_MAX} deep, or choices "
            "that spell the name of a list. Write them flat.",
            field=field,
            code="prompt-choices",
        )
    return made


def _no_list(session: Session, team_id: str, name: str, field: str) -> PromptError:
    near = difflib.get_close_matches(name, queries.list_names(session, team_id), n=3, cutoff=0.5)
    written = [f"__{each}__" for each in near]
    advice = f"Did you mean {' or '.join(written)}?" if near else "Save it first, or write the options as {one|two}."
    return PromptError(
        f"There is no list __{name}__. {advice}", field=field, code="prompt-unknown-list", suggestions=written or None
    )


def _need_room(session: Session, principal: Principal, table: type[Kept], what: str) -> None:
    if queries.count(session, principal.team_id, table) >= KEPT_MAX:
        raise InvalidInput(f"The team has {KEPT_MAX} {what}, which is as many as it may have. Delete one first.")
