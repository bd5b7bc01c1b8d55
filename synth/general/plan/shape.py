"""What a plan of a compiled world is made of: its places, what is known of each, its answer form."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from envs.general.compiler import Compiled
from envs.general.domain import Column, Plan
from envs.general.kinds import Kind
from envs.general.texts import Noun, snake
from synth.general.plan.vocabulary import MEASURED, adds_up, is_year
from verifiers.general.constraints import Field, PlanProblem, Scalar, Slot
from verifiers.general.form import Fixed, Form, Items, Object, Pick
from verifiers.general.tables import Tables
from verifiers.general.worlds import plan_tables, slot_table

ORDERED = MEASURED | {Kind.DATE, Kind.TIME}
GROUPING = frozenset({Kind.ENUM, Kind.REF})


@dataclass(frozen=True)
class Place:
    """One slot of the plan. `group` counts from 1; 0 is a slot that the plan has once."""

    slot: str
    role: str
    group: int
    noun: Noun
    table: str

    def field(self, path: tuple[str, ...] = ()) -> Field:
        return Field(slot=self.slot, path=path)


@dataclass(frozen=True)
class Attribute:
    """A column of a table's rows or, with two columns, of the rows that the first points at."""

    columns: tuple[Column, ...]
    values: tuple[Scalar, ...]
    """Of every row, in order; an attribute that some row lacks is never spoken of."""

    @property
    def path(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def column(self) -> Column:
        return self.columns[-1]

    @property
    def kind(self) -> Kind:
        return self.column.kind

    @property
    def num_values(self) -> int:
        return len(set(self.values))


class Shape:
    """`count` groups of a plan in a world; needs a world in which every slot has candidates."""

    def __init__(self, compiled: Compiled, plan: Plan, count: int) -> None:
        self.compiled = compiled
        self.plan = plan
        self.count = count
        self.places = tuple(self._places())
        self.tables: Tables = plan_tables(compiled, plan.name)

    def _places(self) -> Iterator[Place]:
        once = [slot for slot in self.plan.slots.values() if not slot.grouped]
        each = [slot for slot in self.plan.slots.values() if slot.grouped]
        for slot in once:
            table = slot_table(self.compiled, self.plan.name, slot.name)
            yield Place(slot.name, slot.name, 0, slot.label, table)
        for group in range(1, self.count + 1) if each else ():
            for slot in each:
                table = slot_table(self.compiled, self.plan.name, slot.name)
                name = f"{self.group_key}{group}.{slot.name}"
                yield Place(name, slot.name, group, slot.label, table)

    @property
    def group_key(self) -> str:
        return snake(self.plan.group.en) if self.plan.group else ""

    @cached_property
    def problem(self) -> PlanProblem:
        """The slots, without a rule."""
        slots = tuple(Slot(name=place.slot, table=place.table) for place in self.places)
        return PlanProblem(slots=slots, rules=())

    @cached_property
    def form(self) -> Object | Items:
        """A list of groups, or an object where the plan also has slots of its own."""
        once = {p.role: Pick(slot=p.slot) for p in self.places if not p.group}
        groups = tuple(
            Object(fields={self.group_key: Fixed(value=group), **self._picks(group)})
            for group in range(1, self.count + 1)
        )
        if not self.plan.group or not any(place.group for place in self.places):
            return Object(fields=dict(once))
        if not once:
            return Items(items=groups)
        fields: dict[str, Form] = {**once, snake(self.plan.group.en_plural): Items(items=groups)}
        return Object(fields=fields)

    def _picks(self, group: int) -> dict[str, Form]:
        return {p.role: Pick(slot=p.slot) for p in self.places if p.group == group}

    def of_group(self, group: int) -> tuple[Place, ...]:
        return tuple(place for place in self.places if place.group == group)

    @cached_property
    def roles(self) -> dict[str, tuple[Place, ...]]:
        """Places of each role, in the order of their groups."""
        found: dict[str, list[Place]] = {}
        for place in self.places:
            found.setdefault(place.role, []).append(place)
        return {role: tuple(places) for role, places in found.items()}

    @cached_property
    def kinds(self) -> dict[str, tuple[Place, ...]]:
        """Places by the table they pick from, where there are two or more."""
        found: dict[str, list[Place]] = {}
        for place in self.places:
            found.setdefault(place.table, []).append(place)
        return {table: tuple(places) for table, places in found.items() if len(places) > 1}

    def attributes(self, table: str) -> tuple[Attribute, ...]:
        """What rules may say of rows of `table`: known of every row, and not the same for all."""
        found = self._attributes.get(table)
        if found is None:
            found = self._attributes[table] = tuple(self._known(table))
        return found

    def may_be_named(self, attribute: Attribute) -> bool:
        """True if a value can be written so that it means one thing: a ref needs rows with names."""
        return attribute.kind is not Kind.REF or self.has_names(attribute.column.type.table)

    def adds_up(self, table: str, attribute: Attribute) -> bool:
        """True if the sum over several rows means something."""
        if self.plan.sums:
            return (table.partition("@")[0], *attribute.path) in self.plan.sums
        return adds_up(attribute.columns)

    def averages(self, table: str, attribute: Attribute) -> bool:
        """True if the average means something where the sum does not."""
        measured = attribute.kind in MEASURED and len(attribute.columns) == 1
        return measured and not is_year(attribute.column) and not self.adds_up(table, attribute)

    @cached_property
    def _attributes(self) -> dict[str, tuple[Attribute, ...]]:
        return {}

    def _known(self, table: str) -> Iterator[Attribute]:
        made = self.compiled.domain.tables[table.partition("@")[0]]
        about = self.plan.about
        keys = self.tables.keys(table)
        paths = [(column,) for column in made.columns.values()]
        far = [
            (ref, column)
            for ref in made.refs
            for column in self.compiled.domain.tables[ref.type.table].columns.values()
            if column.kind in ORDERED | {Kind.ENUM}
        ]
        for columns in (*paths, *far):
            if not _speakable(columns[-1]):
                continue
            path = tuple(column.name for column in columns)
            if about and (made.name, *path) not in about:
                continue
            values = [self.tables.value(table, key, path) for key in keys]
            known = tuple(value for value in values if value is not None)
            if len(known) == len(values) and len(set(known)) > 1:
                yield Attribute(columns, known)

    def shown(self, plan: dict[str, Scalar]) -> dict[str, str]:
        """What to write for each pick."""
        return {s: self.tables.shown(self.problem.table_of(s), key) for s, key in plan.items()}

    def has_names(self, table: str) -> bool:
        """True if every row of `table` can be told by its name."""
        return all(self.tables.shown(table, key) != str(key) for key in self.tables.keys(table))


def _speakable(column: Column) -> bool:
    if column.kind is Kind.BOOL:
        return bool(column.spec.values)
    return column.kind in ORDERED | GROUPING
