"""The endpoints of presets and of lists that prompts take lines from."""

from fastapi import APIRouter, status
from sqlalchemy.orm import Session

from app.accounts import queries as accounts
from app.jobs.schemas import Person
from app.presets import queries, service
from app.presets.models import Preset, PromptList
from app.presets.schemas import PresetIn, PresetList, PresetOut, PromptListIn, PromptListOut, PromptLists
from app.web.bounded_bodies import BoundedRoute
from app.web.dependencies import Reading, UnitOfWork
from app.web.sign_in import MayDraw, Viewer

router = APIRouter(prefix="/api", tags=["generations"], route_class=BoundedRoute)


@router.get("/presets")
def list_presets(principal: Viewer, session: Reading) -> PresetList:
    """The team's presets for drawing, by name."""
    found = queries.every(session, principal.team_id, Preset)
    names = accounts.names(session, {each.user_id for each in found})
    return PresetList(items=[_preset(each, names) for each in found])


@router.put("/presets/{preset_name}")
def save_preset(preset_name: str, body: PresetIn, principal: MayDraw, session: UnitOfWork) -> PresetOut:
    """Save a preset under a name, in place of the one that has it."""
    saved = service.save_preset(session, principal, preset_name, body.model_dump(exclude_defaults=True))
    return _preset(saved, _names(session, saved.user_id))


@router.delete("/presets/{preset_name}", status_code=status.HTTP_204_NO_CONTENT)
def delete_preset(preset_name: str, principal: MayDraw, session: UnitOfWork) -> None:
    """Delete a preset. Saving it again under its name brings it back."""
    service.delete_preset(session, principal, preset_name)


@router.get("/prompt-lists")
def list_prompt_lists(principal: Viewer, session: Reading) -> PromptLists:
    """The team's lists that prompts take lines from, by name."""
    found = queries.every(session, principal.team_id, PromptList)
    names = accounts.names(session, {each.user_id for each in found})
    return PromptLists(items=[_list(each, names) for each in found])


@router.put("/prompt-lists/{list_name}")
def save_prompt_list(list_name: str, body: PromptListIn, principal: MayDraw, session: UnitOfWork) -> PromptListOut:
    """Save a list under a name, in place of the one that has it. A prompt takes one of its lines where it writes
    `__name__`; the picture's seed decides which."""
    saved = service.save_list(session, principal, list_name, body.lines)
    return _list(saved, _names(session, saved.user_id))


@router.delete("/prompt-lists/{list_name}", status_code=status.HTTP_204_NO_CONTENT)
def delete_prompt_list(list_name: str, principal: MayDraw, session: UnitOfWork) -> None:
    """Delete a list. Saving it again under its name brings it back."""
    service.delete_list(session, principal, list_name)


def _names(session: Session, user_id: str) -> dict[str, str]:
    return dict(accounts.names(session, {user_id}))


def _preset(preset: Preset, names: dict[str, str]) -> PresetOut:
    by = Person(id=preset.user_id, name=names.get(preset.user_id, ""))
    return PresetOut(**preset.fields, name=preset.name, changed_by=by, changed_at=preset.changed_at)


def _list(found: PromptList, names: dict[str, str]) -> PromptListOut:
    by = Person(id=found.user_id, name=names.get(found.user_id, ""))
    return PromptListOut(name=found.name, lines=found.lines, changed_by=by, changed_at=found.changed_at)
