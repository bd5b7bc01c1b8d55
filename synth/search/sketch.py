"""A question under construction: a query tree whose every node remembers the entity behind it.

Joints are the structure that makes a question deep; lights are the plain clues that make its answer
unique. A light sits on a ladder of ever weaker clues, so weakening one is a step down and dropping
it a step off. The sketch is the author's; the finished question is the `Query` it turns into.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from synth.search.query import Clue, Link, Loop, Node, Step

NAME = "name"
"""Topic of a clue about an entity's name."""

Ladder = tuple[Clue, ...]
"""Clues that hold of one entity, strongest first; each is implied by the one before it."""


@dataclass
class Light:
    """One plain clue, at a rung of its ladder."""

    ladder: Ladder
    rung: int = 0

    @property
    def clue(self) -> Clue:
        return self.ladder[self.rung]

    @property
    def topic(self) -> str:
        """What the ladder is about; a node does not say two things about one topic."""
        return topic(self.ladder[0])


@dataclass
class Joint:
    """A structural clue: `steps` of one Link, or the two steps of a Loop."""

    steps: tuple[Step, ...]
    child: "Sketch"
    loop: bool = False

    def clue(self) -> Link | Loop:
        if self.loop:
            return Loop(first=self.steps[0], second=self.steps[1], node=self.child.node())
        return Link(steps=self.steps, node=self.child.node())


@dataclass
class Sketch:
    """One described entity. A `named` sketch is said by name and has no clues."""

    entity: str
    type: str
    named: bool = False
    joints: list[Joint] = field(default_factory=list)
    lights: list[Light] = field(default_factory=list)
    last: list[Clue] = field(default_factory=list)
    """An Extreme, which applies after everything else."""

    def node(self) -> Node:
        if self.named:
            return Node(type=self.type, constant=self.entity)
        clues: list[Clue] = [joint.clue() for joint in self.joints]
        clues += [light.clue for light in self.lights]
        return Node(type=self.type, clues=(*clues, *self.last))

    def walk(self) -> Iterator["Sketch"]:
        """This sketch and everything below it, parents first."""
        yield self
        for joint in self.joints:
            yield from joint.child.walk()


def topic(clue: Clue) -> str:
    """Relation or step a clue speaks of."""
    match clue.op:
        case "exclude":
            return topic(clue.clue)
        case "link":
            inner = clue.node.clues
            plain = len(inner) == 1 and inner[0].op in ("range", "category")
            # A film from the 1960s and a western: two things to say over one relation.
            return f"{clue.steps[0].relation} {topic(inner[0]) if plain else ''}".strip()
        case "loop":
            return clue.first.relation
        case "count":
            return f"count {clue.step.relation} {clue.step.inverse}"
        case "initials":
            return NAME
        case _:
            return clue.relation
