"""Real bugs from two releases of a project: old sources and new tests fail, new sources pass.

A release fixes several bugs at once. Delta debugging finds for each test that turns the pieces of
the release that it needs; tests that need the same pieces are one bug.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from data.errors import SourceError
from data.record import Record
from envs.code.junit import Result, Status
from envs.code.spec import Toolchain
from envs.code.tree import Tree
from synth.code import changelog, chosen, novelty
from synth.code.difference import Difference
from synth.code.minimal import Chosen, OutOfProbes, Trials, clusters
from synth.code.split import Piece, finer

log = logging.getLogger(__name__)

Run = Callable[[Tree, Toolchain, tuple[str, ...], tuple[str, ...]], Mapping[str, Result]]
"""Runs tests of a tree: their modules, and what of these to run, as `synth.code.chosen` has it. What
is not in the results did not run."""

MAX_PROBES = 90
MAX_PARTS = 40
"""Runs of lines that are tried apart."""
MAX_TURNED = 80
"""Tests that turn; where more do, something is broken rather than fixed."""
MAX_BUG_PIECES = 14
MAX_BUG_FILES = 5
MAX_BUG_LINES = 250
MAX_BUG_TESTS = 40
MAX_TEST_S = 2.0
"""A test that takes longer to fail waits for something, or measures time."""


class Fix(Record):
    """One bug of a pair of releases."""

    pieces: tuple[Piece, ...]
    fail_to_pass: tuple[str, ...]
    modules: tuple[str, ...]
    """The test modules in which it shows."""
    entry: changelog.Entry | None
    """What the changelog says of it; None if nothing was found."""


Report = Callable[[str], None]
"""Told why tests or pieces give no bug: a reason's word, a colon, and the rest."""


def fixes(
    change: Difference, new: Tree, toolchain: Toolchain, run: Run, report: Report
) -> Iterator[Fix]:
    """The bugs that `change` fixes; raises `SourceError` where it has none to give."""
    candidates = chosen.changed(change.old, change.tests, change.project.tests)
    turned = _turned(change, toolchain, candidates, run)
    wanted = _fair(change, turned, report)
    if not wanted:
        raise SourceError("unfair: no test that turns can be met without having seen the fix")
    needs = _needs(change, toolchain, {name: turned[name].message for name in wanted}, run, report)
    found = (
        _fix(change, tests, _picked(change, toolchain, tests, numbers, run), report)
        for tests, numbers in clusters(needs)
    )
    yield from told(change, new, once([fix for fix in found if fix], report))


def _turned(
    change: Difference, toolchain: Toolchain, candidates: tuple[str, ...], run: Run
) -> dict[str, Result]:
    """Tests that pass with all of the release's sources only, with how they fail without."""
    modules = chosen.modules(candidates, change.project.tests)
    after = run(change.tree(change.pieces), toolchain, modules, candidates)
    good = {name for name, result in after.items() if result.status is Status.PASSED}
    if not good:
        raise SourceError("no_run: the new release's tests do not run")
    before = run(change.tree(()), toolchain, modules, candidates)
    turned = {
        name: result
        for name, result in before.items()
        if name in good and result.status in (Status.FAILED, Status.ERROR)
    }
    if not turned:
        lost = len(good - set(before))
        raise SourceError(
            f"new_api: {lost} tests are in modules that the old release cannot import"
            if lost
            else "no_turn: no test fails on the old sources and passes on the new ones"
        )
    if len(turned) > MAX_TURNED:
        raise SourceError(f"broad: {len(turned)} tests turn, more than {MAX_TURNED}")
    return turned


def _fair(change: Difference, turned: Mapping[str, Result], report: Report) -> set[str]:
    """The tests that ask for nothing that only the fix names."""
    old = change.old_texts()
    after = [text for text in change.files(change.pieces).values() if text is not None]
    defined, texts = novelty.brought(old, after)
    tests = chosen.texts(change.old, change.tests, change.project.tests)
    known = set[str]().union(*(novelty.names(text) for text in [*old, *tests.values()]))
    wanted: set[str] = set()
    for name, failure in turned.items():
        source = novelty.source_of(
            name, tests.get(chosen.module_of(name, change.project.tests), "")
        )
        reason = novelty.asked(source, failure.message, defined, texts, known - defined)
        if failure.seconds > MAX_TEST_S:
            reason = f"slow: a test takes {failure.seconds:.0f} s to fail"
        if reason:
            report(reason)
        else:
            wanted.add(name)
    return wanted


def _needs(
    change: Difference, toolchain: Toolchain, wanted: Mapping[str, str], run: Run, report: Report
) -> dict[str, Chosen]:
    """The pieces that each of the tests, given with how it fails, needs; left out if not found."""
    ids = tuple(sorted(wanted))
    tests = chosen.texts(change.old, change.tests, change.project.tests)
    modules = chosen.modules(ids, change.project.tests)

    def probe(numbers: Chosen) -> frozenset[str]:
        picked = [change.pieces[i] for i in sorted(numbers)]
        results = run(change.tree(picked), toolchain, modules, ids)
        return frozenset(n for n, r in results.items() if r.status is Status.PASSED)

    everything = frozenset(range(len(change.pieces)))
    trials = Trials(probe, MAX_PROBES, {frozenset(): frozenset(), everything: frozenset(wanted)})
    found: dict[str, Chosen] = {}
    words = [novelty.names(text) for text in _changed(change)]
    for test in ids:
        module = tests.get(chosen.module_of(test, change.project.tests), "")
        said = novelty.names(f"{novelty.source_of(test, module)} {wanted[test]}")
        try:
            numbers = trials.minimal(frozenset({test}), everything, likely(said, words))
        except OutOfProbes as error:
            report(str(error))
            break
        if not numbers:
            report("unstable: a test that turns does not turn again alone")
        elif len(numbers) > MAX_BUG_PIECES:
            report("large: a test needs more pieces than one bug has")
        else:
            found[test] = numbers
    return found


