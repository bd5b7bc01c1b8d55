"""What a code attempt is judged by; all of it is hidden from the agent."""

from pydantic import Field

from data.record import Record
from envs.code.spec import Files


class Probe(Record):
    """A script that behaves differently with the bug and without it, run without any framework."""

    script: str
    expected: str
    """All that it prints to stdout, and the last line of the error that ends it if one does."""


class CodeSpec(Record):
    """`Hidden.verifier` of a code task. Test ids are those of `envs.code.junit`."""

    tests: Files = {}
    """Test files and their data, written over everything else; empty where the origin has them."""
    modules: tuple[str, ...] = Field(min_length=1)
    """Test modules to run."""
    fail_to_pass: tuple[str, ...] = Field(min_length=1)
    pass_to_pass: tuple[str, ...] = ()
    probes: tuple[Probe, ...] = ()
    seed: int
    """Secret: what canaries there are, where, and in which order the tests run."""
    unsuited: tuple[str, ...] = ()
    """Test functions (`module path::Class::name`) that cannot serve as canaries."""
    allowed: tuple[str, ...] = ()
    """What the audit of a patch lets pass because the fix itself uses it; see `audit`."""
