"""Changes that are close to a fix: some mean the same, some do not mend the bug."""

from collections.abc import Callable, Iterator
from functools import partial
from random import Random

from envs.code.runs import RunRequest, run_many
from envs.code.spec import Files
from envs.code.tree import Tree
from synth.code.bug import Bug, Labels
from synth.code.difficulty import changed_places
from synth.code.draft import failing, modules_of, text_of
from synth.code.labels import graded_tree
from synth.code.operators import OPERATORS, Module, Mutation, candidates, mutated, tree

NUM_TRIED = 3
"""Other mistakes in the mended functions that are tried on the tests at once."""
REMARK = "Reported in an issue."


def remarked(files: Files) -> Files:
    """`files` with a comment at their ends; those of other languages get an empty line."""
    return {path: _remarked(path, text) for path, text in files.items()}


def _remarked(path: str, text: str | None) -> str | None:
    if text is None:
        return None
    end = "" if text.endswith("\n") else "\n"
    if path.endswith(".py"):
        return f"{text}{end}# {REMARK}\n"
    return f"{text}{end}{f'// {REMARK}' if tree.language_of(path) else ''}\n"


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
    for path in sorted({path for path, _ in places}):
        sites = [
            (mutation, make)
            for mutation, make in _mutations(path, bug.gold[path] or "")
            if (path, mutation.function) in places
        ]
        for _, make in rng.sample(sites, min(len(sites), NUM_TRIED)):
            if (made := make()) is not None and made != bug.buggy.get(path):
                found.append((path, made))
    for path, text in rng.sample(found, min(len(found), NUM_TRIED)):
        yield "mended, with another mistake", {**bug.gold, path: text}


def _mutations(path: str, text: str) -> Iterator[tuple[Mutation, Callable[[], str | None]]]:
    """All mistakes that operators can make in a file, each with what gives its text."""
    if language := tree.language_of(path):
        other = tree.TreeModule(text, language)
        for operator in tree.OPERATORS:
            for mutation in tree.candidates(other, operator):
                yield mutation, partial(tree.mutated, other, mutation)
    elif path.endswith(".py"):
        module = Module(text)
        for operator in OPERATORS:
            for mutation in candidates(module, operator):
                yield mutation, partial(mutated, module, mutation)
