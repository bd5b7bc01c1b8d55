"""The shortcut audit: how much of the work a question really asks for, measured exactly.

It measures how few entities each clue leaves, the smallest set of clues that identifies the answer,
the least number of documents that hold the evidence, the treewidth of the clues, and the rank of the
answer's page when the question itself is the query.
"""

from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from synth.search.evidence import Evidence, smallest_cover, stating_pages
from synth.search.query import (
    Count,
    Exclude,
    Extreme,
    Link,
    Loop,
    Node,
    Offset,
    Query,
    children,
    depth,
    without_each_clue,
)

if TYPE_CHECKING:
    from synth.search.library import Library

ONE_SHOT = 10
"""The answer's page must not be among this many results for the question itself."""


MIN_DOCUMENTS = {1: 1, 2: 2, 3: 2, 4: 3, 5: 4}
"""Fewest documents that may hold the evidence, by level: depth on one page is no depth."""


class Report(NamedTuple):
    problem: str
    measures: dict[str, float]


def audit(
    library: "Library", query: Query, subjects: tuple[str, ...], text: str, level: int
) -> Report:
    """The measures of a worded question, and the first that is too easy, if any."""
    rank = library.rank(text, subjects, ONE_SHOT)
    measures = structure(library, query, subjects)
    problem = ""
    if measures["smallest_subset"] < 2:
        problem = "single_clue"
    elif measures["min_documents"] < MIN_DOCUMENTS[level]:
        problem = "few_documents"
    elif rank is not None:
        problem = "one_shot"
    return Report(problem, measures)


def structure(library: "Library", query: Query, subjects: tuple[str, ...]) -> dict[str, float]:
    """Everything that does not depend on the wording."""
    sets, kb, root = library.sets, library.kb, query.root
    alone = [
        len(sets.satisfying(clue, root.type))
        for clue in root.clues
        if not isinstance(clue, Extreme)
    ]
    evidence = library.explainer.explain(query, subjects)
    return {
        "depth": depth(root),
        "breadth": sum(isinstance(clue, Link | Loop) for clue in root.clues),
        "num_clues": sum(1 for _ in without_each_clue(root)),
        "sharpest_clue": min(alone),
        "smallest_subset": smallest_subset(library, root),
        "min_documents": num_holding(library, evidence),
        "num_facts": len(evidence.facts),
        "treewidth": treewidth(edges(root)),
        "degree": max(kb.degree[subject] for subject in subjects),
        "popularity": round(max(library.percentile[subject] for subject in subjects), 4),
    }


def num_documents(library: "Library", query: Query, subjects: tuple[str, ...]) -> int:
    """Least number of documents that hold the evidence of these answers."""
    return num_holding(library, library.explainer.explain(query, subjects))


def num_holding(library: "Library", evidence: Evidence) -> int:
    return len(smallest_cover(stating_pages(library.kb, fact) for fact in evidence.facts))


def smallest_subset(library: "Library", root: Node) -> int:
    """Size of the smallest set of the root's clues that leaves no more than all of them do."""
    wanted = library.sets.members(root)
    for size in range(1, len(root.clues)):
        for chosen in combinations(root.clues, size):
            some = root.model_copy(update={"clues": chosen})
            if library.sets.members(some) == wanted:
                return size
    return len(root.clues)


def edges(root: Node) -> set[tuple[int, int]]:
    """The constraint graph: a vertex for each described or named entity, an edge for each tie."""
    found: set[tuple[int, int]] = set()
    numbers = iter(range(10_000))

    def walk(node: Node) -> int:
        here = next(numbers)
        for clue in node.clues:
            inner = clue.clue if isinstance(clue, Exclude) else clue
            if isinstance(inner, Loop):
                there = walk(inner.node)
                for _ in range(2):
                    middle = next(numbers)
                    found.update({(here, middle), (middle, there)})
            elif isinstance(inner, Link | Count | Offset):
                found.add((here, walk(inner.node)))
        return here

    walk(root)
    assert children(root) or not found
    return found


def treewidth(graph: set[tuple[int, int]]) -> int:
    """Exact treewidth of a small graph, by the best elimination order of what leaves do not remove."""
    near: dict[int, frozenset[int]] = {}
    for a, b in graph:
        near[a] = near.get(a, frozenset()) | {b}
        near[b] = near.get(b, frozenset()) | {a}
    width = 1 if near else 0
    while leaf := next((v for v, others in near.items() if len(others) <= 1), None):
        near = _eliminate(near, leaf)
    return max(width, _best_width(near))


def _eliminate(near: dict[int, frozenset[int]], vertex: int) -> dict[int, frozenset[int]]:
    clique = near[vertex]
    return {
        v: (others | clique if v in clique else others) - {v, vertex}
        for v, others in near.items()
        if v != vertex
    }


def _best_width(near: dict[int, frozenset[int]]) -> int:
    if not near:
        return 0
    # A vertex whose neighbours are all tied to each other may always go first.
    for vertex, others in near.items():
        if all(others - {v} <= near[v] for v in others):
            return max(len(others), _best_width(_eliminate(near, vertex)))
    return min(
        max(len(others), _best_width(_eliminate(near, vertex))) for vertex, others in near.items()
    )
