"""Figures: indexes by which the rows of one month are found among those of all years."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the indexes."""
    op.create_index("ix_cases_filed", "cases", ["filed_on"])
    op.create_index("ix_cases_created", "cases", ["created_at"])
    op.create_index("ix_obligations_performed", "obligations", ["performed_on"])
    op.create_index("ix_payments_day", "payments", ["status", "paid_on"])
    op.create_index("ix_deliveries_settled", "deliveries", ["status", "settled_at"])
    # What looks for the payments or deliveries of an obligation finds them by these as well.
    op.create_index("ix_payments_obligation", "payments", ["obligation_id", "status", "paid_on"])
    op.drop_index("ix_payments_obligation_id", "payments")
    op.create_index("ix_deliveries_obligation", "deliveries", ["obligation_id", "status", "settled_at"])
    op.drop_index("ix_deliveries_obligation_id", "deliveries")
