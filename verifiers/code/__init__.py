"""The verdict on a code attempt: `verify`; how it comes about stands in docs/code-grading.md."""

from verifiers.code.verdict import verify

__all__ = ["verify"]
