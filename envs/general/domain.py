"""A domain whose every reference and expression is resolved: what compilers and authors read."""

from collections.abc import Mapping
from dataclasses import dataclass

from envs.general.arithmetic import Sort
from envs.general.expr import Columns, Expr
from envs.general.kinds import Kind, Type
from envs.general.spec import ColumnClass, DomainSpec, FieldSpec, RowsSpec
from envs.general.texts import Noun, Text, Unit


@dataclass(frozen=True)
class Column:
    name: str
    spec: FieldSpec
    label: Noun
    sort: Sort
    live: Expr | None = None
    """Recomputed on every read; never written."""
    init: Expr | None = None
    late: bool = False
    """Its first value needs tables that are filled after its own."""

    @property
    def type(self) -> Type:
        return self.spec.type

    @property
    def kind(self) -> Kind:
        return self.spec.type.kind

    @property
    def compared(self) -> ColumnClass:
        """How goals compare it."""
        return ColumnClass.EXEMPT if self.live else self.spec.column


@dataclass(frozen=True)
class Table:
    name: str
    plural: str
    label: Noun
    rows: RowsSpec
    columns: Mapping[str, Column]
    id_pattern: str
    key: str
    """Column that is the id, or ''."""
    real: str
    called: Text
    """How a person refers to a row; placeholders are paths from the row."""
    valid: tuple[Expr, ...]
    optional: bool

    @property
    def name_column(self) -> str:
        """The column by which people know a row, or ''."""
        return next((c.name for c in self.columns.values() if c.kind is Kind.NAME), "")

    @property
    def stored(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns.values() if column.live is None)

    @property
    def refs(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns.values() if column.kind is Kind.REF)


@dataclass(frozen=True)
class Arg:
    """One argument of an action. `column` is the column whose type it has, if it names one."""

    name: str
    spec: FieldSpec
    sort: Sort
    label: Noun
    column: tuple[str, str] | None = None

    @property
    def type(self) -> Type:
        return self.spec.type

    @property
    def unit(self) -> Unit | None:
        return self.spec.unit

    @property
    def values(self) -> Mapping[str, Text]:
        return self.spec.values or {}

    @property
    def required(self) -> bool:
        return not self.type.nullable


@dataclass(frozen=True)
class Insert:
    table: str
    set: Mapping[str, Expr]
    when: Expr | None


@dataclass(frozen=True)
class Update:
    """Changes `row`, or, where `where` is given, every row of `table` that satisfies it."""

    table: str
    row: Expr | None
    alias: str
    where: Expr | None
    set: Mapping[str, Expr]
    when: Expr | None


@dataclass(frozen=True)
class Delete:
    table: str
    row: Expr | None
    alias: str
    where: Expr | None
    when: Expr | None


Effect = Insert | Update | Delete


@dataclass(frozen=True)
class Rule:
    """An expression that must hold, and what is said if it does not."""

    test: Expr
    otherwise: Text


@dataclass(frozen=True)
class Action:
    name: str
    does: Text
    args: Mapping[str, Arg]
    require: tuple[Rule, ...]
    effects: tuple[Effect, ...]
    ask: tuple[Text, ...]


@dataclass(frozen=True)
class Policy:
    """`rules` has the compiled rule for each action it is about."""

    name: str
    text: Text
    rules: Mapping[str, Expr]
    enforced: bool | None


@dataclass(frozen=True)
class Slot:
    """One choice of a plan: a row of `table` for which `where` holds (over the row's columns)."""

    name: str
    table: str
    label: Noun
    where: Expr | None
    grouped: bool
    """Filled once in every group, not once in the whole plan."""
    that: Text | None = None
    """Says what `where` says, in a sentence."""


@dataclass(frozen=True)
class Plan:
    name: str
    title: Text
    ask: tuple[Text, ...]
    group: Noun | None
    count: tuple[int, int]
    slots: Mapping[str, Slot]
    why: tuple[Text, ...] = ()
    about: frozenset[tuple[str, ...]] = frozenset()
    """Table and columns of what limits may speak of; empty if that is left open."""
    sums: frozenset[tuple[str, ...]] = frozenset()
    """Those that add up over rows; empty if that is left open."""


@dataclass(frozen=True)
class Domain:
    """`tables` are in the order in which they are filled: refs point backwards."""

    spec: DomainSpec
    sha256: str
    """Of the whole domain file's content, before anything was left out."""
    tables: Mapping[str, Table]
    actions: Mapping[str, Action]
    policies: Mapping[str, Policy]
    plans: Mapping[str, Plan]
    sorts: Columns

    @property
    def name(self) -> str:
        return self.spec.name

    def lookups(self) -> dict[str, tuple[str, ...]]:
        """Tables with one row for each combination of columns, and those columns."""
        return {t.name: t.rows.every for t in self.tables.values() if t.rows.every}
