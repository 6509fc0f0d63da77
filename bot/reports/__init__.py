"""The figures that a court reports: each with its definition, and with the rows that it counts."""
