"""The operator's door in a terminal: `python main.py …`."""
