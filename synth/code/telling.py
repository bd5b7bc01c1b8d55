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
from synth.code.mining.retold import retold
from synth.code.probes import Outputs, suits, variations
from synth.code.statement.author import write
from synth.code.statement.evidence import gather
from verifiers.code.spec import Probe

NUM_VARIATIONS = 2
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
    probes = probes_of(statement.script, bug.toolchain, fixed, buggy, rng)
    if not probes:
        raise Rejected("another_reproduction")
    return Told(statement.title, statement.body, statement.script, probes)


def probes_of(
    script: str, toolchain: Toolchain, fixed: Tree, buggy: Tree, rng: Random
) -> tuple[Probe, ...]:
    """The reproduction and variations of it that tell the trees apart; see `synth.code.probes`.

    None where the reproduction itself does not, when it is run by itself.
    """
    varied = variations(script, rng, NUM_VARIATIONS)
    runs = iter(
        run_many(
            [
                RunRequest(tree, toolchain, (), script=text, seed=seed)
                for text in (script, *(variation.script for variation in varied))
                for tree, seed in ((fixed, 0), (fixed, OTHER_HASHES), (buggy, 0))
            ]
        )
    )
    found: list[Probe] = []
    shown: Outputs | None = None
    for variation in (None, *varied):
        right, again, wrong = next(runs), next(runs), next(runs)
        told = Outputs(right.output, wrong.output)
        if right.output != again.output or right.output == wrong.output:
            continue
        if variation is None:
            shown = told
            found.append(Probe(script=script, expected=right.output))
        elif shown is not None and suits(variation, shown, told):
            found.append(Probe(script=variation.script, expected=right.output))
    return tuple(found)
