"""Guide: what guided paths and documents keep."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Names of guided paths and of their steps have grown longer (calc_limitation).
    with op.batch_alter_table("flows", schema=None) as batch_op:
        for name in ("kind", "step"):
            batch_op.alter_column(name, existing_type=sa.String(12), type_=sa.String(24), existing_nullable=False)
