"""Builds the pages of the library."""

from collections import Counter
from typing import Any, Final

from sqlalchemy.orm import Session

from app.accounts.principal import Principal
from app.concepts import views as concepts
from app.library import queries
from app.library.order import Place, Sort
from app.library.schemas import ConceptPage, TagOut

TAGS_SHOWN: Final = 200


def page(
    session: Session, reader: Principal, *, sort: Sort, cursor: str | None, limit: int, **filters: Any
) -> ConceptPage:
    """The team's concepts that match the filters. Raises InvalidInput for a cursor of another order."""
    after = None if cursor is None else Place.of(cursor, sort)
    found = queries.page(session, reader.team_id, sort=sort, after=after, limit=limit + 1, **filters)
    shown = found[:limit]
    return ConceptPage(
        items=concepts.describe_all(session, reader, shown),
        next=queries.place_of(session, reader.team_id, shown[-1].id, sort).cursor if len(found) > limit else None,
    )


def tags(session: Session, team_id: str) -> list[TagOut]:
    """The team's tags, the most used first. Those that differ in case are one, spelled as on the newest concept."""
    counts: Counter[str] = Counter()
    spelled: dict[str, str] = {}
    for tags in queries.tag_lists(session, team_id):
        counts.update({tag.casefold() for tag in tags})
        for tag in tags:
            spelled.setdefault(tag.casefold(), tag)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [TagOut(tag=spelled[tag], concepts=count) for tag, count in ranked[:TAGS_SHOWN]]
