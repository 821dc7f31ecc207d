"""Which drawings a concept is in, so that its page can show them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply. What was drawn before is found by its recipe."""
    uses = op.create_table(
        "generation_concepts",
        sa.Column("concept_id", sa.String(length=26), nullable=False),
        sa.Column("generation_id", sa.String(length=26), nullable=False),
        sa.Column("team_id", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(["concept_id"], ["concepts.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["generation_id"], ["generations.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("concept_id", "generation_id"),
    )
    op.create_index("ix_generation_concepts_generation_id", "generation_concepts", ["generation_id"])
    connection = op.get_bind()
    generations = sa.table("generations", sa.column("id"), sa.column("team_id"), sa.column("recipe", sa.JSON()))
    concepts = set(connection.scalars(sa.select(sa.table("concepts", sa.column("id")).c.id)))
    for row in connection.execute(sa.select(generations)).all():
        used = {each["concept_id"] for each in row.recipe.get("concepts", ())} & concepts
        found = [{"concept_id": concept, "generation_id": row.id, "team_id": row.team_id} for concept in used]
        if found:
            connection.execute(sa.insert(uses), found)


def downgrade() -> None:
    """Undo."""
    op.drop_table("generation_concepts")
