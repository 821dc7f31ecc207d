"""Tokens get scopes and an expiry; sessions and sign-in links get what a list of them shows."""

from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from ulid import ULID

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# Columns that every row gets a value for: table, column, type.
FILLED: tuple[tuple[str, str, sa.types.TypeEngine[object]], ...] = (
    ("browser_sessions", "id", sa.String(length=26)),
    ("browser_sessions", "last_used_at", sa.DateTime(timezone=True)),
    ("browser_sessions", "user_agent", sa.String(length=60)),
    ("sign_in_codes", "id", sa.String(length=26)),
    ("sign_in_codes", "created_at", sa.DateTime(timezone=True)),
)


def upgrade() -> None:
    """Apply. Tokens of before keep the whole role of their owner, and do not expire."""
    op.add_column("tokens", sa.Column("scopes", sa.String(length=40), nullable=True))
    op.add_column("tokens", sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("sign_in_codes", sa.Column("created_by_id", sa.String(length=26), nullable=True))
    for table, column, type_ in FILLED:
        op.add_column(table, sa.Column(column, type_, nullable=True))
    connection, moment = op.get_bind(), datetime.now(UTC)
    for name in ("browser_sessions", "sign_in_codes"):
        table = sa.table(name, sa.column("hash"), sa.column("id"))
        for hash_ in connection.scalars(sa.select(table.c.hash)).all():
            connection.execute(sa.update(table).where(table.c.hash == hash_).values(id=str(ULID()).lower()))
    op.execute("UPDATE browser_sessions SET last_used_at = created_at, user_agent = ''")
    codes = sa.table("sign_in_codes", sa.column("created_at", sa.DateTime(timezone=True)))
    is_sqlite = connection.dialect.name == "sqlite"  # which stores no time zone
    connection.execute(sa.update(codes).values(created_at=moment.replace(tzinfo=None) if is_sqlite else moment))
    for name in ("browser_sessions", "sign_in_codes"):
        with op.batch_alter_table(name) as batch:  # which SQLite recreates the table for
            for table_name, column, type_ in FILLED:
                if table_name == name:
                    batch.alter_column(column, existing_type=type_, nullable=False)
        op.create_index(f"ix_{name}_id", name, ["id"], unique=True)


def downgrade() -> None:
    """Undo. Tokens that expire or have scopes go, since without either they would gain rights."""
    op.execute("DELETE FROM tokens WHERE scopes IS NOT NULL OR expires_at IS NOT NULL")
    for name in ("browser_sessions", "sign_in_codes"):
        op.drop_index(f"ix_{name}_id", name)
    for table, column, _ in reversed(FILLED):
        op.drop_column(table, column)
    op.drop_column("sign_in_codes", "created_by_id")
    op.drop_column("tokens", "expires_at")
    op.drop_column("tokens", "scopes")
