"""Constraints of plan tasks as a small typed tree: data that is stored with a task, never code.

A plan fills each slot with one row of a table. A `Term` is a value of a filled plan, a `Formula` is
true or false of it, and a `Rule` is what the request states in one sentence. What a row does not
have is null; a comparison with null is false, and so are the membership and the sameness of null.
Sums and products are exact decimals. This module has the shape of trees only: `evaluate` gives
them their meaning.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Literal

import pydantic
from pydantic import model_validator

from data.record import Record

Scalar = bool | int | float | str
"""Dates are ISO text and times are HH:MM, so that text order is their order."""

MAX_NODES = 4_000


class Operator(StrEnum):
    EQ = "=="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="


class Const(Record):
    op: Literal["const"] = "const"
    value: Scalar


class Field(Record):
    """Of the row in `slot`: the field at the end of `path`; all others on it refer to rows.

    An empty path is the key of the row itself.
    """

    op: Literal["field"] = "field"
    slot: str
    path: tuple[str, ...] = ()


class Lookup(Record):
    """`field` of the only row of `table` whose key fields have these values; null without one."""

    op: Literal["lookup"] = "lookup"
    table: str
    keys: tuple[tuple[str, "Term"], ...] = pydantic.Field(min_length=1)
    field: str


class Sum(Record):
    op: Literal["sum"] = "sum"
    terms: tuple["Term", ...] = pydantic.Field(min_length=1)


class Times(Record):
    """A numeric term times a number, e.g. a price per night times the nights."""

    op: Literal["times"] = "times"
    factor: int | float
    term: "Term"


class Count(Record):
    """How many of the formulas hold."""

    op: Literal["count"] = "count"
    of: tuple["Formula", ...] = pydantic.Field(min_length=1)


class Distinct(Record):
    """How many different values the terms have; null is none. Each term is of one slot."""

    op: Literal["distinct"] = "distinct"
    terms: tuple["Term", ...] = pydantic.Field(min_length=1)


class Least(Record):
    """The smallest of the terms; null if any is."""

    op: Literal["least"] = "least"
    terms: tuple["Term", ...] = pydantic.Field(min_length=1)


class Greatest(Record):
    """The greatest of the terms; null if any is."""

    op: Literal["greatest"] = "greatest"
    terms: tuple["Term", ...] = pydantic.Field(min_length=1)


class Compare(Record):
    op: Literal["compare"] = "compare"
    left: "Term"
    by: Operator
    right: "Term"


class Member(Record):
    op: Literal["member"] = "member"
    term: "Term"
    values: tuple[Scalar, ...] = pydantic.Field(min_length=1)


class AllDifferent(Record):
    """No two terms have the same value; nulls are alike to nothing."""

    op: Literal["all_different"] = "all_different"
    terms: tuple["Term", ...] = pydantic.Field(min_length=2)


class Same(Record):
    """All terms have one value, which is not null."""

    op: Literal["same"] = "same"
    terms: tuple["Term", ...] = pydantic.Field(min_length=2)


class And(Record):
    op: Literal["and"] = "and"
    of: tuple["Formula", ...] = pydantic.Field(min_length=1)


class Or(Record):
    op: Literal["or"] = "or"
    of: tuple["Formula", ...] = pydantic.Field(min_length=1)


class Not(Record):
    op: Literal["not"] = "not"
    of: "Formula"


class Implies(Record):
    op: Literal["implies"] = "implies"
    given: "Formula"
    then: "Formula"


class AtLeast(Record):
    """At least `n` of the formulas hold."""

    op: Literal["at_least"] = "at_least"
    n: int = pydantic.Field(ge=1)
    of: tuple["Formula", ...] = pydantic.Field(min_length=1)


Term = Annotated[
    Const | Field | Lookup | Sum | Times | Count | Distinct | Least | Greatest,
    pydantic.Field(discriminator="op"),
]
Formula = Annotated[
    Compare | Member | AllDifferent | Same | And | Or | Not | Implies | AtLeast,
    pydantic.Field(discriminator="op"),
]
Node = (
    Const
    | Field
    | Lookup
    | Sum
    | Times
    | Count
    | Distinct
    | Least
    | Greatest
    | Compare
    | Member
    | AllDifferent
    | Same
    | And
    | Or
    | Not
    | Implies
    | AtLeast
)


class Slot(Record):
    """A place in the plan that takes the key of one row of `table`."""

    name: str
    table: str


class Rule(Record):
    """One condition of the request; `id` names its entry in the verdict, `text` states it there."""

    id: str
    formula: Formula
    text: str = ""


class PlanProblem(Record):
    """All that decides whether a filled plan is right; the tables it speaks of are the world's."""

    slots: tuple[Slot, ...] = pydantic.Field(min_length=1)
    rules: tuple[Rule, ...]

    @model_validator(mode="after")
    def _whole(self) -> "PlanProblem":
        slots = [slot.name for slot in self.slots]
        ids = [rule.id for rule in self.rules]
        if len(set(slots)) < len(slots) or len(set(ids)) < len(ids):
            raise ValueError("slots and rules must have names of their own")
        for rule in self.rules:
            unknown = sorted(slots_of(rule.formula) - set(slots))
            if unknown:
                raise ValueError(f"rule {rule.id} speaks of no slot of the plan: {unknown[0]}")
            if size(rule.formula) > MAX_NODES:
                raise ValueError(f"rule {rule.id} has more than {MAX_NODES} parts")
            for part in walk(rule.formula):
                if isinstance(part, Distinct) and any(len(slots_of(t)) > 1 for t in part.terms):
                    raise ValueError(f"rule {rule.id} counts values that two slots decide")
        return self

    def table_of(self, slot: str) -> str:
        return next(s.table for s in self.slots if s.name == slot)

    def without(self, rule_id: str) -> "PlanProblem":
        """The same problem less one rule."""
        kept = tuple(rule for rule in self.rules if rule.id != rule_id)
        return PlanProblem.model_construct(slots=self.slots, rules=kept)

    def also(self, *rules: Rule) -> "PlanProblem":
        """The same problem with more rules."""
        return PlanProblem.model_construct(slots=self.slots, rules=(*self.rules, *rules))


def children(node: Node) -> tuple[Node, ...]:
    """The parts of `node`, in their order."""
    match node:
        case Const() | Field():
            return ()
        case Lookup():
            return tuple(term for _, term in node.keys)
        case Sum() | Distinct() | Least() | Greatest() | AllDifferent() | Same():
            return node.terms
        case Times() | Member():
            return (node.term,)
        case Count() | And() | Or() | AtLeast():
            return node.of
        case Compare():
            return (node.left, node.right)
        case Not():
            return (node.of,)
        case Implies():
            return (node.given, node.then)


def walk(node: Node) -> Iterator[Node]:
    """`node` and everything below it, parents first."""
    yield node
    for child in children(node):
        yield from walk(child)


def slots_of(node: Node) -> frozenset[str]:
    """The slots that decide the value of `node`."""
    return frozenset(part.slot for part in walk(node) if isinstance(part, Field))


def size(node: Node) -> int:
    return sum(1 for _ in walk(node))


for _record in (
    Lookup, Sum, Times, Count, Distinct, Least, Greatest, Compare, Member,
    AllDifferent, Same, And, Or, Not, Implies, AtLeast, Rule, PlanProblem,
):  # fmt: skip
    _record.model_rebuild()
