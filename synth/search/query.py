"""Questions as typed queries over a knowledge base.

A `Node` describes a set of entities: all of its type (or one constant) that satisfy every clue.
Clues nest, so a question of depth d is d nodes deep. Meaning is given by set semantics alone; two
evaluators (`sets`, `sql`) implement it independently, and the wording only puts it into words.

Notation below: S(n) is the set of node n, R the relation, v_R(x) the value of a functional
relation, and "x -R-> y" reads subject to object, or object to subject when `inverse`.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from data.record import Record


class Step(Record):
    """One edge walked from the described entity: along `relation`, or against it."""

    relation: str
    inverse: bool = False


class Link(Record):
    """x with some y in S(node) such that x -step-> y for *every* step.

    One step is the ordinary edge; two steps tie x and y twice, e.g. a film and one person who both
    directed it and appears in it.
    """

    op: Literal["link"] = "link"
    steps: tuple[Step, ...]
    node: "Node"


class Loop(Record):
    """x joined to some y in S(node) by two walks of two steps over *different* middle entities.

    E.g. two actors who share two films: there are m1 != m2 with x -first-> m -second-> y for both.
    """

    op: Literal["loop"] = "loop"
    first: Step
    second: Step
    node: "Node"


class Count(Record):
    """x with lo <= |{y in S(node): x -step-> y}| <= hi; `hi` None means no upper bound."""

    op: Literal["count"] = "count"
    step: Step
    node: "Node"
    lo: int
    hi: int | None


class Range(Record):
    """x with lo <= v_R(x) <= hi, both ends included; None is open. YEAR and NUMBER relations."""

    op: Literal["range"] = "range"
    relation: str
    lo: float | None
    hi: float | None


class Category(Record):
    """x with `value` among its values of a CATEGORY or NAME relation."""

    op: Literal["category"] = "category"
    relation: str
    value: str


class Offset(Record):
    """x with some y in S(node), y != x, such that lo <= v_R(x) - v_Q(y) <= hi; None is open.

    `relation` R belongs to x, `other` Q to y; both count in the same unit. E.g. a film released two
    years before another: R = Q = film.year, lo = hi = -2.
    """

    op: Literal["offset"] = "offset"
    relation: str
    other: str
    lo: float | None
    hi: float | None
    node: "Node"


class Initials(Record):
    """x whose name's words start with these letters, in order: "L. W." is ("L", "W")."""

    op: Literal["initials"] = "initials"
    letters: tuple[str, ...]


class Exclude(Record):
    """x that does not satisfy the clue."""

    op: Literal["exclude"] = "exclude"
    clue: "Link | Category | Range"


class Direction(StrEnum):
    MOST = "most"
    LEAST = "least"


class Extreme(Record):
    """Applied after the node's other clues: x with the greatest or least v_R among them.

    Ties all stay in the set, so a tie shows as a second answer.
    """

    op: Literal["extreme"] = "extreme"
    relation: str
    direction: Direction


Clue = Annotated[
    Link | Loop | Count | Range | Category | Offset | Initials | Exclude | Extreme,
    Field(discriminator="op"),
]


class Node(Record):
    """A described set of entities of one type; `constant` is an entity id when it is named."""

    type: str
    constant: str = ""
    clues: tuple[Clue, ...] = ()


class Entities(Record):
    """Ask for the entities of the root: one, or all of a small complete list."""

    op: Literal["entities"] = "entities"


class Value(Record):
    """Ask for v_R of the only entity of the root (YEAR, NUMBER or NAME relation)."""

    op: Literal["value"] = "value"
    relation: str


class HowMany(Record):
    """Ask for |{y in S(node): x -step-> y}| of the only entity x of the root."""

    op: Literal["how_many"] = "how_many"
    step: Step
    node: Node


class Difference(Record):
    """Ask for |v_R(x) - v_Q(y)|, x the only entity of the root, y the only entity of `node`."""

    op: Literal["difference"] = "difference"
    relation: str
    other: str
    node: Node


Ask = Annotated[Entities | Value | HowMany | Difference, Field(discriminator="op")]


class Query(Record):
    """A question: the description of its subject, and what is asked of it."""

    root: Node
    ask: Ask = Entities()


Answer = tuple[str, ...] | tuple[float, ...]
"""Entity ids or names in sorted order, or one number; empty when nothing satisfies the query."""


def depth(node: Node) -> int:
    """Number of nested nodes below `node`, named constants included."""
    return max((1 + depth(child) for child in children(node)), default=0)


def children(node: Node) -> tuple[Node, ...]:
    """The nodes that `node`'s clues describe, in order."""
    found: list[Node] = []
    for clue in node.clues:
        inner = clue.clue if isinstance(clue, Exclude) else clue
        if isinstance(inner, Link | Loop | Count | Offset):
            found.append(inner.node)
    return tuple(found)


class Without(NamedTuple):
    """A query tree that lacks one clue."""

    path: str
    """The clue's position at each level: `0.1` is the second clue of what the first describes."""
    clue: Clue
    node: Node


def without_each_clue(node: Node, path: str = "") -> Iterator[Without]:
    """Every tree that lacks exactly one clue of `node`'s, at any level."""
    for i, clue in enumerate(node.clues):
        here = f"{path}{i}"
        rest = node.clues[:i] + node.clues[i + 1 :]
        yield Without(here, clue, node.model_copy(update={"clues": rest}))
        if isinstance(clue, Link | Loop | Count | Offset):
            for below in without_each_clue(clue.node, f"{here}."):
                changed = clue.model_copy(update={"node": below.node})
                clues = (*node.clues[:i], changed, *node.clues[i + 1 :])
                yield below._replace(node=node.model_copy(update={"clues": clues}))


def nodes(query: Query) -> Iterator[Node]:
    """Every node of a query, the one that is only asked about included."""
    pending = [query.root]
    if isinstance(query.ask, HowMany | Difference):
        pending.append(query.ask.node)
    while pending:
        node = pending.pop()
        yield node
        pending.extend(children(node))
