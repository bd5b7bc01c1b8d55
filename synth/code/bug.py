"""What every source of bugs gives: a tree with a bug, the fix, and the tests that tell them apart."""

from typing import Literal, NamedTuple

from pydantic import Field

from data.record import Record
from data.task import Source
from envs.code.spec import Files, Origin, Toolchain


class Story(Record):
    """What is known of a bug apart from its code; material for the statement."""

    sort: Literal["injected", "release", "patch", "issue"]
    title: str = ""
    text: str = ""
    """Entry of a changelog, description of a patch, or body of an issue, as its author wrote it."""
    links: tuple[str, ...] = ()
    """Bug numbers, CVEs, addresses."""
    operators: tuple[str, ...] = ()
    """What injected it."""


class Labels(Record):
    """Ids of tests (`classname::name`) by what they did on the buggy and on the fixed tree."""

    fail_to_pass: tuple[str, ...] = Field(min_length=1)
    pass_to_pass: tuple[str, ...] = ()
    flaky: tuple[str, ...] = ()
    """Seen with different ends on one side; never judged."""


class Bug(Record):
    """Files are relative to the origin's tree and hold whole texts.

    The agent sees the origin without `removed`, with `buggy` written over it. Its work is graded on
    the origin with `buggy`, its own changes to `sources`, and then `tests` written over them.
    """

    origin: Origin
    tree_sha256: str
    toolchain: Toolchain
    sources: tuple[str, ...] = Field(min_length=1)
    removed: tuple[str, ...]
    """Hidden tests and what names the fix (changelogs, caches)."""
    buggy: Files
    """Empty where the origin itself has the bug."""
    gold: Files = Field(min_length=1)
    """The fix: changed source files as they should be."""
    tests: Files
    """Test files and their data as grading wants them; empty where the origin has them."""
    modules: tuple[str, ...] = Field(min_length=1)
    """Test modules to run."""
    story: Story
    licence: Source


class Place(NamedTuple):
    """A function that the fix changes."""

    path: str
    function: str
    """Empty for what stands outside of functions."""
    num_lines: int
