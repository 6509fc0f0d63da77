"""The rules of reaching parties: links, what they write, papers."""
