"""The rules of the knowledge's files: reading, checking, exchanging them."""
