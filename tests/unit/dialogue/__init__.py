"""The rules of a turn: cutting texts, keeping state, understanding short words."""
