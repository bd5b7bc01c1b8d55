"""The issue of a bug in words, and its reproductions as probes of the verdict."""

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from data.task import Language
from envs.code.runs import RunRequest, run_many
from envs.code.spec import Toolchain
from envs.code.tree import Tree
from envs.code.trees import laid_over
from synth.code.bug import Bug, Labels
from synth.code.draft import Rejected
from synth.code.labels import buggy_tree, fixed_tree
from synth.code.mining.retold import retold
from synth.code.probes import Outputs, suits
from synth.code.statement.author import telling, write
from synth.code.statement.evidence import Evidence, without_addresses
from synth.code.tongues import tongue
from synth.code.untold import is_untold, unmended
from verifiers.code.spec import Probe

NUM_VARIATIONS = 2
OTHER_HASHES = 5
OTHER_DAYS = 400
"""Seed of the hashes of strings, and the distance of another day; a probe may depend on neither."""


class Shown(NamedTuple):
    """What shows a bug."""

    evidence: Evidence
    outputs: dict[str, Outputs]
    """By script, what it printed as a program of its own."""


class Told(NamedTuple):
    title: str
    body: str
    script: str
    """The reproduction that the body shows first."""
    probes: tuple[Probe, ...]


def reproduced(bug: Bug, tests: Sequence[str], places: Sequence[Sequence[str]] = ()) -> Shown:
    """Scripts that show the bug; raises `Rejected` where none does, or not all of it.

    `tests` fail; `places` are those that notice each of several mistakes, where that is known.
    Each script is run as a program of its own in fresh sandboxes, with other hashes of strings and on
    another day, and has to do what it did before; so has a neighbour that both trees handle alike, or it is left out.
    """
    fixed, buggy = fixed_tree(bug), buggy_tree(bug)
    evidence = tongue(bug.toolchain).gather(bug, tests, fixed, buggy, places)
    if isinstance(evidence, str):
        raise Rejected(evidence)
    evidence = telling(evidence, bug)
    scripts = [found.script for found in evidence.reproductions]
    sides = _outputs([fixed, buggy], scripts, bug.toolchain)
    for found, right, wrong in zip(evidence.reproductions, *sides, strict=True):
        if not (found.fixed.printed(right) and found.buggy.printed(wrong)):
            raise Rejected("another_reproduction")
    if len(bug.story.operators) > 1 and is_half_told(bug, scripts, sides[0]):
        raise Rejected("half_told")
    beside = [each.contrast.script for each in evidence.reproductions if each.contrast]
    (outputs,) = _outputs([fixed], beside, bug.toolchain) if beside else ([],)
    same = dict(zip(beside, outputs, strict=True))
    kept = [
        each
        if each.contrast is None or same[each.contrast.script] == each.contrast.out
        else each.model_copy(update={"contrast": None})
        for each in evidence.reproductions
    ]
    outputs_of = {s: Outputs(*both) for s, *both in zip(scripts, *sides, strict=True)}
    return Shown(evidence.model_copy(update={"reproductions": tuple(kept)}), outputs_of)


def is_half_told(bug: Bug, scripts: Sequence[str], right: Sequence[str]) -> bool:
    """Whether one of several mistakes shows in none of the scripts, so that nobody could know of it.

    `right` is what the scripts print on the fixed tree.
    """
    fixed = fixed_tree(bug)
    trees = [laid_over(fixed, files) for files in unmended(bug.gold, buggy_tree(bug))]
    return list(right) in _outputs(trees, scripts, bug.toolchain)


def _outputs(
    trees: Sequence[Tree], scripts: Sequence[str], toolchain: Toolchain
) -> list[list[str]]:
    """For each of the trees what each of the scripts prints, without addresses."""
    asked = [(tree, script, OTHER_HASHES) for tree in trees for script in scripts]
    found = [without_addresses(output) for output in _printed(toolchain, asked)]
    return [found[at : at + len(scripts)] for at in range(0, len(found), len(scripts))]


def tell(bug: Bug, labels: Labels, shown: Shown, language: Language, rng: Random) -> Told:
    """Raises `Rejected` where the bug cannot be told, or asked for in other words."""
    evidence = shown.evidence
    statement = write(bug, labels, evidence, language, rng)
    if isinstance(statement, str):
        raise Rejected(statement)
    trees = fixed_tree(bug), buggy_tree(bug)
    told = [each.script for each in evidence.reproductions if each.script.strip() in statement.body]
    if bug.story.sort in ("release", "patch") and is_untold(bug, labels, told, *trees):
        raise Rejected("untold")
    statement = retold(bug, statement, evidence, language)
    known = shown.outputs.get(statement.script)
    probes = probes_of(statement.script, bug.toolchain, *trees, rng, known)
    if not probes:
        raise Rejected("another_reproduction")
    return Told(statement.title, statement.body, statement.script, probes)


def probes_of(
    script: str,
    toolchain: Toolchain,
    fixed: Tree,
    buggy: Tree,
    rng: Random,
    known: Outputs | None = None,
) -> tuple[Probe, ...]:
    """The reproduction and variations of it that tell the trees apart; see `synth.code.probes`.

    `known` is what the reproduction prints with other hashes of strings on another day. None where it does not tell
    the trees apart when it is run by itself.
    """
    if known is None:
        known = Outputs(*_printed(toolchain, [(fixed, script, OTHER_HASHES), (buggy, script, 0)]))
    varied = tongue(toolchain).variations(script, rng, NUM_VARIATIONS)
    sides = [(tree, variation.script, 0) for variation in varied for tree in (fixed, buggy)]
    right, *others = _printed(toolchain, [(fixed, script, 0), *sides])
    if right != known.fixed or right == known.buggy:
        return ()
    pairs = zip(varied, map(Outputs, others[::2], others[1::2]), strict=True)
    suited = [(variation, told) for variation, told in pairs if suits(variation, known, told)]
    again = _printed(
        toolchain, [(fixed, variation.script, OTHER_HASHES) for variation, _ in suited]
    )
    found = [Probe(script=script, expected=right)]
    for (variation, told), output in zip(suited, again, strict=True):
        if output == told.fixed:
            found.append(Probe(script=variation.script, expected=output))
    return tuple(found)


def _printed(toolchain: Toolchain, asked: Sequence[tuple[Tree, str, int]]) -> list[str]:
    """What scripts print on trees, each in a fresh sandbox: today, or with other hashes of strings on
    another day."""
    requests = [
        RunRequest(tree, toolchain, (), script=script, seed=seed, days=OTHER_DAYS if seed else 0)
        for tree, script, seed in asked
    ]
    return [run.output for run in run_many(requests)]
