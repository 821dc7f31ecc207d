"""Tags are found in upper and lower case: the terms that stand for them lose their upper case."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

LENGTH_MAX = 64
TERMS = sa.table("search_terms", sa.column("concept_id"), sa.column("term"), sa.column("team_id"))


def upgrade() -> None:
    """Apply. Two tags of a concept that differ in case alone share a term."""
    connection = op.get_bind()
    stored = connection.execute(sa.select(TERMS).where(TERMS.c.term.startswith("#"))).all()
    known = {(row.concept_id, row.term) for row in stored}
    for row in stored:
        term = row.term.casefold()[:LENGTH_MAX]
        if term == row.term:
            continue
        here = sa.and_(TERMS.c.concept_id == row.concept_id, TERMS.c.term == row.term)
        if (row.concept_id, term) in known:
            connection.execute(sa.delete(TERMS).where(here))
        else:
            connection.execute(sa.update(TERMS).where(here).values(term=term))
            known.add((row.concept_id, term))


def downgrade() -> None:
    """Nothing: a concept's terms are written again when it changes."""
