"""The post room: updates are stored before they are handled, replies leave in order at a kept pace."""
