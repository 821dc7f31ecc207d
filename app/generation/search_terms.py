"""Search terms of a generation's prompt, in a table of their own, so that search is a range scan of an index.

They are split as those of concepts are. A listener writes the rows when a generation is made; its prompt never changes.
"""

from typing import Any, Final

from sqlalchemy import Connection, event, insert
from sqlalchemy.orm import Mapper

from app.concepts.search_terms import split
from app.generation.models import Generation, GenerationTerm

TERMS_MAX: Final = 200  # of one prompt


@event.listens_for(Generation, "after_insert")
def _index(_: Mapper[Any], connection: Connection, generation: Generation) -> None:
    terms = split(generation.prompt)[:TERMS_MAX]
    rows = [{"generation_id": generation.id, "team_id": generation.team_id, "term": term} for term in terms]
    if rows:
        connection.execute(insert(GenerationTerm), rows)
