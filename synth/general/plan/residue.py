"""What is left of one conjunct after some slots are filled, for many partial plans at once.

A residue keeps a few integer columns, one entry a partial plan: running sums and extremes, values
that wait for their other half, values that are taken. Two partial plans with equal columns have
equal futures; sums are clipped once the rest cannot change what they are compared to.
"""

from collections.abc import Iterator, Mapping

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
    Spread,
    Test,
    Tree,
    Weighted,
    slots_below,
)
from verifiers.general.constraints import Operator

Key = tuple[int, int]
"""Identity of a node, and which of its columns."""

WORD_BITS = 62


class Step:
    """One slot being filled: each entry puts one choice of its rows to one state."""

    def __init__(
        self, slot: str, choices: Mapping[int, Ints], state: Ints, choice_index: Ints
    ) -> None:
        self.slot = slot
        self.choices = choices
        self.state = state
        self.choice_index = choice_index

    def value(self, leaf: Leaf) -> Ints:
        if not leaf.slot:
            return np.full(len(self.state), leaf.values[0])
        return self.choices[id(leaf)][self.choice_index]

    def keep(self, mask: Mask) -> None:
        self.state, self.choice_index = self.state[mask], self.choice_index[mask]


class Residue:
    def __init__(self, root: Conjunct, rows: Mapping[str, Ints]) -> None:
        self.root = root
        self.rows = rows
        self._now: dict[Key, Ints] = {}
        self._next: dict[Key, Ints] = {}
        self._scopes: dict[int, frozenset[str]] = {}
        self._bounds: dict[int, tuple[int, int]] = {}
        self._left: dict[int, list[int]] = {}
        self._leaves: dict[str, list[Leaf]] = {}
        if isinstance(root, Apart):
            self._left[id(root)] = list(range(len(root.children)))
            for leaf in root.children:
                self._leaves.setdefault(leaf.slot, []).append(leaf)
            self._bits = self._shared(root)
        else:
            self._prepare(root)

    def leaves_of(self, slot: str) -> list[Leaf]:
        return self._leaves.get(slot, [])

    def columns(self) -> Iterator[Ints]:
        return iter(self._now.values())

    def select(self, chosen: Ints | Mask) -> None:
        """Keeps the states at `chosen`, in that order."""
        self._now = {key: column[chosen] for key, column in self._now.items()}

    def advance(self, step: Step) -> Mask | None:
        """Fills the slot; returns which entries can still be right, None if all can."""
        if isinstance(self.root, Apart):
            mask: Mask | None = self._apart(self.root, step)
        else:
            value = self._value(self.root, step)
            mask = self._possible(self.root) if value is None else value != 0
        for key in list(self._now):
            self._next[key] = self._now.pop(key)[step.state]
        self._now, self._next = self._next, {}
        return mask

    def _prepare(self, node: Tree) -> None:
        """Scopes, bounds and waiting children of `node` and all below."""
        if isinstance(node, Leaf):
            self._scopes[id(node)] = slots_below(node)
            values = node.values[self.rows[node.slot]] if node.slot else node.values
            present = values[values != NULL]
            ends = (int(present.min()), int(present.max())) if len(present) else (0, 0)
            self._bounds[id(node)] = ends
            known = self._leaves.setdefault(node.slot, [])
            if node not in known:
                known.append(node)
            return
        for child in node.children:
            self._prepare(child)
        below = [self._scopes[id(child)] for child in node.children]
        self._scopes[id(node)] = frozenset().union(*below)
        self._left[id(node)] = list(range(len(node.children)))
        self._bounds[id(node)] = self._ends(node)

    def _ends(self, node: Weighted | Extreme | Spread | Test | Found) -> tuple[int, int]:
        if isinstance(node, Weighted):
            return self._rest(node, range(len(node.children)))
        if isinstance(node, Extreme):
            ends = [self._bounds[id(child)] for child in node.children]
            choose = max if node.greatest else min
            return choose(low for low, _ in ends), choose(high for _, high in ends)
        if isinstance(node, Spread):
            return 0, len(node.children) * node.scale
        if isinstance(node, Test):
            return 0, 1
        present = node.table[node.table != NULL]
        return (int(present.min()), int(present.max())) if present.size else (0, 0)

    def _rest(self, node: Weighted, indices: list[int] | range) -> tuple[int, int]:
        """Least and greatest sum of the children at `indices`."""
        low = high = 0
        for index in indices:
            weight = node.weights[index]
            ends = [int(end * weight) for end in self._bounds[id(node.children[index])]]
            low, high = low + min(ends), high + max(ends)
        return low, high

    def _value(self, node: Tree, step: Step) -> Ints | None:
        """Values of `node` if this step completes it; else what is known becomes columns."""
        if isinstance(node, Leaf):
            return step.value(node) if node.slot in ("", step.slot) else None
        if isinstance(node, Test):
            return self._test(node, step)
        if isinstance(node, Found):
            return self._found(node, step)
        return self._folded(node, step)

    def _arriving(self, node: Tree, step: Step) -> Iterator[tuple[int, Ints]]:
        """Children of `node` that this step completes, with their values."""
        assert not isinstance(node, Leaf)
        left = self._left[id(node)]
        for index in list(left):
            child = node.children[index]
            scope = self._scopes[id(child)]
            if not scope or step.slot in scope:
                value = self._value(child, step)
                if value is not None:
                    left.remove(index)
                    yield index, value

    def _taken(self, key: Key, step: Step) -> Ints | None:
        column = self._now.pop(key, None)
        return None if column is None else column[step.state]

    def _folded(self, node: Weighted | Extreme | Spread, step: Step) -> Ints | None:
        key = (id(node), 0)
        total = self._taken(key, step)
        for index, value in self._arriving(node, step):
            if isinstance(node, Weighted):
                value = weighted(value, node.weights[index])
                total = value if total is None else added(total, value)
            elif isinstance(node, Extreme):
                total = value if total is None else extreme(total, value, node.greatest)
            else:
                value = bits(value, node.codes)
                total = value if total is None else total | value
        if total is not None and self._left[id(node)]:
            self._next[key] = total
            return None
        if total is not None and isinstance(node, Spread):
            return np.bitwise_count(total).astype(np.int64) * node.scale
        return total

    def _test(self, node: Test, step: Step) -> Ints | None:
        sides = {side: self._taken((id(node), side), step) for side in (0, 1)}
        for side, value in self._arriving(node, step):
            sides[side] = value
        left, right = sides[0], sides[1]
        if left is not None and right is not None:
            return compared(left, node.by, right).astype(np.int64)
        for side, known in sides.items():
            if known is not None:
                self._next[id(node), side] = known
        self._clip(node)
        return None

    def _clip(self, node: Test) -> None:
        """Makes sums alike that can no longer end on different sides of a constant."""
        total, bound = node.children
        key = (id(total), 0)
        if isinstance(total, Weighted) and isinstance(bound, Leaf) and not bound.slot:
            column = self._next.get(key)
            if column is not None:
                low, high = self._rest(total, self._left[id(total)])
                limit = int(bound.values[0])
                clipped = np.clip(column, limit - high - 1, limit - low + 1)
                self._next[key] = np.where(column == NULL, NULL, clipped)

    def _possible(self, root: Tree) -> Mask | None:
        """Which entries can still satisfy a root that compares a sum with a constant."""
        if not isinstance(root, Test):
            return None
        total, bound = root.children
        column = self._next.get((id(total), 0))
        if not isinstance(total, Weighted) or column is None or not isinstance(bound, Leaf):
            return None
        if bound.slot:
            return None
        low, high = self._rest(total, self._left[id(total)])
        limit = int(bound.values[0])
        at_most, at_least = limit - low, limit - high
        match root.by:
            case Operator.LE:
                possible = column <= at_most
            case Operator.LT:
                possible = column < at_most
            case Operator.GE:
                possible = column >= at_least
            case Operator.GT:
                possible = column > at_least
            case Operator.EQ:
                possible = (column <= at_most) & (column >= at_least)
            case Operator.NE:
                possible = np.ones(len(column), dtype=np.bool_)
        return np.asarray(possible & (column != NULL))

    def _found(self, node: Found, step: Step) -> Ints | None:
        values = {i: self._taken((id(node), i), step) for i in range(len(node.children))}
        values.update(self._arriving(node, step))
        known = {i: value for i, value in values.items() if value is not None}
        if len(known) < len(node.children):
            self._next.update({(id(node), i): value for i, value in known.items()})
            return None
        keys = [known[index] for index in range(len(node.axes))]
        return looked_up(node.axes, node.table, keys)

    def _shared(self, root: Apart) -> dict[int, int]:
        """A number for each value that two slots could take."""
        seen: set[int] = set()
        twice: set[int] = set()
        for leaf in root.children:
            values = set(leaf.values[self.rows[leaf.slot]].tolist()) - {int(NULL)}
            twice |= seen & values
            seen |= values
        return {value: number for number, value in enumerate(sorted(twice))}

    def _apart(self, root: Apart, step: Step) -> Mask:
        left = self._left[id(root)]
        index = next(i for i in left if root.children[i].slot == step.slot)
        left.remove(index)
        future: set[int] = set()
        for other in left:
            leaf = root.children[other]
            future |= set(leaf.values[self.rows[leaf.slot]].tolist())
        values = step.choices[id(root.children[index])]
        mask = np.ones(len(step.state), dtype=np.bool_)
        for word in range(-(-len(self._bits) // WORD_BITS)):
            start = word * WORD_BITS
            codes = {v: n - start for v, n in self._bits.items() if 0 <= n - start < WORD_BITS}
            used = bits(values, codes)[step.choice_index]
            taken = self._taken((id(root), word), step)
            if taken is not None:
                mask &= (taken & used) == 0
                used = used | taken
            still = sum(1 << bit for value, bit in codes.items() if value in future)
            if still:
                self._next[id(root), word] = used & still
        return mask
