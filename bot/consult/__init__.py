"""Consultation: the vetted knowledge of `faq/`, how a question finds its topic, and when to stay silent."""
