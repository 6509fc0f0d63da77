"""Alembic's entry: runs on the connection that `bot.store.migrate` hands over."""

from alembic import context

from bot.store import (
    gap_tables,
    ledger_tables,
    reach_tables,
    reception_tables,
    reminder_tables,
    settlement_tables,
    staff_tables,
    topic_tables,
)
from bot.store.tables import Base

_ = (  # registered with Base by being imported
    gap_tables,
    ledger_tables,
    reach_tables,
    reception_tables,
    reminder_tables,
    settlement_tables,
    staff_tables,
    topic_tables,
)

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
