"""The issue of a bug in words, and its reproductions as probes of the verdict."""

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from data.task import Language
from envs.code.runs import RunRequest, run_many
from envs.code.spec import Toolchain
from envs.code.tree import Tree
from synth.code.bug import Bug, Labels
from synth.code.draft import Rejected
from synth.code.labels import buggy_tree, fixed_tree
from synth.code.mining.retold import retold
from synth.code.statement.author import write
from synth.code.statement.evidence import gather
from verifiers.code.spec import Probe

OTHER_HASHES = 5
"""Seed of the hashes of strings; a probe may not depend on them."""


class Told(NamedTuple):
    title: str
    body: str
    script: str
    """The reproduction that the body shows first."""
    probes: tuple[Probe, ...]


def tell(bug: Bug, labels: Labels, language: Language, rng: Random) -> Told:
    """Raises `Rejected` where nothing shows the bug that a person could read."""
    fixed, buggy = fixed_tree(bug), buggy_tree(bug)
    evidence = gather(bug, labels, fixed, buggy)
    statement = write(bug, labels, evidence, language, rng)
    if isinstance(evidence, str) or isinstance(statement, str):
        raise Rejected(str(statement))
    statement = retold(bug, statement, evidence, language)
    scripts = [found.script for found in evidence.reproductions]
    checked = probes(scripts, bug.toolchain, fixed, buggy)
    return Told(statement.title, statement.body, statement.script, checked)


def probes(
    scripts: Sequence[str], toolchain: Toolchain, fixed: Tree, buggy: Tree
) -> tuple[Probe, ...]:
    """Those of `scripts` that do one thing on the fixed tree, whenever, and another on the buggy."""
    runs = iter(
        run_many(
            [
                RunRequest(tree, toolchain, (), script=script, seed=seed)
                for script in scripts
                for tree, seed in ((fixed, 0), (fixed, OTHER_HASHES), (buggy, 0))
            ]
        )
    )
    found = []
    for script in scripts:
        first, again, wrong = next(runs), next(runs), next(runs)
        if first.output == again.output != wrong.output:
            found.append(Probe(script=script, expected=first.output))
    return tuple(found)
