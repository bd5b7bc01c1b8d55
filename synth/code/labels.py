"""What each test says of a bug: run three times on the buggy and three times on the fixed tree.

Every run has a sandbox of its own, and differs from the others in the order of tests, the hashes of
strings or the clock. A test counts only if it ended the same way each time.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from envs.code.junit import Status, in_module
from envs.code.runs import Ended, Run, RunRequest, run_many
from envs.code.spec import Files
from envs.code.tree import Tree, tree_hash
from envs.code.trees import laid_over, origin_tree
from synth.code.bug import Bug, Labels
from synth.code.conditions import CONDITIONS
from synth.code.draft import Rejected

HELD = 32
"""Trees whose runs this process remembers; the fixed tree of injected bugs is always the same."""
_BAD = frozenset({Status.FAILED, Status.ERROR})


def buggy_tree(bug: Bug) -> Tree:
    """What is graded if the agent does nothing."""
    return graded_tree(bug, {})


def fixed_tree(bug: Bug) -> Tree:
    return graded_tree(bug, bug.gold)


def graded_tree(bug: Bug, changes: Files) -> Tree:
    origin = origin_tree(bug.origin, bug.tree_sha256)
    return laid_over(origin, {**bug.buggy, **changes, **bug.tests})


def label(bug: Bug) -> Labels:
    """Raises `Rejected` where no test tells the trees apart, or the fix breaks one."""
    fixed = _ends(_runs(bug, fixed_tree(bug)), "fixed")
    buggy = _ends(_runs(bug, buggy_tree(bug)), "buggy")
    found: dict[str, list[str]] = {"f2p": [], "p2p": [], "p2f": [], "flaky": []}
    for test in sorted(fixed.keys() | buggy.keys()):
        sort = _sort(buggy.get(test, set()), fixed.get(test, set()))
        if sort:
            found[sort].append(test)
    if found["p2f"]:
        raise Rejected("pass_to_fail")
    if not found["f2p"]:
        raise Rejected("no_fail_to_pass")
    if not found["p2p"]:
        raise Rejected("no_pass_to_pass")
    return Labels(
        fail_to_pass=tuple(found["f2p"]),
        pass_to_pass=tuple(found["p2p"]),
        flaky=tuple(found["flaky"]),
    )


def _sort(before: set[Status | None], after: set[Status | None]) -> str:
    if len(before) > 1 or len(after) > 1:
        return "flaky"
    if before <= _BAD and before and after == {Status.PASSED}:
        return "f2p"
    if before == {Status.PASSED}:
        return "p2p" if after == {Status.PASSED} else "p2f"
    return ""


def _ends(runs: Sequence[Run], side: str) -> Mapping[str, set[Status | None]]:
    """How each test ended; None where a run did not have it."""
    if any(run.ended is Ended.LATE for run in runs):
        raise Rejected(f"{side}_hangs")
    if any(run.problem for run in runs):
        raise Rejected(f"{side}_breaks")
    names = set().union(*(run.results for run in runs))
    return {
        name: {run.results[name].status if name in run.results else None for run in runs}
        for name in names
    }


def _runs(bug: Bug, tree: Tree) -> Sequence[Run]:
    return _remembered(_Asked(bug, tree))


class _Asked:
    """Equal to all others that ask for the same runs."""

    def __init__(self, bug: Bug, tree: Tree) -> None:
        self.bug = bug
        self.tree = tree
        self.key = tree_hash(tree), bug.toolchain, bug.modules

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Asked) and self.key == other.key


@lru_cache(maxsize=HELD)
def _remembered(asked: _Asked) -> tuple[Run, ...]:
    request = RunRequest(asked.tree, asked.bug.toolchain, asked.bug.modules)
    return tuple(run_many([condition.of(request) for condition in CONDITIONS]))


def shares(labels: Labels, modules: Sequence[str]) -> tuple[str, ...]:
    """Modules with tests that tell the trees apart."""
    return tuple(m for m in modules if any(in_module(t, m) for t in labels.fail_to_pass))
