"""The desk in a real browser: Debian's chromium against the bot as a process of its own."""
