"""Staff: accounts, sessions, audit; the reception's intakes, tickets, follow-ups and timers."""

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""
