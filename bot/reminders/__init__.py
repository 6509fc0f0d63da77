"""Reminders: who is reminded of what and when, campaigns, and how each message leaves exactly once."""
