"""The issue of a bug in words, and its reproductions as probes of the verdict."""

from random import Random
from typing import NamedTuple

from data.task import Language
from envs.code.runs import RunRequest, run_many
from envs.code.spec import Toolchain
from envs.code.tree import Tree
from synth.code.bug import Bug, Labels
from synth.code.draft import Rejected
from synth.code.labels import buggy_tree, fixed_tree
from verifiers.code.spec import Probe

HASHES = (0, 5)
"""Seeds of the hashes of strings under which a probe has to print the same."""


class Told(NamedTuple):
    title: str
    body: str
    probes: tuple[Probe, ...]


def probes(scripts: list[str], toolchain: Toolchain, fixed: Tree, buggy: Tree) -> tuple[Probe, ...]:
    """Those of `scripts` that print one thing on the fixed tree, whenever, and another on the buggy."""
    requests = [
        RunRequest(tree, toolchain, (), script=script, seed=seed)
        for script in scripts
        for tree, seed in (*((fixed, seed) for seed in HASHES), (buggy, 0))
    ]
    runs = iter(run_many(requests))
    found = []
    for script in scripts:
        first, again, wrong = next(runs), next(runs), next(runs)
        if first.output == again.output != wrong.output:
            found.append(Probe(script=script, expected=first.output))
    return tuple(found)


def tell(bug: Bug, labels: Labels, language: Language, rng: Random) -> Told:
    return Told("Something is wrong", "It behaves in another way than it should.", ())
