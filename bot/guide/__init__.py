"""From answer to action: sums worked out by law, each step shown."""
