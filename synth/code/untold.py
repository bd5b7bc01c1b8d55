"""Does an issue ask for all that the hidden tests ask for? Shown by fixes that leave a place out.

A real fix may mend several things, of which the scripts of its statement show some. Where it can be
left unmended in one place without any script telling, and a hidden test fails then, nobody who has
read the statement could have known.
"""

from collections.abc import Sequence
from difflib import SequenceMatcher

from envs.code.junit import Status
from envs.code.runs import RunRequest, run_many
from envs.code.spec import Files
from envs.code.tree import Tree
from envs.code.trees import laid_over
from synth.code.bug import Bug, Labels
from synth.code.draft import modules_of

MAX_PLACES = 30
"""Runs of changed lines that are left out one by one."""


def is_untold(bug: Bug, labels: Labels, scripts: Sequence[str], fixed: Tree, buggy: Tree) -> bool:
    """Whether a hidden test needs a place of the fix that none of `scripts` needs."""
    trees = [laid_over(fixed, files) for files in unmended(bug.gold, buggy)[:MAX_PLACES]]
    silent = _silent(bug, trees, scripts, fixed) if len(trees) > 1 else []
    modules = modules_of(labels.fail_to_pass, bug.modules)
    runs = run_many(
        [RunRequest(tree, bug.toolchain, modules, ids=labels.fail_to_pass) for tree in silent]
    )
    return any(
        test not in run.results or run.results[test].status is not Status.PASSED
        for run in runs
        for test in labels.fail_to_pass
    )


def unmended(gold: Files, buggy: Tree) -> list[Files]:
    """For each place of the fix the files that it changes, with that place as before."""
    found: list[Files] = []
    for path, text in sorted(gold.items()):
        if path not in buggy or text is None:
            found.append({path: buggy[path].content.decode() if path in buggy else None})
            continue
        old = buggy[path].content.decode().splitlines(keepends=True)
        new = text.splitlines(keepends=True)
        found += [
            {path: "".join([*new[:start], *old[first:last], *new[end:]])}
            for tag, first, last, start, end in SequenceMatcher(
                None, old, new, autojunk=False
            ).get_opcodes()
            if tag != "equal"
        ]
    return found


def _silent(bug: Bug, trees: Sequence[Tree], scripts: Sequence[str], fixed: Tree) -> list[Tree]:
    """Those of `trees` on which every script prints what it prints on the fixed one."""
    every = [fixed, *trees]
    runs = iter(
        run_many(
            [
                RunRequest(tree, bug.toolchain, (), script=script)
                for tree in every
                for script in scripts
            ]
        )
    )
    outputs = [[next(runs).output for _ in scripts] for _ in every]
    return [tree for tree, printed in zip(trees, outputs[1:], strict=True) if printed == outputs[0]]
