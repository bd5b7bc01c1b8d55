"""Worlds an agent can act in; one module a kind, found by its name."""
