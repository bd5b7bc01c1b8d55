"""The issue of a bug in words, and its reproductions as probes of the verdict."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from random import Random
from typing import NamedTuple

from data.task import Language
from envs.code.runs import RunRequest, run_many
from envs.code.spec import Files, Toolchain
from envs.code.tree import Tree
from envs.code.trees import laid_over
from synth.code.bug import Bug, Labels
from synth.code.draft import Rejected
from synth.code.labels import buggy_tree, fixed_tree
from synth.code.mining.retold import retold
from synth.code.probes import Outputs, suits, variations
from synth.code.statement.author import write
from synth.code.statement.evidence import gather
from synth.code.untold import is_untold
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
    shown = [found.script for found in evidence.reproductions]
    if len(bug.story.operators) > 1 and is_half_told(bug, shown, fixed):
        raise Rejected("half_told")
    told = [script for script in shown if script.strip() in statement.body]
    if bug.story.sort in ("release", "patch") and is_untold(bug, labels, told, fixed, buggy):
        raise Rejected("untold")
    statement = retold(bug, statement, evidence, language)
    probes = probes_of(statement.script, bug.toolchain, fixed, buggy, rng)
    if not probes:
        raise Rejected("another_reproduction")
    return Told(statement.title, statement.body, statement.script, probes)


def is_half_told(bug: Bug, scripts: Sequence[str], fixed: Tree) -> bool:
    """Whether one of several mistakes shows in none of the scripts, so that nobody could know of it."""
    trees = [fixed, *(laid_over(fixed, files) for files in _single_places(bug))]
    runs = iter(
        run_many(
            [
                RunRequest(tree, bug.toolchain, (), script=script)
                for tree in trees
                for script in scripts
            ]
        )
    )
    outputs = [[next(runs).output for _ in scripts] for _ in trees]
    return outputs[0] in outputs[1:]


def _single_places(bug: Bug) -> Iterator[Files]:
    """For each place that the fix changes, its file with the mistake of that place alone."""
    for path, text in sorted(bug.gold.items()):
        old = (bug.buggy[path] or "").splitlines(keepends=True)
        new = (text or "").splitlines(keepends=True)
        for tag, first, last, start, end in SequenceMatcher(None, old, new, False).get_opcodes():
            if tag != "equal":
                yield {path: "".join([*new[:start], *old[first:last], *new[end:]])}


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
