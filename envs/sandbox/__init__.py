"""Sandboxes for code that nobody trusts; `base` has the contract."""
