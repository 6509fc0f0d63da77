"""Filed on: the day on which the court took a case in (立案日期), for the figure of first enforcement cases."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what is in the ledger already has no such day."""
    with op.batch_alter_table("cases") as table:
        table.add_column(sa.Column("filed_on", sa.Date(), nullable=True))
