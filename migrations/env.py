"""Alembic's entry: runs on the connection or the URL that `app.ops.migrate` hands over."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import JSON

from app.core.database import UtcDateTime
from app.rooms import metadata


def render_item(kind: str, item: Any, autogen_context: Any) -> str | Literal[False]:
    """A revision names plain SQL types, so that it still runs when ours have moved."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, JSON):
        autogen_context.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
    render_item=render_item,
)
with context.begin_transaction():
    context.run_migrations()
