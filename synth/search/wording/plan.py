"""The discourse plan, shared by all languages: what is said where, and in which order.

A question is a walk down the query's tree. Every described thing is an `Actor`: it is brought in by
a noun phrase that carries its light clues and what fits into relative clauses, at most `MAX_NESTED`
deep; its other clues follow in sentences of their own, two or three to a sentence, right after it
was brought in. A clue that brings in another actor stands last in its sentence, so that no modifier
can attach to the wrong noun. A thing of which nothing can be said on the way in is not brought in
at all: the next sentence starts from it ("One of its writers ..."). Descriptions under a count, an
exclusion or a superlative speak of sets, not of one thing: they have no actor and are said in one
piece by the realiser.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

from synth.search.query import (
    Clue,
    Count,
    Exclude,
    Extreme,
    Initials,
    Link,
    Loop,
    Node,
    Offset,
    Step,
)

Slot = Callable[[Clue], str]
"""Place a clue can take in a noun phrase of the language, e.g. `pre`; empty if it has none."""

MAX_LIGHT = 2
MAX_GROUP = 3
MANY_CLUES = 9
"""Above this number of clues the text packs more of them into a sentence."""
MAX_NESTED = 2
"""Relative clauses within each other: "a film written by someone who acted in ..." has two."""
TOO_DEEP = MAX_NESTED + 1


@dataclass(eq=False)
class Part:
    """A clue, the type of what it describes, and the actor it brings in, if any."""

    clue: Clue
    kind: str
    actor: "Actor | None" = None


@dataclass(eq=False)
class Actor:
    """One described thing. Identity matters: two equal descriptions are two actors."""

    node: Node
    step: Step | None
    """How its parent reaches it; None for a root and for the other side of a comparison."""
    parent: "Actor | None"
    light: list[Part] = field(default_factory=list)
    inline: list[Part] = field(default_factory=list)
    """What is said of it in relative clauses, one clause a part."""
    groups: list[list[Part]] = field(default_factory=list)
    extremes: list[Extreme] = field(default_factory=list)
    leads: bool = False
    """True if it is brought in as the subject of a sentence: "One of its writers ..."."""

    @property
    def is_bare(self) -> bool:
        """True if its first noun phrase would be empty: "someone", "a film"."""
        return not self.light and not self.inline


@dataclass(eq=False)
class Beat:
    """One sentence: its subject and what is said of it, heaviest last."""

    actor: Actor
    parts: list[Part]
    first: bool = False
    """True if the sentence itself brings its subject in: "One of its writers ..."."""


def stage(node: Node, slot: Slot, rng: Random) -> Actor:
    """The actors of `node`'s tree with every clue in its place."""
    root = _Stage(slot, rng, weight(node) > MANY_CLUES).enter(node, None, None)
    for actor in actors(root):
        for group in actor.groups:
            child = group[0].actor
            if child and _could_lead(group) and not (actor.leads and group is actor.groups[0]):
                child.leads = not _passes_on(child)
    return root


def _passes_on(actor: Actor) -> bool:
    """True for a thing to which a person is all there is, and who makes the better subject.

    "They appeared in a film. One of its writers ..." leaves no bare "someone" behind.
    """
    assert actor.step
    return actor.step.inverse and len(actor.groups) == 1 and _could_lead(actor.groups[0])


def beats(actor: Actor) -> Iterator[Beat]:
    """The sentences that follow the noun phrase that brought `actor` in."""
    for part in actor.inline:
        if part.actor:
            yield from beats(part.actor)
    for group in actor.groups:
        if not starts_from_child(group):
            yield Beat(actor, group)
        yield from after(group)


def after(group: list[Part]) -> Iterator[Beat]:
    """The sentences about the actors that `group` brings in."""
    for part in group:
        if part.actor:
            story = list(beats(part.actor))
            if starts_from_child(group):
                story[0].first = True
            yield from story


def starts_from_child(group: list[Part]) -> bool:
    """True if the sentence of `group` is left out, and the next one starts from its actor."""
    return group[0].actor is not None and group[0].actor.leads


def _could_lead(group: list[Part]) -> bool:
    """True for a lone link to something that has nothing but further sentences."""
    if len(group) > 1 or not isinstance(group[0].clue, Link) or len(group[0].clue.steps) > 1:
        return False
    child = group[0].actor
    return child is not None and child.is_bare and bool(child.groups)


def distant(root: Actor) -> set[Actor]:
    """Actors that some sentence comes back to after other subjects, so that they need a label."""
    found: set[Actor] = set()
    previous, fresh = root, {root}
    for beat in beats(root):
        named = beat.actor.parent if beat.first else beat.actor
        assert named
        if named is not previous and named not in fresh:
            found.add(named)
        previous = beat.actor
        fresh = set(_brought_in(beat.parts))
    return found


def _brought_in(parts: list[Part]) -> Iterator[Actor]:
    """The actors that the words of `parts` bring in."""
    for part in parts:
        if part.actor:
            yield part.actor
            yield from _brought_in(part.actor.inline)


def actors(actor: Actor) -> Iterator[Actor]:
    """`actor` and all below it, in the order in which the text brings them in."""
    yield actor
    for part in [*actor.inline, *(part for group in actor.groups for part in group)]:
        if part.actor:
            yield from actors(part.actor)


