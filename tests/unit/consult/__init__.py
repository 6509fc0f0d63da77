"""The rules of the matcher and of what measures it, one by one."""
