"""The migrations, oldest first; each says what it adds and why."""
