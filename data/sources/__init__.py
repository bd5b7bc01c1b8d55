"""Sources of facts and documents; one module a source, found by its name."""
