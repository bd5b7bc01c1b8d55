"""Worlds for programs that may not import them: served to another process."""
