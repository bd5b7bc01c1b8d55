"""Tasks in general environments."""
