"""Settlement (和解) between the parties: offers, answers, the exact version that everybody accepted, and what became of it."""
