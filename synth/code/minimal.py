"""The smallest set of pieces that turns a failing test, found by delta debugging.

One probe runs all failing tests on the tree with some of the pieces, and what it shows of each test
is kept: the search for the next test begins where another's probes already lead.
"""

from collections.abc import Callable, Mapping, Sequence

from data.errors import SourceError

Chosen = frozenset[int]
"""Numbers of pieces."""
Probe = Callable[[Chosen], frozenset[str]]
"""The tests that pass with these pieces applied."""


NUM_LIKELY = 4
"""Of the pieces that are likely to be needed, tried one by one before anything else."""
MAX_SINGLES = 12
"""Pieces that are all tried one by one; among more, halving is faster."""


class OutOfProbes(SourceError):
    """More runs were needed than may be spent."""


class Trials:
    """Probes of one pair of trees, each run once."""

    def __init__(
        self, probe: Probe, max_probes: int, known: Mapping[Chosen, frozenset[str]]
    ) -> None:
        """`known` is what earlier runs have shown."""
        self._probe = probe
        self._max_probes = max_probes + len(known)
        self.known = dict(known)

    def passing(self, chosen: Chosen) -> frozenset[str]:
        if chosen not in self.known:
            if len(self.known) >= self._max_probes:
                raise OutOfProbes(f"probes: more than {self._max_probes} runs to split the release")
            self.known[chosen] = self._probe(chosen)
        return self.known[chosen]

    def smallest(self, tests: frozenset[str], universe: Chosen) -> Chosen:
        """The smallest set that is known to pass all of `tests`, else `universe`."""
        found = [chosen for chosen, passed in self.known.items() if tests <= passed]
        return min(found, key=lambda c: (len(c), sorted(c)), default=universe)

    def minimal(
        self, tests: frozenset[str], universe: Chosen, likely: Sequence[int] = ()
    ) -> Chosen | None:
        """A set with which `tests` pass, and without any one of its pieces they do not.

        Those of `likely` are tried first, in their order. None where the tests do not even pass
        with all of `universe`. Raises `OutOfProbes`.
        """
        if not tests <= self.passing(universe):
            return None
        if not self._is_met(tests, likely[:NUM_LIKELY]) and len(universe) <= MAX_SINGLES:
            # Most fixes are one piece, and one run of a piece shows that for all tests.
            self._is_met(tests, sorted(universe))
        sizes = (2**power for power in range(2, len(likely).bit_length()))
        for size in sizes:
            best = len(self.smallest(tests, universe))
            if best <= size or tests <= self.passing(frozenset(likely[:size])):
                break
        start = sorted(self.smallest(tests, universe))
        return ddmin(start, lambda chosen: tests <= self.passing(chosen))

    def _is_met(self, tests: frozenset[str], singles: Sequence[int]) -> bool:
        """Whether one piece alone is found with which `tests` pass."""
        return any(tests <= self.passing(frozenset({piece})) for piece in singles)


def ddmin(items: Sequence[int], passes: Callable[[Chosen], bool]) -> Chosen:
    """Zeller's ddmin towards a smallest passing set; `items` itself passes, and the empty set is
    asked first, for a test that needs nothing is none of ours."""
    if passes(frozenset()):
        return frozenset()
    current, parts = list(items), 2
    while len(current) > 1:
        chunks = [
            current[i * len(current) // parts : (i + 1) * len(current) // parts]
            for i in range(parts)
        ]
        smaller = next((c for c in chunks if passes(frozenset(c))), None)
        if smaller is not None:
            current, parts = smaller, 2
            continue
        rest = next(
            (
                kept
                for c in chunks
                if parts > 2 and passes(frozenset(kept := [i for i in current if i not in set(c)]))
            ),
            None,
        )
        if rest is not None:
            current, parts = rest, max(parts - 1, 2)
        elif parts < len(current):
            parts = min(len(current), parts * 2)
        else:
            break
    return frozenset(current)


def clusters(needs: Mapping[str, Chosen]) -> list[tuple[frozenset[str], Chosen]]:
    """Tests whose sets of pieces overlap, together with the union of these sets; in a fixed order."""
    groups: list[tuple[set[str], set[int]]] = []
    for test, chosen in sorted(needs.items()):
        touching = [g for g in groups if g[1] & chosen]
        groups = [g for g in groups if not g[1] & chosen]
        tests = {test}.union(*(g[0] for g in touching))
        groups.append((tests, set(chosen).union(*(g[1] for g in touching))))
    ordered = sorted(groups, key=lambda g: sorted(g[1]))
    return [(frozenset(tests), frozenset(chosen)) for tests, chosen in ordered]
