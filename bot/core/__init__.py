"""What every feature stands on: the clock, errors, texts, identity and privacy, ids, logging."""
