"""What a question says of things, as a tree: tests of each, and ties to names or other things."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from envs.search.amounts import Bounds
from envs.search.facts import Field, Kind, Role


class Trait(StrEnum):
    GENRE = "genre"
    LANGUAGE = "language"
    RATING = "rating"
    INITIALS = "initials"


class Test(NamedTuple):
    """One clue that a page, or a name, can pass or fail."""

    about: Field | Role | Trait
    """A role stands for the number of names that a page gives for it."""
    bounds: Bounds = Bounds()
    word: str = ""
    denied: bool = False
    than: str = ""
    """If not empty, `bounds` are of the difference to this thing's value."""


@dataclass(eq=False)
class Node:
    """Something that the question describes."""

    kind: Kind | None = None
    role: Role | None = None
    """What it is to the thing that it was mentioned with."""
    tests: list[Test] = field(default_factory=list)
    edges: list["Edge"] = field(default_factory=list)


@dataclass(eq=False)
class Edge:
    """That a node is tied by `role` to a name or to another node."""

    role: Role | None
    target: Node | str
    denied: bool = False