def _changed(change: Difference) -> Iterator[str]:
    """Of each piece the lines that differ, and the lines that name what they are in."""
    for piece in change.pieces:
        old, new = change.sources[piece.path]
        left = (old or "").split("\n")[slice(*piece.old)]
        right = (new or "").split("\n")[slice(*piece.new)]
        heads = [line for line in right if line.lstrip().startswith(("def ", "class "))]
        yield "\n".join([*heads, *({*left} ^ {*right})])


def likely(said: set[str], words: Sequence[set[str]]) -> list[int]:
    """Numbers of the pieces, given by their words, in the order of how much they share with what
    a test says; a word that many pieces have tells little."""
    total = Counter(word for found in words for word in found)
    worth = {word: 1 / total[word] for word in said if word in total}
    scores = [sum(worth[word] for word in sorted(found & worth.keys())) for found in words]
    return sorted(range(len(words)), key=lambda i: (-scores[i], i))


def _picked(
    change: Difference, toolchain: Toolchain, tests: frozenset[str], numbers: Chosen, run: Run
) -> tuple[Piece, ...]:
    """The pieces of a bug.

    Where some are needed only by lines of the others that the tests do not need, another fix has
    changed the same functions: then only the lines that the tests need are taken.
    """
    whole = tuple(change.pieces[i] for i in sorted(numbers))
    lines = [part for piece in whole for part in _parts(change, piece)]
    if len(whole) == 1 or len(lines) > MAX_PARTS:
        return whole
    ids = tuple(sorted(tests))
    modules = chosen.modules(ids, change.project.tests)

    def passing(some: Chosen) -> frozenset[str]:
        picked = [lines[i] for i in sorted(some)]
        results = run(change.tree(picked), toolchain, modules, ids)
        return frozenset(n for n, r in results.items() if r.status is Status.PASSED)

    everything = frozenset(range(len(lines)))
    trials = Trials(passing, MAX_PROBES, {frozenset(): frozenset(), everything: tests})
    try:
        kept = trials.minimal(tests, everything) or everything
    except OutOfProbes:
        return whole
    needed = tuple(lines[i] for i in sorted(kept))
    spared = [piece for piece in whole if not any(_inside(part, piece) for part in needed)]
    return needed if spared else whole


def _parts(change: Difference, piece: Piece) -> list[Piece]:
    old, new = change.sources[piece.path]
    return [piece] if old is None or new is None else finer(piece, old, new)


def _inside(part: Piece, piece: Piece) -> bool:
    left, right = part.old[0] >= piece.old[0], part.old[1] <= piece.old[1]
    later, sooner = part.new[0] >= piece.new[0], part.new[1] <= piece.new[1]
    return part.path == piece.path and left and right and later and sooner


def _fix(
    change: Difference, tests: frozenset[str], picked: tuple[Piece, ...], report: Report
) -> Fix | None:
    """One bug; None where it is more than one bug should be."""
    lines = sum(p.old[1] - p.old[0] + p.new[1] - p.new[0] for p in picked)
    if (
        len(picked) > MAX_BUG_PIECES
        or len({p.path for p in picked}) > MAX_BUG_FILES
        or lines > 2 * MAX_BUG_LINES
        or len(tests) > MAX_BUG_TESTS
    ):
        report("large: what its tests need is more than one bug")
        return None
    ids = tuple(sorted(tests))
    modules = chosen.modules(ids, change.project.tests)
    return Fix(pieces=picked, fail_to_pass=ids, modules=modules, entry=None)


def once(found: Sequence[Fix], report: Report) -> list[Fix]:
    """The first of those that the same test functions show: one mistake, made in several places."""
    by_functions: dict[frozenset[str], Fix] = {}
    for fix in found:
        functions = frozenset(test.partition("[")[0] for test in fix.fail_to_pass)
        if by_functions.setdefault(functions, fix) is not fix:
            report("again: the same test shows it in another place")
    return list(by_functions.values())


def told(change: Difference, new: Tree, found: Sequence[Fix]) -> Iterator[Fix]:
    """The fixes, each with the changelog's entry on it; one entry is told of one fix only."""
    every = changelog.entries(change.old, new, change.project.version)
    texts = [changelog.text_of(entry, new) for entry in every]
    picks = [changelog.best(texts, about(change, fix), names(fix)) for fix in found]
    for fix, pick in zip(found, picks, strict=True):
        alone = pick is not None and picks.count(pick) == 1
        yield fix.model_copy(update={"entry": every[pick]}) if pick is not None and alone else fix


def names(fix: Fix) -> str:
    """Of the tests, without what is in front of them and their parameters."""
    return " ".join(test.rpartition("::")[2].partition("[")[0] for test in fix.fail_to_pass)


def about(change: Difference, fix: Fix) -> str:
    """Words of a fix: its tests' sources, and the lines that it changes."""
    tests = chosen.texts(change.old, change.tests, change.project.tests)
    said: list[str] = []
    for test in fix.fail_to_pass[:8]:
        module = tests.get(chosen.module_of(test, change.project.tests)) or ""
        said.append(novelty.source_of(test, module))
    for piece in fix.pieces:
        old, new = change.sources[piece.path]
        left = (old or "").split("\n")[slice(*piece.old)]
        right = (new or "").split("\n")[slice(*piece.new)]
        said += [line for line in right if line not in set(left)]
        said += [line for line in left if line not in set(right)]
        said += [line for line in right if line.lstrip().startswith(("def ", "class "))]
    return "\n".join(said)
