"""Staff: who works at the desk, what each role may do in which court, sessions, and who did what."""
