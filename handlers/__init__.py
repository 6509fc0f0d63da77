"""Telegram's door: an update becomes one service call, a reply becomes a message; nothing is decided here."""