def is_heavy(part: Part) -> bool:
    """True if the clue's words hold a clause that further words could attach to."""
    if part.actor:
        return bool(part.actor.groups or part.actor.inline)
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


@dataclass
class _Stage:
    """Places clues; a dense text packs more of them into a sentence."""

    slot: Slot
    rng: Random
    dense: bool

    def enter(self, node: Node, step: Step | None, parent: Actor | None) -> Actor:
        actor = Actor(node, step, parent)
        clues = list(node.clues)
        self.rng.shuffle(clues)
        actor.extremes = [clue for clue in clues if isinstance(clue, Extreme)]
        parts = [Part(clue, node.type) for clue in clues if not isinstance(clue, Extreme)]
        actor.light = self._light(parts, parent is None)
        rest = [part for part in parts if part not in actor.light]
        if parent and rest:
            actor.inline = self._inline(actor, rest)
        for part in rest:
            part.actor = self._child(part.clue, actor)
        actor.groups = self._groups([part for part in rest if part not in actor.inline])
        return actor

    def _light(self, parts: list[Part], is_root: bool) -> list[Part]:
        """The clues to say in the first noun phrase; a root leaves some for later sentences."""
        taken: dict[str, Part] = {}
        for part in parts:
            place = self.slot(part.clue)
            kept = not is_root or isinstance(part.clue, Initials) or place == "head"
            kept = kept or self.rng.random() < 0.75
            if place and kept and len(taken) < MAX_LIGHT:
                taken.setdefault(place, part)
        return list(taken.values())

    def _child(self, clue: Clue, actor: Actor) -> Actor | None:
        if not isinstance(clue, Link | Loop | Offset):
            return None
        if clue.node.constant or said_whole(clue.node):
            return None
        return self.enter(clue.node, clue.steps[0] if isinstance(clue, Link) else None, actor)

    def _inline(self, actor: Actor, rest: list[Part]) -> list[Part]:
        """The clues to say in relative clauses: all if they nest little enough, sometimes one.

        With more to follow, the clause names nothing of the actor's own type, so that "that film"
        in the next sentence can only be the actor.
        """
        if len(rest) <= 2 and self._nesting([part.clue for part in rest]) <= MAX_NESTED:
            return rest
        safe = [part for part in rest if _is_plain(part.clue)]
        safe = [part for part in safe if not isinstance(part.clue, Count | Exclude)]
        safe = [part for part in safe if _other_type(part) != actor.node.type]
        chosen = len(rest) > 1 and safe and self.rng.random() < (0.8 if self.dense else 0.4)
        return safe[:1] if chosen else []

    def _nesting(self, clues: list[Clue]) -> int:
        """How deep relative clauses nest that say all of `clues`: one of any depth, or two flat."""
        if len(clues) == 1 and isinstance(clues[0], Link) and len(clues[0].steps) == 1:
            node = clues[0].node
            if said_whole(node):
                return TOO_DEEP
            left = self._unsaid(node)
            return 1 + self._nesting(left) if left else 1
        return 1 if len(clues) <= 2 and all(map(_is_plain, clues)) else TOO_DEEP

    def _unsaid(self, node: Node) -> list[Clue]:
        """The clues of a node that its noun phrase has no place for."""
        taken: set[str] = set()
        left: list[Clue] = []
        for clue in node.clues:
            place = self.slot(clue)
            if not place or place in taken or len(taken) == MAX_LIGHT:
                left.append(clue)
            else:
                taken.add(place)
        return left

    def _groups(self, parts: list[Part]) -> list[list[Part]]:
        plain = [part for part in parts if not is_heavy(part)]
        heavy = sorted((part for part in parts if is_heavy(part)), key=_load)
        groups: list[list[Part]] = []
        while plain:
            size = MAX_GROUP if self.dense else self.rng.choice((2, 2, MAX_GROUP))
            groups.append(sorted(plain[:size], key=lambda part: isinstance(part.clue, Exclude)))
            plain = plain[size:]
        if heavy and groups and _may_join(groups[-1], heavy[0]) and self.rng.random() < 0.7:
            groups[-1].append(heavy.pop(0))
        return [*groups, *([part] for part in heavy)]


def _is_plain(clue: Clue) -> bool:
    """True if a relative clause can say it without nesting another."""
    return not isinstance(clue, Extreme) and not is_heavy(Part(clue, ""))


def _other_type(part: Part) -> str:
    """Type of the thing at the clue's other end; empty if it has none."""
    inner = part.clue.clue if isinstance(part.clue, Exclude) else part.clue
    return inner.node.type if isinstance(inner, Link | Loop | Count | Offset) else ""


def _may_join(group: list[Part], heavy: Part) -> bool:
    """True if `heavy` can end the sentence of `group` with one thing of its type in it."""
    if len(group) >= MAX_GROUP or _could_lead([heavy]):
        return False
    return all(_other_type(part) != _other_type(heavy) for part in group)


def _load(part: Part) -> int:
    inner = part.clue.clue if isinstance(part.clue, Exclude) else part.clue
    assert isinstance(inner, Link | Loop | Offset | Count)
    return weight(inner.node)
