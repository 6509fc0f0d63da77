"""The rules of the ledger: sums, days, parties, imports."""
