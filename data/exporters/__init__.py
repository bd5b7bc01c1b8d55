"""Export targets; one module a target, found by its name."""
