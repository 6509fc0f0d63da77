"""The matcher and what measures it."""
