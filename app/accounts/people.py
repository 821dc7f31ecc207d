"""Finds a person by name or id, for the command line on the machine where the studio runs."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy.orm import Session

from app.accounts import queries
from app.accounts.models import Team, User
from app.core.errors import Conflict, NotFound

LISTED_MAX: Final = 50  # people in one message


def find(session: Session, name_or_id: str) -> tuple[User, Team]:
    """The person with this id or this name; upper and lower case are the same.

    Raises NotFound for an unknown name and Conflict for a name of several people; both list people with their ids.
    """
    everybody = queries.people(session)
    named = [each for each in everybody if each[0].name.casefold() == name_or_id.strip().casefold()]
    found = [each for each in everybody if each[0].id == name_or_id] or named
    if not found:
        raise NotFound(
            f"Nobody here is called {name_or_id!r}. Take a name or an id from this list:{_listed(everybody)}"
        )
    if len({user.id for user, _, _ in found}) > 1:
        raise Conflict(
            f"{len(found)} people are called {name_or_id!r}. Say which one by the id, `--person ID`:{_listed(found)}"
        )
    user, team, _ = found[0]
    return user, team


def _listed(people: Sequence[tuple[User, Team, str]]) -> str:
    lines = [f"\n  {user.id}  {user.name}, {role} of {team.name}" for user, team, role in people[:LISTED_MAX]]
    more = len(people) - len(lines)
    return "".join(lines) + (f"\n  and {more} more" if more else "")
