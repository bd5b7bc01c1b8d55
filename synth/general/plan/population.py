"""A population of random plans, kept inside the rules so far: what a new rule would leave.

Counting exactly after every step would cost too much. The population is a sample of the plans that
satisfy the rules (sequential Monte Carlo with Gibbs moves); it tells how selective a candidate is,
supplies the values that bounds are drawn from, and proves that something is left: each member is a
plan. Exact numbers come from `counting` afterwards.
"""

from random import Random

import numpy as np

from synth.general.plan.arrays import (
    NULL,
    Ints,
    Mask,
    added,
    bits,
    compared,
    extreme,
    looked_up,
    weighted,
)
from synth.general.plan.lowering import (
    Apart,
    Conjunct,
    Extreme,
    Found,
    Leaf,
    Lowering,
    Spread,
    Test,
    Tree,
    Weighted,
)
from verifiers.general.constraints import Formula, Scalar, Term, slots_of

SIZE = 256
NEAR = 48
"""Plans that are kept for each rule which break that rule alone."""

SWEEPS = 2
"""Gibbs sweeps after each rule."""

SOLVES = -1


class Population:
    """`SIZE` plans that satisfy the rules so far, and `NEAR` for each rule that break just it.

    While a rule has a plan that breaks it alone, the others do not imply it.
    """

    def __init__(self, lowering: Lowering, rng: Random) -> None:
        self.lowering = lowering
        self.sizes = {
            slot.name: len(lowering.tables.keys(slot.table)) for slot in lowering.problem.slots
        }
        # The legacy generator: its stream is the same in every version of numpy.
        self._rng = np.random.RandomState(rng.getrandbits(32))
        self.rows: dict[str, Ints] = {
            slot: self._rng.randint(0, size, SIZE) for slot, size in self.sizes.items()
        }
        self._breaks: Ints = np.full(SIZE, SOLVES)
        self._rules: list[tuple[frozenset[str], tuple[Conjunct, ...]]] = []

    def holding(self, formula: Formula) -> Mask:
        """Which of the plans that satisfy the rules also satisfy `formula`."""
        return self._holding(self.lowering.conjuncts(formula), self._main())

    def _main(self) -> dict[str, Ints]:
        return {slot: rows[:SIZE] for slot, rows in self.rows.items()}

    def _holding(self, trees: tuple[Conjunct, ...], rows: dict[str, Ints]) -> Mask:
        mask = np.ones(len(next(iter(rows.values()))), dtype=np.bool_)
        for tree in trees:
            mask &= holds(tree, rows)
        return mask

    def values(self, term: Term) -> Ints:
        """Scaled values of a numeric term in the plans that satisfy the rules, where it has one."""
        values = _value(self.lowering.term(term), self._main())
        return np.asarray(values[values != NULL])

    def member(self, number: int) -> dict[str, Scalar]:
        """One plan that satisfies the rules, by the key of the row in each slot."""
        problem, tables = self.lowering.problem, self.lowering.tables
        return {s.name: tables.keys(s.table)[self.rows[s.name][number]] for s in problem.slots}

    def breaking(self, number: int) -> dict[str, Scalar]:
        """One plan that breaks the part `number` of the rules, counted from 0, and no other."""
        return self.member(SIZE + number * NEAR)

    def restrict(self, *parts: Formula) -> bool:
        """Adds a rule; False, and nothing is added, if it or an earlier one would be implied.

        Given in parts, each part is to have plans that break it alone.
        """
        before = self.rows, self._breaks, list(self._rules)
        if all(self._restricted(part) for part in parts):
            return True
        self.rows, self._breaks, self._rules = before
        return False

    def _restricted(self, formula: Formula) -> bool:
        trees = self.lowering.conjuncts(formula)
        held = self._holding(trees, self.rows)
        solves = self._breaks == SOLVES
        sets = [np.flatnonzero(held & (self._breaks == n)) for n in range(len(self._rules))]
        sets.append(np.flatnonzero(~held & solves))
        kept = np.flatnonzero(held & solves)
        if not len(kept) or not all(len(members) for members in sets):
            return False
        chosen = [kept[self._rng.randint(0, len(kept), SIZE)]]
        chosen += [members[self._rng.randint(0, len(members), NEAR)] for members in sets]
        at = np.concatenate(chosen)
        self.rows = {slot: rows[at] for slot, rows in self.rows.items()}
        self._breaks = np.repeat(np.arange(SOLVES, len(sets)), [SIZE, *(NEAR for _ in sets)])
        self._rules.append((slots_of(formula), trees))
        for _ in range(SWEEPS):
            self._sweep()
        return True

    def _sweep(self) -> None:
        """Offers every slot of every plan another row; it moves if it then breaks no other rule."""
        size = len(self._breaks)
        for slot, num_rows in self.sizes.items():
            moved = dict(self.rows)
            moved[slot] = self._rng.randint(0, num_rows, size)
            mask = np.ones(size, dtype=np.bool_)
            for number, (scope, trees) in enumerate(self._rules):
                if slot in scope:
                    mask &= self._holding(trees, moved) == (self._breaks != number)
            self.rows[slot] = np.where(mask, moved[slot], self.rows[slot])


def holds(tree: Conjunct, rows: dict[str, Ints]) -> Mask:
    """Which of the plans, given as row numbers for each slot, satisfy `tree`."""
    if isinstance(tree, Apart):
        columns = np.stack([_value(leaf, rows) for leaf in tree.children], axis=1)
        columns.sort(axis=1)
        alike = (columns[:, 1:] == columns[:, :-1]) & (columns[:, 1:] != NULL)
        return np.asarray(~alike.any(axis=1))
    return np.asarray(_value(tree, rows) != 0)


def _value(tree: Tree, rows: dict[str, Ints]) -> Ints:
    if isinstance(tree, Leaf):
        return tree.values[rows[tree.slot]] if tree.slot else tree.values
    values = [_value(child, rows) for child in tree.children]
    match tree:
        case Test():
            return compared(values[0], tree.by, values[1]).astype(np.int64)
        case Weighted():
            total = weighted(values[0], tree.weights[0])
            for value, weight in zip(values[1:], tree.weights[1:], strict=True):
                total = added(total, weighted(value, weight))
            return total
        case Extreme():
            chosen = values[0]
            for value in values[1:]:
                chosen = extreme(chosen, value, tree.greatest)
            return chosen
        case Spread():
            seen = bits(values[0], tree.codes)
            for value in values[1:]:
                seen = seen | bits(value, tree.codes)
            return np.bitwise_count(seen).astype(np.int64) * tree.scale
        case Found():
            return looked_up(tree.axes, tree.table, values)
