"""Changes that are close to a fix: some mean the same, some do not mend the bug."""

from collections.abc import Iterator
from random import Random

from envs.code.runs import RunRequest, run_many
from envs.code.spec import Files
from envs.code.tree import Tree
from synth.code.bug import Bug, Labels
from synth.code.difficulty import changed_places
from synth.code.draft import failing, modules_of, text_of
from synth.code.labels import graded_tree
from synth.code.operators import OPERATORS, Module, candidates, mutated

NUM_TRIED = 3
"""Other mistakes in the mended functions that are tried on the tests at once."""
REMARK = "# Reported in an issue."


def remarked(files: Files) -> Files:
    """`files` with a comment at their ends; those of other languages get an empty line."""
    return {path: _remarked(path, text) for path, text in files.items()}


def _remarked(path: str, text: str | None) -> str | None:
    if text is None:
        return None
    end = "" if text.endswith("\n") else "\n"
    return f"{text}{end}{REMARK if path.endswith('.py') else ''}\n"


def unchanged(bug: Bug, tree: Tree) -> Files:
    """The files that the fix changes, as they are but for a comment."""
    return remarked({path: text_of(tree, path) or "" for path in bug.gold})


def misses(bug: Bug, labels: Labels, rng: Random) -> Iterator[tuple[str, Files]]:
    """Changes after which a test of the bug still fails, likely ones first; found by running."""
    tried = [*_halves(bug), *_others(bug, rng)]
    for label, files in tried:
        request = RunRequest(
            tree=graded_tree(bug, files),
            toolchain=bug.toolchain,
            modules=modules_of(labels.fail_to_pass, bug.modules),
            ids=labels.fail_to_pass,
        )
        (run,) = run_many([request])
        if failing(run.results, labels.fail_to_pass) and not run.problem:
            yield label, files


def _halves(bug: Bug) -> Iterator[tuple[str, Files]]:
    """The fix of one file where it changes several."""
    if len(bug.gold) > 1:
        for path, text in bug.gold.items():
            yield f"only {path} mended", {path: text}


def _others(bug: Bug, rng: Random) -> Iterator[tuple[str, Files]]:
    """The fix with another mistake in a function that it changes."""
    places = {(place.path, place.function) for place in changed_places(bug)}
    found: list[tuple[str, str]] = []
    for path in sorted({path for path, _ in places if path.endswith(".py")}):
        module = Module(bug.gold[path] or "")
        inside = [
            mutation
            for operator in OPERATORS
            for mutation in candidates(module, operator)
            if (path, mutation.function) in places
        ]
        for mutation in rng.sample(inside, min(len(inside), NUM_TRIED)):
            text = mutated(module, mutation)
            if text is not None and text != bug.buggy.get(path):
                found.append((path, text))
    for path, text in rng.sample(found, min(len(found), NUM_TRIED)):
        yield "mended, with another mistake", {**bug.gold, path: text}
