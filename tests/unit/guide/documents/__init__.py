"""Documents: definitions, answers, capitals, pages."""
