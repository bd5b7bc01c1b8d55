"""The knowledge base: a corpus's facts, indexed both ways, with what an author needs to choose.

Everything is keyed by entity id or literal value; sequences are sorted by id, so iteration never
depends on hashing. Nothing is changed after construction.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import cast

from data.sources.base import Entity, Fact, Relation, ValueKind
from synth.search.query import Step

Value = str | int | float


class KnowledgeBase:
    """Entities by type, facts by subject and by value, names and how ambiguous they are."""

    def __init__(
        self,
        relations: Mapping[str, Relation],
        entities: Mapping[str, Entity],
        facts: Iterable[Fact],
    ) -> None:
        self.relations = dict(relations)
        self.entities = dict(entities)
        self.forward: dict[str, dict[str, list[Value]]] = {name: {} for name in relations}
        self.backward: dict[str, dict[Value, list[str]]] = {name: {} for name in relations}
        self.stated: dict[tuple[str, str, Value], str] = {}
        for fact in facts:
            self._add(fact)
        for forward in self.forward.values():
            for values in forward.values():
                values.sort(key=lambda value: (isinstance(value, str), value))
        for backward in self.backward.values():
            for subjects in backward.values():
                subjects.sort()
        by_type: dict[str, list[str]] = defaultdict(list)
        for entity in self.entities.values():
            by_type[entity.type].append(entity.id)
        self.of_type: dict[str, tuple[str, ...]] = {t: tuple(sorted(i)) for t, i in by_type.items()}
        self._frozen: dict[tuple[str, Value], frozenset[str]] = {}

    def _add(self, fact: Fact) -> None:
        key = (fact.relation, fact.subject, fact.object)
        if key in self.stated:
            return
        self.stated[key] = fact.stated
        self.forward[fact.relation].setdefault(fact.subject, []).append(fact.object)
        self.backward[fact.relation].setdefault(fact.object, []).append(fact.subject)

    def load(self) -> None:
        """Fills the tables that are otherwise made on first use."""
        _ = (self.extent, self._sorted_values, self.steps_from, self.literals_of, self.fame)

    def edges(self, step: Step) -> dict[str, list[str]]:
        """Per entity, the entities one step away, sorted."""
        index = self.backward if step.inverse else self.forward
        # Both ends of an ENTITY relation are ids.
        return cast(dict[str, list[str]], index[step.relation])

    def neighbours(self, entity: str, step: Step) -> list[str]:
        return self.edges(step).get(entity, [])

    def end_type(self, step: Step) -> str:
        """Type of the entities that `step` leads to."""
        relation = self.relations[step.relation]
        return relation.subject if step.inverse else relation.object

    def start_type(self, step: Step) -> str:
        relation = self.relations[step.relation]
        return relation.object if step.inverse else relation.subject

    def value(self, entity: str, relation: str) -> Value | None:
        """The value of a functional relation, or None where the corpus states none."""
        values = self.forward[relation].get(entity)
        return values[0] if values else None

    def with_value(self, relation: str, value: Value) -> frozenset[str]:
        """Subjects that have `value`; cached, as the same few categories are asked for often."""
        key = (relation, value)
        found = self._frozen.get(key)
        if found is None:
            found = frozenset(self.backward[relation].get(value, ()))
            self._frozen[key] = found
        return found

    @cached_property
    def extent(self) -> dict[str, frozenset[str]]:
        return {type_: frozenset(ids) for type_, ids in self.of_type.items()}

    @cached_property
    def _sorted_values(self) -> dict[str, tuple[list[float], list[str]]]:
        columns = {}
        for name, relation in self.relations.items():
            if relation.value in (ValueKind.YEAR, ValueKind.NUMBER):
                pairs = sorted(
                    (float(value), subject)
                    for subject, values in self.forward[name].items()
                    for value in values
                )
                columns[name] = ([v for v, _ in pairs], [s for _, s in pairs])
        return columns

    def in_range(self, relation: str, lo: float | None, hi: float | None) -> list[str]:
        """Subjects whose value lies in [lo, hi]; None is open."""
        values, subjects = self._sorted_values[relation]
        start = 0 if lo is None else bisect_left(values, lo)
        stop = len(values) if hi is None else bisect_right(values, hi)
        return subjects[start:stop]

    def ranked(self, relation: str, most: bool) -> Iterator[tuple[float, str]]:
        """Values and their subjects from the least up or, with `most`, from the greatest down."""
        values, subjects = self._sorted_values[relation]
        if most:
            return zip(reversed(values), reversed(subjects), strict=True)
        return zip(values, subjects, strict=True)

    def span(self, relation: str) -> tuple[float, float]:
        """Least and greatest value of a YEAR or NUMBER relation."""
        values, _ = self._sorted_values[relation]
        return values[0], values[-1]

    @cached_property
    def steps_from(self) -> dict[str, tuple[Step, ...]]:
        """Every step that can leave an entity of a type."""
        found: dict[str, list[Step]] = defaultdict(list)
        for name, relation in sorted(self.relations.items()):
            if relation.value is ValueKind.ENTITY:
                found[relation.subject].append(Step(relation=name))
                found[relation.object].append(Step(relation=name, inverse=True))
        return {type_: tuple(steps) for type_, steps in found.items()}

    @cached_property
    def literals_of(self) -> dict[str, tuple[Relation, ...]]:
        """The relations of a type whose values are no entities."""
        found: dict[str, list[Relation]] = defaultdict(list)
        for _, relation in sorted(self.relations.items()):
            if relation.value is not ValueKind.ENTITY:
                found[relation.subject].append(relation)
        return {type_: tuple(relations) for type_, relations in found.items()}

    @cached_property
    def degree(self) -> dict[str, int]:
        """Number of facts that mention an entity: the measure of how well known it is here."""
        counts: dict[str, int] = dict.fromkeys(self.entities, 0)
        for name, relation in self.relations.items():
            for subject, values in self.forward[name].items():
                counts[subject] += len(values)
            if relation.value is ValueKind.ENTITY:
                for value, subjects in self.backward[name].items():
                    counts[str(value)] += len(subjects)
        return counts

    @cached_property
    def fame(self) -> dict[str, int]:
        """Place of each entity when the best known come first, equally known ones by id."""
        ordered = sorted(self.entities, key=lambda entity: (-self.degree[entity], entity))
        return {entity: place for place, entity in enumerate(ordered)}
