"""Reception: conversations for a person, first visits, petitions, follow-ups, case-flow timers, today's work."""
