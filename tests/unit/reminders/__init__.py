"""The rules of reminders: who, when, which wording."""
