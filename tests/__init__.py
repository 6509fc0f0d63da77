"""Tests: stories told through the doors (chats), rules alone (unit), databases and processes (integration)."""
