"""The exact number of plans that satisfy rules, by dynamic programming over the slots.

Slots are filled one after the other. Partial plans that no open rule can tell apart are one state
with a weight: what is left of a sum, which values are taken, which half of a comparison is known.
Parts of a problem that share no rule are counted apart and multiplied. No solver library is used,
so that its count can be held against CP-SAT's.
"""

from collections.abc import Iterable, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from synth.general.plan.arrays import Ints
from synth.general.plan.lowering import Apart, Conjunct, Leaf, Lowering, slots_below
from synth.general.plan.residue import Residue, Step
from verifiers.general.constraints import Formula, PlanProblem, Rule
from verifiers.general.tables import Tables

MAX_EXPANDED = 3_000_000
"""Partial plans that one count may look at before it gives up, unless told."""

MAX_KEY = 2**62

Weights = npt.NDArray[Any]
"""Integers: of 64 bits where that is enough for any count, else Python's own."""


class TooMany(Exception):
    """The states of a problem do not fit the limit; nothing is known of its number of plans."""


class Counted(NamedTuple):
    """A number of plans, or the bounds it lies between."""

    low: int
    high: int

    @property
    def exact(self) -> bool:
        return self.low == self.high


class PlanCounter:
    """Counts plans over the slots of `problem`; its own rules play no part."""

    def __init__(
        self,
        problem: PlanProblem,
        tables: Tables,
        max_expanded: int = MAX_EXPANDED,
        *,
        in_order: bool = False,
    ) -> None:
        """With `in_order` slots are filled in the order of the problem, for whoever knows it."""
        self.max_expanded = max_expanded
        self.in_order = in_order
        self.lowering = Lowering(problem, tables)
        self.sizes = {slot.name: len(tables.keys(slot.table)) for slot in problem.slots}

    def well_formed(self) -> int:
        """Number of ways to fill the slots with existing rows, whatever the rules."""
        return prod(self.sizes.values())

    def count(self, rules: Iterable[Rule]) -> int:
        """Number of plans that satisfy all `rules`; raises `TooMany` beyond the limit."""
        return self.count_formulas(rule.formula for rule in rules)

    def bounds(self, formulas: Iterable[Formula]) -> Counted:
        """The exact number, or where that is too much work 0 and the number with repetition."""
        trees = [tree for f in formulas for tree in self.lowering.conjuncts(f)]
        try:
            number = self._count(trees)
        except TooMany:
            return Counted(0, self._count([tree for tree in trees if not isinstance(tree, Apart)]))
        return Counted(number, number)

    def count_formulas(self, formulas: Iterable[Formula]) -> int:
        """Number of plans that satisfy all `formulas`; raises `TooMany` beyond the limit."""
        return self._count([tree for f in formulas for tree in self.lowering.conjuncts(f)])

    def _count(self, conjuncts: list[Conjunct]) -> int:
        allowed: dict[str, npt.NDArray[np.bool_]] = {}
        open_: list[Conjunct] = []
        for tree in conjuncts:
            if not isinstance(tree, Leaf):
                open_.append(tree)
            elif not tree.slot:
                if not tree.values[0]:
                    return 0
            else:
                mask = tree.values != 0
                allowed[tree.slot] = allowed[tree.slot] & mask if tree.slot in allowed else mask
        rows = {
            slot: np.flatnonzero(allowed[slot]) if slot in allowed else np.arange(size)
            for slot, size in self.sizes.items()
        }
        if not all(len(r) for r in rows.values()):
            return 0
        total = 1
        for slots, trees in components(list(rows), open_):
            total *= (
                _Sweep(slots, trees, rows, self.max_expanded, self.in_order).count()
                if trees
                else len(rows[slots[0]])
            )
            if not total:
                return 0
        return total


def components(
    slots: Sequence[str], trees: Sequence[Conjunct]
) -> list[tuple[list[str], list[Conjunct]]]:
    """Slots that trees connect, with those trees; a slot that none speaks of is alone."""
    leader = {slot: slot for slot in slots}

    def find(slot: str) -> str:
        while leader[slot] != slot:
            slot = leader[slot]
        return slot

    below = [slots_below(tree) for tree in trees]
    for scope in below:
        first, *rest = sorted(scope)
        for other in rest:
            leader[find(other)] = find(first)
    groups: dict[str, tuple[list[str], list[Conjunct]]] = {}
    for slot in slots:
        groups.setdefault(find(slot), ([], []))[0].append(slot)
    for scope, tree in zip(below, trees, strict=True):
        groups[find(min(scope))][1].append(tree)
    return list(groups.values())


