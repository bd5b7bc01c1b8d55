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
    slots_below,
)
from verifiers.general.constraints import Formula, Scalar, Term

SIZE = 400
SWEEPS = 2
"""Gibbs sweeps after each rule that thins the population out."""

THIN = 0.5
"""Share of different plans below which the population is moved about."""


class Population:
    """`SIZE` plans that satisfy the rules so far, as a row number for each slot."""

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
        self._rules: list[tuple[frozenset[str], Conjunct]] = []

    def holding(self, formula: Formula) -> Mask:
        """Which members satisfy `formula`."""
        mask = np.ones(SIZE, dtype=np.bool_)
        for tree in self.lowering.conjuncts(formula):
            mask &= holds(tree, self.rows)
        return mask

    def values(self, term: Term) -> Ints:
        """Scaled values of a numeric term, of the members that have one."""
        values = _value(self.lowering.term(term), self.rows)
        return np.asarray(values[values != NULL])

    def member(self, number: int) -> dict[str, Scalar]:
        """One plan of the population, by the key of the row in each slot."""
        problem, tables = self.lowering.problem, self.lowering.tables
        return {s.name: tables.keys(s.table)[self.rows[s.name][number]] for s in problem.slots}

    def restrict(self, formula: Formula) -> None:
        """Goes on with the members that satisfy `formula`, of which there must be one."""
        kept = np.flatnonzero(self.holding(formula))
        assert len(kept), "no member satisfies the rule"
        for tree in self.lowering.conjuncts(formula):
            self._rules.append((slots_below(tree), tree))
        chosen = kept[self._rng.randint(0, len(kept), SIZE)]
        if len(kept) == SIZE:
            return
        self.rows = {slot: rows[chosen] for slot, rows in self.rows.items()}
        if len(kept) < THIN * SIZE:
            for _ in range(SWEEPS):
                self._sweep()

    def _sweep(self) -> None:
        """Offers every slot of every member another row; it moves if all rules still hold."""
        for slot, size in self.sizes.items():
            moved = dict(self.rows)
            moved[slot] = self._rng.randint(0, size, SIZE)
            mask = np.ones(SIZE, dtype=np.bool_)
            for scope, tree in self._rules:
                if slot in scope:
                    mask &= holds(tree, moved)
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
