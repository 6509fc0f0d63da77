"""The rules of this room, one by one."""
