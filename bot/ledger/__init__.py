"""The ledger of performance (自动履行跟踪台账): who owes what to whom, by when, and what came of it."""
