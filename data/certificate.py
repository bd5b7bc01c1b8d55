"""The certificate: which checks were executed on a task, and what each one found.

It holds no clock and no machine, so the same task always gets the same certificate.
"""

from enum import StrEnum

from pydantic import JsonValue

from data.record import Record


class CheckName(StrEnum):
    """The checks of a certificate, in the order in which they run."""

    STABLE = "stable"
    COMPLETE = "complete"
    SHORTCUT = "shortcut"
    LEAK = "leak"
    WITNESS = "witness"
    NOOP = "noop"
    ALTERNATIVES = "alternatives"
    MUTANTS = "mutants"
    CHEATS = "cheats"


class CheckResult(Record):
    """One executed check. `reason` is empty when it passed, else a short machine word and detail."""

    name: CheckName
    passed: bool
    reason: str = ""
    evidence: dict[str, JsonValue] = {}


class Certificate(Record):
    task_id: str
    version: str
    """Version of the checks that ran."""
    checks: tuple[CheckResult, ...]

    @property
    def passed(self) -> bool:
        """True if every check of `CheckName` ran and passed."""
        return {c.name for c in self.checks if c.passed} == set(CheckName)

    @property
    def failures(self) -> tuple[CheckResult, ...]:
        return tuple(check for check in self.checks if not check.passed)
