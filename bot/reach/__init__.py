"""How parties are bound to a chat: one-time links, proof of identity, consent, opting out, and who is not reached."""
