"""Evaluator one: queries by Python set operations over the knowledge base.

The author uses it while it writes, and it is one of the two that must agree on every accepted
question. Results of nodes and clues are cached, since a weakening changes one clue at a time.
"""

from bisect import bisect_left
from collections import Counter, OrderedDict
from collections.abc import Collection, Sequence
from functools import lru_cache
from itertools import chain, repeat, takewhile

from data.sources.base import ValueKind
from synth.search.kb import KnowledgeBase
from synth.search.query import (
    Answer,
    Category,
    Clue,
    Count,
    Difference,
    Direction,
    Entities,
    Exclude,
    Extreme,
    HowMany,
    Initials,
    Link,
    Loop,
    Node,
    Offset,
    Query,
    Range,
    Step,
    Value,
)

CACHE_SIZE = 1024
"""Sets that are remembered; thousands of large ones would double the memory of a worker."""
FEW = 1000
"""Up to so many entities are asked what they are tied to, instead of listing the far end."""

WORTH_LISTING = 20
"""A far end is listed from a remembered set of at most this many times those who are asked."""


def initials(name: str) -> tuple[str, ...]:
    """First letters of the words of `name`, in order."""
    return tuple(word[0] for word in name.split(" ") if word)


def reverse(step: Step) -> Step:
    """The same edge, walked from its far end."""
    return Step(relation=step.relation, inverse=not step.inverse)


def is_bare(node: Node) -> bool:
    """True if `node` says nothing but its type: then its set is a whole extent, never listed."""
    return not node.clues and not node.constant


def is_plain(clue: Clue) -> bool:
    """True if the clue's set comes straight from an index."""
    match clue:
        case Link():
            return bool(clue.node.constant) or is_bare(clue.node)
        case Count():
            return is_bare(clue.node)
        case Loop():
            return bool(clue.node.constant)
        case Exclude():
            return is_plain(clue.clue)
        case _:
            return True


