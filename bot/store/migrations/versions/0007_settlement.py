"""Settlement: negotiations, offers and answers, in which the proposals of 0004 go on."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_STATUS = """CASE p.status WHEN 'applied' THEN 'agreed' WHEN 'refused' THEN 'refused'
 WHEN 'countered' THEN 'closed' WHEN 'withdrawn' THEN 'closed' ELSE 'talking' END"""


def upgrade() -> None:
    op.create_table(
        "negotiations",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("obligation_id", sa.BigInteger(), nullable=True),
        sa.Column("stage", sa.String(length=8), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("mediator", sa.String(length=64), nullable=True),
        sa.Column("offer_id", sa.BigInteger(), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("task", sa.BigInteger(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.String(length=80), nullable=False),
        sa.Column("referred_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("broken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_why", sa.LargeBinary(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("before", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["obligation_id"], ["obligations.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("negotiations", schema=None) as batch_op:
        batch_op.create_index("ix_negotiations_case", ["case_id", "status"], unique=False)
        batch_op.create_index("ix_negotiations_until", ["status", "until"], unique=False)
        batch_op.create_index(batch_op.f("ix_negotiations_obligation_id"), ["obligation_id"], unique=False)

    op.create_table(
        "offers",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("negotiation_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("side", sa.String(length=8), nullable=False),
        sa.Column("party_id", sa.BigInteger(), nullable=True),
        sa.Column("relation", sa.String(length=8), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("owed", sa.BigInteger(), nullable=False),
        sa.Column("base", sa.LargeBinary(), nullable=True),
        sa.Column("plan", sa.LargeBinary(), nullable=False),
        sa.Column("security", sa.LargeBinary(), nullable=True),
        sa.Column("fee", sa.String(length=8), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("answers", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["negotiation_id"], ["negotiations.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("negotiation_id", "number", name="uq_offers_version"),
    )
    op.create_table(
        "offer_answers",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("negotiation_id", sa.BigInteger(), nullable=False),
        sa.Column("offer_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("party_id", sa.BigInteger(), nullable=True),
        sa.Column("relation", sa.String(length=8), nullable=True),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["negotiation_id"], ["negotiations.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["offer_id"], ["offers.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("offer_answers", schema=None) as batch_op:
        batch_op.create_index("ix_offer_answers_negotiation", ["negotiation_id", "id"], unique=False)
    _bring_over()
    op.drop_table("proposals")


def _bring_over() -> None:
    """Each proposal becomes a negotiation with one version, under the same number, so that its task still fits.

    Plan and reason stay sealed as they are. Who had agreed cannot be told apart here (one sealed list), so what was
    open runs out at the first look and both sides are told so.
    """
    op.execute(
        sa.text(
            f"""INSERT INTO negotiations (id, case_id, obligation_id, stage, status, offer_id, until, task, opened_at,
 opened_by, agreed_at, closed_at, amount)
 SELECT p.id, o.case_id, o.id, c.stage, {_STATUS},
 CASE WHEN p.status IN ('open', 'accepted', 'applied') THEN p.id END,
 CASE WHEN p.status IN ('open', 'accepted') THEN p.made_at END, p.task, p.made_at, p.side,
 CASE WHEN p.status = 'applied' THEN p.decided_at END,
 CASE WHEN p.status IN ('refused', 'countered', 'withdrawn') THEN p.decided_at END, 0
 FROM proposals p JOIN obligations o ON o.id = p.obligation_id JOIN cases c ON c.id = o.case_id"""  # noqa: S608 - constants
        )
    )
    op.execute(
        sa.text(
            """INSERT INTO offers (id, negotiation_id, number, side, party_id, relation, made_at, made_by, expires_at,
 held, owed, plan, fee, note)
 SELECT p.id, p.id, 1, CASE p.side WHEN 'staff' THEN 'mediator' ELSE p.side END,
 CASE WHEN p.side <> 'staff' THEN p.party_id END, 'self', p.made_at, p.side, p.made_at, false,
 o.amount - o.settled, p.plan, 'open', p.reason
 FROM proposals p JOIN obligations o ON o.id = p.obligation_id"""
        )
    )
