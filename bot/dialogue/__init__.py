"""One person's turn: what came in, where the dialogue stands, and what is said, whatever the channel."""
