"""Boards, pictures in the bin by themselves, and the search terms of prompts."""

import re
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

IN_BIN = sa.text("deleted_at IS NOT NULL")
AT_ONCE = 500
GENERATIONS = sa.table("generations", sa.column("id"), sa.column("team_id"), sa.column("prompt"))
TERMS = sa.table("generation_terms", sa.column("generation_id"), sa.column("term"), sa.column("team_id"))


def upgrade() -> None:
    """Apply, and index the prompts that are there."""
    op.add_column("images", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("images", sa.Column("deleted_by", sa.String(26), nullable=True))
    op.create_index("ix_images_deleted_at", "images", ["deleted_at"], sqlite_where=IN_BIN, postgresql_where=IN_BIN)
    _create_boards()
    op.create_table(
        "generation_terms",
        sa.Column("generation_id", sa.String(26), nullable=False),
        sa.Column("term", sa.String(64), nullable=False),
        sa.Column("team_id", sa.String(26), nullable=False),
        sa.ForeignKeyConstraint(["generation_id"], ["generations.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("generation_id", "term"),
    )
    op.create_index("ix_generation_terms_team_id", "generation_terms", ["team_id", "term"])
    _index_prompts(op.get_bind())


def _create_boards() -> None:
    op.create_table(
        "boards",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("team_id", sa.String(26), nullable=False),
        sa.Column("user_id", sa.String(26), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by", sa.String(26), nullable=True),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_boards_team_id", "boards", ["team_id", "id"])
    op.create_index("ix_boards_deleted_at", "boards", ["deleted_at"], sqlite_where=IN_BIN, postgresql_where=IN_BIN)
    op.create_table(
        "board_images",
        sa.Column("board_id", sa.String(26), nullable=False),
        sa.Column("image_id", sa.String(26), nullable=False),
        sa.Column("team_id", sa.String(26), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["board_id"], ["boards.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("board_id", "image_id"),
    )
    op.create_index("ix_board_images_image_id", "board_images", ["image_id"])


def _index_prompts(connection: sa.Connection) -> None:
    """Write the terms of every prompt, as `app.generation.search_terms` does for new ones."""
    after = ""
    while True:
        query = sa.select(GENERATIONS).where(GENERATIONS.c.id > after).order_by(GENERATIONS.c.id).limit(AT_ONCE)
        found = connection.execute(query).all()
        rows = [
            {"generation_id": row.id, "team_id": row.team_id, "term": term}
            for row in found
            for term in list(dict.fromkeys(each[:64] for each in re.findall(r"[^\W_]+", row.prompt.casefold())))[:200]
        ]
        if rows:
            connection.execute(sa.insert(TERMS), rows)
        if len(found) < AT_ONCE:
            return
        after = found[-1].id


def downgrade() -> None:
    """Undo."""
    op.drop_table("generation_terms")
    op.drop_table("board_images")
    op.drop_table("boards")
    op.drop_index("ix_images_deleted_at", "images")
    op.drop_column("images", "deleted_by")
    op.drop_column("images", "deleted_at")
