"""Differences are cut into pieces that stand alone, and the smallest sets of them are found."""

import ast
from itertools import combinations
from random import Random

import pytest

from synth.code.minimal import OutOfProbes, Trials, clusters, ddmin
from synth.code.split import Piece, applied, finer, means_nothing, pieces

OLD = '''"""Weights."""
import math

LIMIT = 10


def weigh(x):
    return x


class Scale:
    """Weighs."""

    unit = "g"

    def read(self):
        return 1

    def reset(self):
        return 2
'''
NEW = '''"""Weights."""
import math

LIMIT = 10


def weigh(x):
    """Checked."""
    if x < 0:
        raise ValueError(x)
    return x


class Scale:
    """Weighs things."""

    unit = "g"

    def read(self):
        return 1

    def tare(self):
        return 0

    def reset(self):
        return 3


class Balance:
    arms = 2

    def level(self):
        return True
'''


def test_a_piece_is_a_whole_function_or_class() -> None:
    found = pieces("scales.py", OLD, NEW)
    starts = ["\n".join(NEW.split("\n")[slice(*p.new)]).strip().split("\n")[0] for p in found]
    assert starts == [
        "def weigh(x):",
        '"""Weighs things."""',
        "def tare(self):",
        "def reset(self):",
        "class Balance:",
    ]
    for piece in found:
        ast.parse(applied(OLD, NEW, [piece]) or "")
    assert [means_nothing(p, OLD, NEW) for p in found] == [False, True, False, False, False]


def test_all_pieces_of_any_two_texts_give_the_new_one_and_none_the_old() -> None:
    rng = Random(5)
    lines = (OLD + NEW).split("\n")
    for _ in range(200):
        old = "\n".join(rng.choices(lines, k=rng.randrange(12)))
        new = "\n".join(rng.choices(lines, k=rng.randrange(12)))
        found = pieces("x.py", old, new)
        assert applied(old, new, found) == new
        assert applied(old, new, []) == old
        chosen = [p for p in found if rng.random() < 0.5]
        assert applied(old, new, reversed(chosen)) == applied(old, new, chosen)


def test_runs_of_lines_make_up_the_piece_that_they_are_of() -> None:
    for piece in pieces("x.py", OLD, NEW):
        assert applied(OLD, NEW, finer(piece, OLD, NEW)) == applied(OLD, NEW, [piece])


@pytest.mark.parametrize(("old", "new"), [(None, NEW), (OLD, None), ("def (", OLD)])
def test_a_file_that_comes_goes_or_is_no_python_is_one_piece(
    old: str | None, new: str | None
) -> None:
    (piece,) = pieces("x.py", old, new)
    assert applied(old, new, [piece]) == new
    assert applied(old, new, []) == old


def brute(needed: list[frozenset[int]], universe: range) -> set[frozenset[int]]:
    """All smallest sets that hold one of `needed`."""
    return {
        frozenset(chosen)
        for size in range(len(universe) + 1)
        for chosen in combinations(universe, size)
        if any(n <= set(chosen) for n in needed)
        and not any(n <= set(c) for n in needed for c in combinations(chosen, size - 1))
    }


@pytest.mark.parametrize("seed", range(40))
def test_what_is_found_is_minimal(seed: int) -> None:
    rng = Random(seed)
    universe = range(rng.randrange(1, 9))
    needed = [
        frozenset(rng.sample(universe, rng.randrange(1, min(4, len(universe)) + 1)))
        for _ in range(rng.randrange(1, 3))
    ]
    found = ddmin(list(universe), lambda chosen: any(n <= chosen for n in needed))
    assert found in brute(needed, universe)


def test_tests_share_what_their_probes_have_shown() -> None:
    needs = {"a": {2}, "b": {2}, "c": {5, 7}, "d": {7, 8}, "e": {1}}
    asked: list[frozenset[int]] = []

    def probe(chosen: frozenset[int]) -> frozenset[str]:
        asked.append(chosen)
        return frozenset(test for test, need in needs.items() if need <= chosen)

    universe = frozenset(range(40))
    trials = Trials(probe, 200, {frozenset(): frozenset(), universe: frozenset(needs)})
    found = {test: trials.minimal(frozenset({test}), universe) for test in needs}
    assert found == {test: frozenset(need) for test, need in needs.items()}
    assert len(asked) == len(set(asked))
    assert clusters({t: c for t, c in found.items() if c}) == [
        (frozenset("e"), frozenset({1})),
        (frozenset("ab"), frozenset({2})),
        (frozenset("cd"), frozenset({5, 7, 8})),
    ]


@pytest.mark.parametrize("seed", range(40))
def test_a_guess_saves_probes_where_it_is_right_and_changes_nothing_where_it_is_wrong(
    seed: int,
) -> None:
    rng = Random(seed)
    universe = frozenset(range(rng.randrange(2, 60)))
    need = frozenset(rng.sample(sorted(universe), rng.randrange(1, min(5, len(universe)) + 1)))
    rest = rng.sample(sorted(universe - need), len(universe - need))

    def search(likely: list[int]) -> int:
        asked: list[frozenset[int]] = []

        def probe(chosen: frozenset[int]) -> frozenset[str]:
            asked.append(chosen)
            return frozenset("a") if need <= chosen else frozenset()

        trials = Trials(probe, 400, {frozenset(): frozenset(), universe: frozenset("a")})
        assert trials.minimal(frozenset("a"), universe, likely) == need
        return len(asked)

    assert search([*sorted(need), *rest]) <= search([*rest, *sorted(need)])


def test_probes_have_a_limit_and_what_never_passes_has_no_set() -> None:
    trials = Trials(lambda chosen: frozenset(), 3, {})
    assert trials.minimal(frozenset("a"), frozenset({1, 2})) is None
    passing = Trials(lambda chosen: frozenset("a") if len(chosen) > 6 else frozenset(), 3, {})
    with pytest.raises(OutOfProbes, match="more than 3 runs"):
        passing.minimal(frozenset("a"), frozenset(range(30)))


def test_pieces_that_overlap_are_a_defect_of_ours() -> None:
    one, other = Piece(path="x", old=(0, 3), new=(0, 1)), Piece(path="x", old=(2, 4), new=(1, 2))
    with pytest.raises(AssertionError, match="overlap"):
        applied(OLD, NEW, [one, other])
