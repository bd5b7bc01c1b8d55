"""What each test says of a bug: run three times on the buggy and three times on the fixed tree.

Every run has a sandbox of its own, and differs from the others in the order of tests, the hashes of
strings or the clock. A test counts only if it ended the same way each time.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

from envs.code.junit import Status, in_module
from envs.code.runs import Ended, Run, RunRequest, run_many
from envs.code.spec import Files
from envs.code.tree import Tree, tree_hash
from envs.code.trees import laid_over, origin_tree
from synth.code.bug import Bug, Labels
from synth.code.conditions import CONDITIONS
from synth.code.draft import Rejected, modules_of
from synth.code.inject import Placed

HELD = 32
"""Trees whose runs this process remembers; the fixed tree of injected bugs is always the same."""
_BAD = frozenset({Status.FAILED, Status.ERROR})
_Ends = Mapping[str, set[Status | None]]
"""How each test ended in its runs; None where a run did not have it."""


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
    return _labels(_ends(_runs(bug, buggy_tree(bug)), "buggy"), fixed)


def label_injected(bug: Bug, placed: Placed) -> Labels:
    """As `label`. The fixed tree is one of a prepared project, which was run in the same ways.

    Tests that do not come by a change run the same code on both trees: on the buggy one they run
    once, the others in all ways.
    """
    fixed: dict[str, set[Status | None]] = {test: {Status.PASSED} for test in placed.passing}
    fixed |= {test: {Status.PASSED, Status.FAILED} for test in placed.flaky}
    runs = _runs(bug, buggy_tree(bug), placed.reached)
    buggy = _ends(runs, "buggy", frozenset(placed.reached))
    # Names that only this run has stem from parameters without an order, or from tests that never
    # passed; neither says anything.
    fixed |= {test: {Status.PASSED, None} for test in buggy.keys() - fixed.keys()}
    return _labels(buggy, fixed)


def _labels(buggy: _Ends, fixed: _Ends) -> Labels:
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


def _ends(runs: Sequence[Run], side: str, again: Collection[str] = ()) -> _Ends:
    """How each test ended; None where a run did not have it. Runs after the first are of `again`."""
    if any(run.ended is Ended.LATE for run in runs):
        raise Rejected(f"{side}_hangs")
    if any(run.problem for run in runs):
        raise Rejected(f"{side}_breaks")
    names = set().union(*(run.results for run in runs))
    return {
        name: {
            run.results[name].status if name in run.results else None
            for number, run in enumerate(runs)
            if not number or not again or name in again
        }
        for name in names
    }


def _runs(bug: Bug, tree: Tree, reached: tuple[str, ...] = ()) -> Sequence[Run]:
    return _remembered(_Asked(bug, tree, reached))


class _Asked:
    """Equal to all others that ask for the same runs."""

    def __init__(self, bug: Bug, tree: Tree, reached: tuple[str, ...]) -> None:
        self.bug = bug
        self.tree = tree
        self.reached = reached
        self.key = tree_hash(tree), bug.toolchain, bug.modules, reached

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Asked) and self.key == other.key


@lru_cache(maxsize=HELD)
def _remembered(asked: _Asked) -> tuple[Run, ...]:
    whole = RunRequest(asked.tree, asked.bug.toolchain, asked.bug.modules)
    again = whole
    if asked.reached:
        modules = modules_of(asked.reached, asked.bug.modules)
        again = whole._replace(modules=modules, ids=asked.reached)
    first, *others = CONDITIONS
    return tuple(run_many([first.of(whole), *(condition.of(again) for condition in others)]))


def shares(labels: Labels, modules: Sequence[str]) -> tuple[str, ...]:
    """Modules with tests that tell the trees apart."""
    return tuple(m for m in modules if any(in_module(t, m) for t in labels.fail_to_pass))
