"""The Bot API methods, one module per family; importing this package registers them all."""

from sandbox.methods import chats, editing, media, profile, sending, topics, updates
from sandbox.methods.registry import METHODS, Answer

__all__ = ["METHODS", "Answer", "chats", "editing", "media", "profile", "sending", "topics", "updates"]
