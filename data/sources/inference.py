"""Kinds of relations that nobody declared, found from all their facts.

The facts of one relation must agree: all links to one type of entity, or all numbers of one unit,
or all text. Where they do not, the majority counts and the others are handed back with a reason.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from data.sources.base import Fact, Relation, ValueKind

MAX_CATEGORIES = 200
"""Strings are a closed vocabulary up to so many, each used twice on average; else they are names."""

_YEARS = range(1000, 2101)
_YEAR_NAME = re.compile(r"year|date")


class RawFact(NamedTuple):
    subject: str
    subject_type: str
    relation: str
    """Without the subject's type."""
    object: str | int | float
    object_type: str
    """Entity type when `object` is an entity's id, else empty."""
    stated: str
    unit: str = ""

    @property
    def name(self) -> str:
        return f"{self.subject_type}.{self.relation}"

    @property
    def shape(self) -> str:
        """What the facts of one relation must have in common, in words."""
        if self.object_type:
            return f"a link to a document of type {self.object_type!r}"
        if isinstance(self.object, str):
            return "text"
        return f"a number in {self.unit!r}" if self.unit else "a number without a unit"


def outliers(facts: Iterable[RawFact]) -> list[tuple[RawFact, str]]:
    """Facts whose shape is not their relation's most frequent one, with the reason."""
    grouped: defaultdict[str, list[RawFact]] = defaultdict(list)
    for fact in facts:
        grouped[fact.name].append(fact)
    found: list[tuple[RawFact, str]] = []
    for name, group in grouped.items():
        shapes = Counter(fact.shape for fact in group)
        if len(shapes) > 1:
            usual = shapes.most_common(1)[0][0]
            found.extend(
                (fact, f"relation {name!r} is {fact.shape} here and {usual} in most lines")
                for fact in group
                if fact.shape != usual
            )
    return found


def relations(facts: Iterable[RawFact]) -> tuple[Relation, ...]:
    """The relations of facts that agree, in order of first use."""
    grouped: defaultdict[str, list[RawFact]] = defaultdict(list)
    for fact in facts:
        grouped[fact.name].append(fact)
    return tuple(_relation(name, group) for name, group in grouped.items())


def typed(facts: Iterable[RawFact]) -> tuple[Fact, ...]:
    """As facts of the relations above; what a subject says twice is kept once."""
    found: dict[tuple[str, str, object], Fact] = {}
    for fact in facts:
        key = (fact.name, fact.subject, fact.object)
        found.setdefault(key, Fact(fact.name, fact.subject, fact.object, fact.stated))
    return tuple(found.values())


def _relation(name: str, group: Sequence[RawFact]) -> Relation:
    pairs = {(fact.subject, fact.object) for fact in group}
    return Relation(
        name,
        group[0].subject_type,
        _kind(name, group),
        object=group[0].object_type,
        unit=group[0].unit,
        functional=len(pairs) == len({subject for subject, _ in pairs}),
    )


def _kind(name: str, group: Sequence[RawFact]) -> ValueKind:
    if group[0].object_type:
        return ValueKind.ENTITY
    values = [fact.object for fact in group]
    if isinstance(values[0], str):
        few = len(set(values)) <= min(MAX_CATEGORIES, len(values) // 2)
        return ValueKind.CATEGORY if few else ValueKind.NAME
    years = all(isinstance(value, int) and value in _YEARS for value in values)
    return ValueKind.YEAR if years and _YEAR_NAME.search(name) else ValueKind.NUMBER
