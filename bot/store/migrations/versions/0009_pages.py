"""Pages: the next day and the oldest due date of every obligation; redactions: messages to be deleted in a chat."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, fill them from the instalments that are not met; add the table."""
    with op.batch_alter_table("obligations") as table:
        table.add_column(sa.Column("next_due", sa.Date(), nullable=True))
        table.add_column(sa.Column("oldest_due", sa.Date(), nullable=True))
        table.create_index("ix_obligations_next_due", ["next_due"])
    for column, day in (("next_due", "expected_on"), ("oldest_due", "due_on")):
        op.execute(
            f"UPDATE obligations SET {column} = (SELECT MIN({day}) FROM instalments i"  # noqa: S608 - our own names
            " WHERE i.obligation_id = obligations.id AND i.done_on IS NULL AND NOT i.dropped)"
        )
    op.create_table(
        "redactions",
        sa.Column("conversation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("external_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", "external_id"),
    )
    op.create_index("ix_redactions_due_at", "redactions", ["due_at"])
