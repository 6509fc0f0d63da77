"""Staff: rights, roles, and what follows from them."""