class _Sweep:
    """One connected part of a problem, slot by slot."""

    def __init__(
        self,
        slots: Sequence[str],
        trees: Sequence[Conjunct],
        rows: dict[str, Ints],
        max_expanded: int,
        in_order: bool,
    ) -> None:
        self.max_expanded = max_expanded
        self.rows = rows
        self.scopes = [slots_below(tree) for tree in trees]
        self.order = list(slots) if in_order else self._ordered(slots)
        self.residues = [Residue(tree, rows) for tree in trees]
        size = prod(len(rows[slot]) for slot in slots)
        self.weight_type: type = np.int64 if size < MAX_KEY else object

    def _ordered(self, slots: Sequence[str]) -> list[str]:
        """Next is the slot that leaves the fewest rules half known, then the one with few rows."""
        order: list[str] = []
        left = list(slots)
        while left:
            done = set(order)

            def cost(slot: str, done: set[str] = done) -> tuple[int, int]:
                half = sum(1 for s in self.scopes if s & (done | {slot}) and s - done - {slot})
                return half, len(self.rows[slot])

            best = min(left, key=cost)
            order.append(best)
            left.remove(best)
        return order

    def count(self) -> int:
        weights: Weights = np.array([1], dtype=self.weight_type)
        expanded = 0
        for slot in self.order:
            choice, times = self._choices(slot)
            num_states, num_choices = len(weights), len(times)
            expanded += num_states * num_choices
            if expanded > self.max_expanded:
                raise TooMany
            step = Step(
                slot,
                choice,
                np.repeat(np.arange(num_states), num_choices),
                np.tile(np.arange(num_choices), num_states),
            )
            weights = self._advance(step, weights, times)
            if not len(weights):
                return 0
        return int(sum(weights.tolist()))

    def _choices(self, slot: str) -> tuple[dict[int, Ints], Ints]:
        """Values of the slot's leaves for each kind of row, and how many rows are of each kind."""
        rows = self.rows[slot]
        leaves = {id(leaf): leaf for r in self.residues for leaf in r.leaves_of(slot)}
        matrix = np.stack([leaf.values[rows] for leaf in leaves.values()], axis=1)
        seen: dict[bytes, int] = {}
        kept: list[int] = []
        times: list[int] = []
        for index, row in enumerate(np.ascontiguousarray(matrix)):
            at = seen.setdefault(row.tobytes(), len(kept))
            if at == len(kept):
                kept.append(index)
                times.append(0)
            times[at] += 1
        values = {key: matrix[kept, column] for column, key in enumerate(leaves)}
        return values, np.array(times, dtype=np.int64)

    def _advance(self, step: Step, weights: Weights, times: Ints) -> Weights:
        """Puts every choice to every state; keeps what can still be right, merged."""
        active = [
            r for r, scope in zip(self.residues, self.scopes, strict=True) if step.slot in scope
        ]
        for residue in active:
            mask = residue.advance(step)
            if mask is not None and not mask.all():
                step.keep(mask)
                for done in active[: active.index(residue) + 1]:
                    done.select(mask)
        for residue in self.residues:
            if residue not in active:
                residue.select(step.state)
        weights = weights[step.state] * times[step.choice_index]
        columns = [column for residue in self.residues for column in residue.columns()]
        if not columns:
            return weights.sum(keepdims=True) if len(weights) else weights
        return self._merge(columns, weights)

    def _merge(self, columns: list[Ints], weights: Weights) -> Weights:
        if len(weights) < 2:
            return weights
        order, new = _grouped(columns)
        starts = np.flatnonzero(new)
        first = order[starts]
        for residue in self.residues:
            residue.select(first)
        return np.asarray(np.add.reduceat(weights[order], starts))


def _grouped(columns: list[Ints]) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """An order that puts equal rows side by side, and where a new one begins."""
    keys: list[Ints] = []
    room = 0
    for column in columns:
        low, high = int(column.min()), int(column.max())
        spread = high - low + 1
        if spread == 1:
            continue
        if keys and room * spread < MAX_KEY:
            keys[-1] = keys[-1] * spread + (column - low)
            room *= spread
        else:
            keys.append(column - low)
            room = spread
    size = len(columns[0])
    new = np.zeros(size, dtype=np.bool_)
    new[0] = True
    if not keys:
        return np.arange(size), new
    order = np.argsort(keys[0], kind="stable") if len(keys) == 1 else np.lexsort(keys)
    for key in keys:
        ordered = key[order]
        new[1:] |= ordered[1:] != ordered[:-1]
    return order, new
