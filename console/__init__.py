"""The door in a browser: the HTTP server with health, metrics and the webhook; staff pages join it here."""
