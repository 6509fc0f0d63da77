"""Rules of single parts, without a bot around them; the folders mirror `bot/`."""
