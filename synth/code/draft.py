"""What drafting a code task can end with, and what its steps share."""

from collections.abc import Iterable

from envs.code.junit import Result, Status, in_module
from envs.code.tree import Tree


class Rejected(Exception):
    """Why a draft gives no task, as one short machine word."""


def failing(results: dict[str, Result], tests: Iterable[str]) -> tuple[str, ...]:
    """Those of `tests` that ran and did not pass."""
    ends = ((test, results.get(test)) for test in tests)
    return tuple(test for test, end in ends if end and end.status in (Status.FAILED, Status.ERROR))


def modules_of(tests: Iterable[str], modules: Iterable[str]) -> tuple[str, ...]:
    """Those of `modules` that have one of `tests`; all where ids do not tell."""
    tests, modules = tuple(tests), tuple(modules)
    return tuple(m for m in modules if any(in_module(test, m) for test in tests)) or modules


def text_of(tree: Tree, path: str) -> str | None:
    """A module's text; None where there is none that we can edit."""
    if path not in tree:
        return None
    try:
        text = tree[path].content.decode()
    except UnicodeDecodeError:
        return None
    # Lines as Python counts them: form feeds and the like end none.
    return (
        text
        if len(text.splitlines())
        == len(text.replace("\r\n", "\n").split("\n")) - (text.endswith("\n"))
        else None
    )
