"""The discourse plan, shared by all languages: what is said where, and in which order.

A question is a walk down the query's tree. Every described thing is an `Actor`: it is brought in by
a noun phrase that carries its light clues, at most one relative clause, and its other clues follow
in sentences of their own, two or three to a sentence, right after it was brought in. A clue that
brings in another actor stands last in its sentence, so that no modifier can attach to the wrong
noun. Descriptions under a count, an exclusion or a superlative speak of sets, not of one thing:
they have no actor and are said in one piece by the realiser.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

from synth.search.query import (
    Category,
    Clue,
    Count,
    Exclude,
    Extreme,
    Initials,
    Link,
    Loop,
    Node,
    Offset,
    Range,
    Step,
)

Slot = Callable[[Clue], str]
"""Place a clue can take in a noun phrase of the language, e.g. `pre`; empty if it has none."""

MAX_LIGHT = 2
MAX_GROUP = 3


@dataclass(eq=False)
class Part:
    """A clue, and the actor it brings in, if any."""

    clue: Clue
    actor: "Actor | None" = None


@dataclass(eq=False)
class Actor:
    """One described thing. Identity matters: two equal descriptions are two actors."""

    node: Node
    step: Step | None
    """How its parent reaches it; None for a root and for the other side of a comparison."""
    parent: "Actor | None"
    light: list[Part] = field(default_factory=list)
    inline: Part | None = None
    groups: list[list[Part]] = field(default_factory=list)
    extremes: list[Extreme] = field(default_factory=list)


@dataclass(eq=False)
class Beat:
    """One sentence: its subject and what is said of it, heaviest last."""

    actor: Actor
    parts: list[Part]


def stage(node: Node, slot: Slot, rng: Random) -> Actor:
    """The actors of `node`'s tree with every clue in its place."""
    return _enter(node, None, None, slot, rng)


def beats(actor: Actor) -> Iterator[Beat]:
    """The sentences that follow the noun phrase that brought `actor` in."""
    if actor.inline and actor.inline.actor:
        yield from beats(actor.inline.actor)
    for group in actor.groups:
        yield Beat(actor, group)
        yield from after(group)


def after(group: list[Part]) -> Iterator[Beat]:
    """The sentences about the actors that `group` brings in."""
    for part in group:
        if part.actor:
            yield from beats(part.actor)


def actors(actor: Actor) -> Iterator[Actor]:
    """`actor` and all below it, in the order in which the text brings them in."""
    yield actor
    first = [actor.inline] if actor.inline else []
    for part in [*first, *(part for group in actor.groups for part in group)]:
        if part.actor:
            yield from actors(part.actor)


def is_heavy(part: Part) -> bool:
    """True if the clue's words hold a description that further words could attach to."""
    inner = part.clue.clue if isinstance(part.clue, Exclude) else part.clue
    if isinstance(inner, Link | Loop | Offset | Count):
        return bool(inner.node.clues)
    return False


def weight(node: Node) -> int:
    """Number of clues at and below `node`."""
    total = 0
    for clue in node.clues:
        inner = clue.clue if isinstance(clue, Exclude) else clue
        total += 1
        if isinstance(inner, Link | Loop | Count | Offset):
            total += weight(inner.node)
    return total


def said_whole(node: Node) -> bool:
    """True for a node that cannot be talked about in later sentences: a superlative's."""
    return any(isinstance(clue, Extreme) for clue in node.clues)


def _enter(node: Node, step: Step | None, parent: Actor | None, slot: Slot, rng: Random) -> Actor:
    actor = Actor(node, step, parent)
    clues = list(node.clues)
    rng.shuffle(clues)
    actor.extremes = [clue for clue in clues if isinstance(clue, Extreme)]
    parts = [Part(clue) for clue in clues if not isinstance(clue, Extreme)]
    actor.light = _light(parts, slot)
    rest = [part for part in parts if part not in actor.light]
    if parent and rest:
        actor.inline = _inline(rest, parent, rng)
        rest = [part for part in rest if part is not actor.inline]
    for part in [*([actor.inline] if actor.inline else []), *rest]:
        part.actor = _child(part.clue, actor, slot, rng)
    actor.groups = _groups(rest, rng)
    return actor


def _child(clue: Clue, actor: Actor, slot: Slot, rng: Random) -> Actor | None:
    if not isinstance(clue, Link | Loop | Offset):
        return None
    if clue.node.constant or said_whole(clue.node):
        return None
    step = clue.steps[0] if isinstance(clue, Link) else None
    return _enter(clue.node, step, actor, slot, rng)


def _light(parts: list[Part], slot: Slot) -> list[Part]:
    taken: dict[str, Part] = {}
    for part in parts:
        place = slot(part.clue)
        if place and len(taken) < MAX_LIGHT:
            taken.setdefault(place, part)
    return list(taken.values())


def _inline(rest: list[Part], parent: Actor, rng: Random) -> Part | None:
    """The clue to say in a relative clause: always a lone plain one, sometimes another."""
    plain = [
        p
        for p in rest
        if not is_heavy(p) and isinstance(p.clue, Link | Category | Range | Initials)
    ]
    if len(rest) == 1 and plain:
        return plain[0]
    if len(rest) == 1 and isinstance(rest[0].clue, Link) and not parent.inline:
        return rest[0] if rng.random() < 0.35 else None
    return plain[0] if plain and rng.random() < 0.3 else None


def _groups(parts: list[Part], rng: Random) -> list[list[Part]]:
    plain = [part for part in parts if not is_heavy(part)]
    heavy = sorted((part for part in parts if is_heavy(part)), key=_load)
    groups: list[list[Part]] = []
    while plain:
        size = min(len(plain), rng.choice((1, 2, 2, MAX_GROUP)))
        groups.append(sorted(plain[:size], key=lambda part: isinstance(part.clue, Exclude)))
        plain = plain[size:]
    if heavy and groups and len(groups[-1]) < MAX_GROUP and rng.random() < 0.5:
        groups[-1].append(heavy.pop(0))
    return [*groups, *([part] for part in heavy)]


def _load(part: Part) -> int:
    inner = part.clue.clue if isinstance(part.clue, Exclude) else part.clue
    assert isinstance(inner, Link | Loop | Offset | Count)
    return weight(inner.node)