class SetEvaluator:
    """S(node) for every node of a knowledge base; see `query` for the meaning of each clue."""

    def __init__(self, kb: KnowledgeBase) -> None:
        self.kb = kb
        self.members = lru_cache(maxsize=CACHE_SIZE)(self._members)
        self._known: OrderedDict[tuple[Clue, str], frozenset[str]] = OrderedDict()
        self._by_degree = lru_cache(maxsize=None)(self._compute_by_degree)
        self._initials: dict[str, dict[tuple[str, ...], frozenset[str]]] = {}

    def answer(self, query: Query) -> Answer:
        """What the query asks for; empty when its subject does not exist or is not unique."""
        found = self.members(query.root)
        ask = query.ask
        if isinstance(ask, Entities):
            return tuple(sorted(found))
        if len(found) != 1:
            return ()
        (subject,) = found
        if isinstance(ask, HowMany):
            wanted = self.members(ask.node)
            return (float(sum(y in wanted for y in self.kb.neighbours(subject, ask.step))),)
        if isinstance(ask, Difference):
            return self._difference(subject, ask)
        value = self.kb.value(subject, ask.relation)
        return () if value is None else self._literal(ask, value)

    def _literal(self, ask: Value, value: str | int | float) -> Answer:
        if self.kb.relations[ask.relation].value is ValueKind.NAME:
            return (str(value),)
        return (float(value),)

    def _difference(self, subject: str, ask: Difference) -> Answer:
        others = self.members(ask.node)
        if len(others) != 1:
            return ()
        (other,) = others
        mine, theirs = self.kb.value(subject, ask.relation), self.kb.value(other, ask.other)
        if mine is None or theirs is None:
            return ()
        return (abs(float(mine) - float(theirs)),)

    def _members(self, node: Node) -> frozenset[str]:
        """S(node): what the other clues leave, then superlatives."""
        start = frozenset({node.constant}) if node.constant else self.kb.extent[node.type]
        found = self._narrow(start, node)
        for clue in node.clues:
            if isinstance(clue, Extreme):
                found = self._extreme(found, clue)
        return found

    def among(self, some: frozenset[str], node: Node) -> frozenset[str]:
        """some & S(node), without working S(node) out if `some` are few."""
        if any(isinstance(clue, Extreme) for clue in node.clues):
            return some & self.members(node)
        return self._narrow(some & {node.constant} if node.constant else some, node)

    def _narrow(self, found: frozenset[str], node: Node) -> frozenset[str]:
        """The entities of `found` that satisfy every clue but superlatives.

        Sets that are at hand come first, smallest first. A nested clue that is not is worked out
        from its far end, or from here where few are left.
        """
        ready, nested = [found], []
        for clue in node.clues:
            if isinstance(clue, Extreme):
                continue
            known = self._recall(clue, node.type)
            if known is None and not is_plain(clue):
                nested.append(clue)
            else:
                ready.append(self.satisfying(clue, node.type) if known is None else known)
        found, *others = sorted(ready, key=len)
        for other in others:
            found = found & other
        for clue in nested:
            if isinstance(clue, Link | Count | Loop) and len(found) <= FEW:
                found = self._ask_each(found, clue)
            else:
                found = found & self.satisfying(clue, node.type)
        return found

    def _ask_each(self, found: frozenset[str], clue: Link | Count | Loop) -> frozenset[str]:
        """The entities of `found` that satisfy a nested clue."""
        few = WORTH_LISTING * len(found)
        if isinstance(clue, Link) and len(clue.steps) == 1 and self._is_at_hand(clue.node, few):
            far, tied = self.members(clue.node), self.kb.edges(clue.steps[0])
            return frozenset(x for x in found if not far.isdisjoint(tied.get(x, ())))
        near = self._near(found, clue)
        far = self.among(frozenset(chain.from_iterable(near.values())), clue.node)
        if not isinstance(clue, Count):
            return frozenset(x for x, ys in near.items() if not far.isdisjoint(ys)) if far else far
        hi = float("inf") if clue.hi is None else clue.hi
        return frozenset(x for x, ys in near.items() if clue.lo <= len(far.intersection(ys)) <= hi)

    def _is_at_hand(self, node: Node, few: int) -> bool:
        """Whether S(node) needs no walk and starts from no more than `few`."""
        nested = [clue for clue in node.clues if isinstance(clue, Extreme) or not is_plain(clue)]
        known = [self._known.get((clue, node.type)) for clue in nested]
        sizes = [len(found) for found in known if found is not None]
        return 0 < len(sizes) == len(known) and min(sizes) <= few

    def _near(self, found: frozenset[str], clue: Link | Count | Loop) -> dict[str, Collection[str]]:
        """Per entity of `found`, those the clue ties it to, whatever is said of them."""
        if isinstance(clue, Loop):
            return self._near_by_loop(found, clue)
        steps = (clue.step,) if isinstance(clue, Count) else clue.steps
        start, *others = map(self.kb.edges, steps)
        near: dict[str, Collection[str]] = {x: start.get(x, ()) for x in found}
        for other in others:
            near = {x: set(ys).intersection(other.get(x, ())) for x, ys in near.items()}
        return near

    def _near_by_loop(self, found: frozenset[str], clue: Loop) -> dict[str, Collection[str]]:
        first, second = self.kb.edges(clue.first), self.kb.edges(clue.second)
        near: dict[str, Collection[str]] = {}
        for x in found:
            shared: Counter[str] = Counter()
            for middle in first.get(x, ()):
                shared.update(second.get(middle, ()))
            near[x] = [y for y, times in shared.items() if times >= 2 and y != x]
        return near

    def _extreme(self, found: frozenset[str], extreme: Extreme) -> frozenset[str]:
        most = extreme.direction is Direction.MOST
        if len(found) <= FEW:
            values = {
                x: float(v) for x in found if (v := self.kb.value(x, extreme.relation)) is not None
            }
            best = (max if most else min)(values.values(), default=None)
            return frozenset(x for x, v in values.items() if v == best)
        ranked = ((v, x) for v, x in self.kb.ranked(extreme.relation, most) if x in found)
        best, first = next(ranked, (None, ""))
        tied = takewhile(lambda pair: pair[0] == best, ranked)
        return frozenset({first, *(x for _, x in tied)} - {""})

    def satisfying(self, clue: Clue, type_: str) -> frozenset[str]:
        """All entities of `type_` that satisfy `clue` (never an Extreme) on its own."""
        found = self._recall(clue, type_)
        if found is None:
            found = self._known[clue, type_] = self._satisfying(clue, type_)
            if len(self._known) > CACHE_SIZE:
                self._known.popitem(last=False)
        return found

    def _recall(self, clue: Clue, type_: str) -> frozenset[str] | None:
        """`satisfying`, if it is remembered."""
        found = self._known.get((clue, type_))
        if found is not None:
            self._known.move_to_end((clue, type_))
        return found

    def _satisfying(self, clue: Clue, type_: str) -> frozenset[str]:
        match clue:
            case Link():
                return self._link(clue)
            case Loop():
                return self._loop(clue)
            case Count():
                return self._count(clue)
            case Range():
                return frozenset(self.kb.in_range(clue.relation, clue.lo, clue.hi))
            case Category():
                return self.kb.with_value(clue.relation, clue.value)
            case Offset():
                return self._offset(clue)
            case Initials():
                return self._with_initials(type_).get(clue.letters, frozenset())
            case Exclude():
                return self.kb.extent[type_] - self.satisfying(clue.clue, type_)
            case Extreme():
                raise AssertionError("an Extreme depends on its node's other clues")

    def _compute_by_degree(self, step: Step) -> tuple[Sequence[int], Sequence[frozenset[str]]]:
        """Each number of neighbours that occurs, in rising order, and the entities that have it."""
        groups: dict[int, list[str]] = {}
        for x, far in self.kb.edges(step).items():
            groups.setdefault(len(far), []).append(x)
        numbers = sorted(groups)
        return numbers, [frozenset(groups[number]) for number in numbers]

    def _with_degree(self, step: Step, lo: int, hi: int | None) -> frozenset[str]:
        """Entities with lo to hi neighbours, of those that have any."""
        numbers, groups = self._by_degree(step)
        stop = len(numbers) if hi is None else bisect_left(numbers, hi + 1)
        return frozenset().union(*groups[bisect_left(numbers, lo) : stop])

    def _link(self, clue: Link) -> frozenset[str]:
        if is_bare(clue.node) and len(clue.steps) == 1:
            return self._with_degree(clue.steps[0], 1, None)
        first, *others = [self.kb.edges(reverse(step)) for step in clue.steps]
        far = self.members(clue.node)
        if not others:
            return frozenset(chain.from_iterable(map(first.get, far, repeat(()))))
        found: set[str] = set()
        for y in far:
            reached = set(first.get(y, ()))
            for other in others:
                reached.intersection_update(other.get(y, ()))
            found |= reached
        return frozenset(found)

    def _loop(self, clue: Loop) -> frozenset[str]:
        found: set[str] = set()
        middles = self.kb.edges(reverse(clue.second))
        starts = self.kb.edges(reverse(clue.first))
        for y in self.members(clue.node):
            shared: Counter[str] = Counter()
            for middle in middles.get(y, ()):
                shared.update(starts.get(middle, ()))
            found.update(x for x, times in shared.items() if times >= 2 and x != y)
        return frozenset(found)

    def _count(self, clue: Count) -> frozenset[str]:
        if is_bare(clue.node):
            return self._with_degree(clue.step, clue.lo, clue.hi)
        hi = float("inf") if clue.hi is None else clue.hi
        times: Counter[str] = Counter()
        back = self.kb.edges(reverse(clue.step))
        for y in self.members(clue.node):
            times.update(back.get(y, ()))
        return frozenset(x for x, number in times.items() if clue.lo <= number <= hi)

    def _offset(self, clue: Offset) -> frozenset[str]:
        found: set[str] = set()
        for y in self.members(clue.node):
            base = self.kb.value(y, clue.other)
            if base is None:
                continue
            lo = None if clue.lo is None else float(base) + clue.lo
            hi = None if clue.hi is None else float(base) + clue.hi
            has_partner = y in found
            found.update(self.kb.in_range(clue.relation, lo, hi))
            # Nothing is its own partner.
            if not has_partner:
                found.discard(y)
        return frozenset(found)

    def _with_initials(self, type_: str) -> dict[tuple[str, ...], frozenset[str]]:
        if type_ not in self._initials:
            groups: dict[tuple[str, ...], set[str]] = {}
            for entity in self.kb.of_type[type_]:
                groups.setdefault(initials(self.kb.entities[entity].name), set()).add(entity)
            self._initials[type_] = {key: frozenset(group) for key, group in groups.items()}
        return self._initials[type_]
