"""Expressions of a domain: checked against its tables once, then evaluated over rows.

`compile_expr` gives a function of variables and a store of rows. A missing value (null) makes every
comparison but == and != false, and every sum or product null.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from envs.general.arithmetic import (
    ARITHMETIC,
    BOOL,
    COMPARISONS,
    DATE,
    DATETIME,
    FOLDS,
    FUNCTIONS,
    INT,
    NULL,
    NUMBER,
    TEXT,
    Sort,
    between,
    comparable,
    fits,
    shifted,
    tidy,
)
from envs.general.kinds import NUMERIC, TEMPORAL, Kind, clock, minutes
from envs.general.syntax import (
    Aggregate,
    Binary,
    Call,
    Choice,
    ExpressionError,
    Items,
    Literal,
    Node,
    Path,
    Unary,
    is_reserved,
    parse,
)

Value = str | int | float | bool | None
Row = Mapping[str, Value]
Variables = Mapping[str, Any]


class Store(Protocol):
    """Where rows come from."""

    def row(self, table: str, row_id: str) -> Row:
        """The row; `KeyError` if it does not exist."""

    def select(self, table: str, equal: Mapping[str, Value]) -> Iterable[Row]:
        """Rows whose columns equal the given values, in the order of their ids."""


Columns = Mapping[str, Mapping[str, Sort]]
"""Table to column to type; every table has a column `id`, a text."""
Run = Callable[[Variables, Store], Any]


@dataclass(frozen=True)
class Expr:
    """A checked expression. `tables` are those whose rows it counts or sums."""

    text: str
    sort: Sort
    run: Run
    tables: frozenset[str] = field(default_factory=frozenset)
    paths: frozenset[tuple[str, ...]] = field(default_factory=frozenset)
    """Every path it reads, the variable first."""


def compile_expr(
    text: str, columns: Columns, scope: Mapping[str, Sort], expected: Sort | None = None
) -> Expr:
    """Checks `text` where `scope` names the variables. Raises `ExpressionError`.

    `expected` is what the result must be; a bare word then may be a value of an enum.
    """
    checker = _Checker(columns, text)
    known = {"today": DATE, "now": DATETIME, **scope}
    sort, run = checker.check(parse(text), known, expected)
    if expected is not None and not fits(sort, expected):
        raise ExpressionError(f"gives {sort}, wanted {expected}: {text!r}")
    return Expr(text, sort, run, frozenset(checker.tables), frozenset(checker.paths))


class _Checker:
    def __init__(self, columns: Columns, text: str) -> None:
        self.columns = columns
        self.text = text
        self.tables: set[str] = set()
        self.paths: set[tuple[str, ...]] = set()

    def check(
        self, node: Node, scope: Mapping[str, Sort], hint: Sort | None = None
    ) -> tuple[Sort, Run]:
        match node:
            case Literal(value):
                return self._literal(value, hint)
            case Path():
                return self._path(node, scope, hint)
            case Unary(op, of):
                return self._unary(op, of, scope)
            case Binary(op, left, right):
                return self._binary(op, left, right, scope)
            case Choice(test, yes, no):
                return self._choice(test, yes, no, scope, hint)
            case Call(name, args):
                return self._call(name, args, scope)
            case Aggregate():
                return self._aggregate(node, scope)
            case Items():
                raise ExpressionError(f"a list stands only after 'in': {self.text!r}")
        raise AssertionError(node)

    def _unary(self, op: str, of: Node, scope: Mapping[str, Sort]) -> tuple[Sort, Run]:
        if op == "not":
            inner = self._bool(of, scope)
            return BOOL, lambda v, s: not inner(v, s)
        sort, run = self.check(of, scope)
        self._need(sort.kind in NUMERIC, f"'-' wants a number, got {sort}")
        return sort, lambda v, s: None if (x := run(v, s)) is None else -x

    def _binary(
        self, op: str, left: Node, right: Node, scope: Mapping[str, Sort]
    ) -> tuple[Sort, Run]:
        if op in ("and", "or"):
            one, two = self._bool(left, scope), self._bool(right, scope)
            if op == "and":
                return BOOL, lambda v, s: one(v, s) and two(v, s)
            return BOOL, lambda v, s: one(v, s) or two(v, s)
        if op == "in":
            return self._member(left, right, scope)
        if op in COMPARISONS:
            return self._compare(op, left, right, scope)
        return self._arithmetic(op, left, right, scope)

    def _need(self, holds: bool, otherwise: str) -> None:
        if not holds:
            raise ExpressionError(f"{otherwise}: {self.text!r}")

    def _bool(self, node: Node, scope: Mapping[str, Sort]) -> Run:
        sort, run = self.check(node, scope)
        self._need(sort.kind is Kind.BOOL, f"wants something true or false, got {sort}")
        return run

    def _literal(self, value: Value, hint: Sort | None) -> tuple[Sort, Run]:
        sort = NULL
        if isinstance(value, bool):
            sort = BOOL
        elif isinstance(value, int):
            sort = INT
        elif isinstance(value, float):
            sort = NUMBER
        elif isinstance(value, str):
            sort, value = self._quoted(value, hint)
        return sort, lambda v, s: value

    def _quoted(self, value: str, hint: Sort | None) -> tuple[Sort, str]:
        if hint is None or hint.kind is None:
            return TEXT, value
        if hint.kind is Kind.ENUM:
            self._need(value in hint.values, f"{value!r} is not {hint}")
            return Sort(Kind.ENUM, values=(value,)), value
        try:
            if hint.kind is Kind.DATE:
                return hint, dt.date.fromisoformat(value).isoformat()
            if hint.kind is Kind.TIME:
                return hint, clock(minutes(value))
            if hint.kind is Kind.DATETIME:
                return hint, dt.datetime.fromisoformat(value).strftime("%Y-%m-%d %H:%M")
        except ValueError as error:
            raise ExpressionError(f"{value!r} is not a {hint}: {self.text!r}") from error
        return TEXT, value

    def _path(self, path: Path, scope: Mapping[str, Sort], hint: Sort | None) -> tuple[Sort, Run]:
        if path.root not in scope:
            if hint and hint.kind is Kind.ENUM and not path.steps and path.root in hint.values:
                return self._literal(path.root, hint)
            known = ", ".join(sorted(scope))
            extra = f", values are {', '.join(hint.values)}" if hint and hint.values else ""
            raise ExpressionError(f"unknown name {path.root!r}; known are {known}{extra}")
        self.paths.add((path.root, *path.steps))
        root = path.root
        sort = scope[root]
        run: Run = lambda v, s: v[root]  # noqa: E731 - one closure a step
        for step in path.steps:
            if sort.kind is not Kind.REF:
                raise ExpressionError(f"{str(path)!r}: {sort} has no columns, so no {step!r}")
            columns = self.columns.get(sort.table, {})
            if step not in columns:
                raise ExpressionError(
                    f"{str(path)!r}: {sort.table} has no column {step!r}; "
                    f"its columns are {', '.join(columns)}"
                )
            run, sort = _hop(run, sort.table, step), columns[step]
        if sort.kind is Kind.REF and sort.table not in self.columns:
            raise ExpressionError(f"{str(path)!r}: there is no table {sort.table!r}")
        return sort, run

    def _pair(
        self, left: Node, right: Node, scope: Mapping[str, Sort]
    ) -> tuple[tuple[Sort, Run], tuple[Sort, Run]]:
        """Both sides; a bare word or quoted text takes its type from the other."""
        if isinstance(left, Literal) or (
            isinstance(left, Path) and not left.steps and left.root not in scope
        ):
            second = self.check(right, scope)
            return self.check(left, scope, second[0]), second
        first = self.check(left, scope)
        return first, self.check(right, scope, first[0])

    def _compare(
        self, op: str, left: Node, right: Node, scope: Mapping[str, Sort]
    ) -> tuple[Sort, Run]:
        (one, a), (two, b) = self._pair(left, right, scope)
        self._need(comparable(one, two), f"cannot compare {one} with {two}")
        function = COMPARISONS[op]
        if op in ("==", "!="):
            return BOOL, lambda v, s: function(a(v, s), b(v, s))
        orders = {None, *NUMERIC, *TEMPORAL}
        self._need(one.kind in orders, f"{op!r} wants numbers, dates or times, got {one}")

        def ordered(v: Variables, s: Store) -> bool:
            x, y = a(v, s), b(v, s)
            return x is not None and y is not None and bool(function(x, y))

        return BOOL, ordered

    def _member(self, left: Node, right: Node, scope: Mapping[str, Sort]) -> tuple[Sort, Run]:
        self._need(isinstance(right, Items), "'in' wants a list, as in x in [a, b]")
        assert isinstance(right, Items)
        sort, a = self.check(left, scope)
        runs = []
        for item in right.items:
            other, run = self.check(item, scope, sort)
            self._need(comparable(sort, other), f"cannot compare {sort} with {other}")
            runs.append(run)
        return BOOL, lambda v, s: a(v, s) in [run(v, s) for run in runs]

    def _arithmetic(
        self, op: str, left: Node, right: Node, scope: Mapping[str, Sort]
    ) -> tuple[Sort, Run]:
        (one, a), (two, b) = self.check(left, scope), self.check(right, scope)
        if one.kind in TEMPORAL and op in "+-":
            if two.kind is Kind.INT:
                sign = 1 if op == "+" else -1
                kind = one.kind
                return one, _null_safe(lambda x, y: shifted(kind, x, sign * y), a, b)
            same = one.kind is two.kind and op == "-"
            self._need(same, f"cannot compute {one} {op} {two}; write days(a, b) or minutes(a, b)")
            return INT, _null_safe(between, a, b)
        numbers = one.kind in NUMERIC and two.kind in NUMERIC
        self._need(numbers, f"cannot compute {one} {op} {two}")
        whole = one.kind is Kind.INT and two.kind is Kind.INT and op != "/"
        return (INT if whole else NUMBER), _null_safe(ARITHMETIC[op], a, b)

    def _choice(
        self, test: Node, yes: Node, no: Node, scope: Mapping[str, Sort], hint: Sort | None
    ) -> tuple[Sort, Run]:
        condition = self._bool(test, scope)
        (one, a), (two, b) = self.check(yes, scope, hint), self.check(no, scope, hint)
        self._need(comparable(one, two), f"'if' gives {one} or {two}")
        sort = one if one.kind is not Kind.INT and one.kind is not None else two
        if one.kind is Kind.ENUM and two.kind is Kind.ENUM:
            sort = Sort(Kind.ENUM, values=tuple(dict.fromkeys((*one.values, *two.values))))
        return sort, lambda v, s: a(v, s) if condition(v, s) else b(v, s)

    def _call(
        self, name: str, args: tuple[Node, ...], scope: Mapping[str, Sort]
    ) -> tuple[Sort, Run]:
        function = FUNCTIONS.get(name)
        if function is None:
            raise ExpressionError(
                f"unknown function {name!r}; functions are {', '.join(FUNCTIONS)}, and over the "
                "rows of a table count, exists, sum, min, max, avg"
            )
        wanted, gives, compute = function
        self._need(len(args) == len(wanted), f"{name} takes {len(wanted)} values, got {len(args)}")
        runs: list[Run] = []
        sorts: list[Sort] = []
        for node, kinds in zip(args, wanted, strict=True):
            sort, run = self.check(node, scope)
            sorts.append(sort)
            names = " or ".join(kinds)
            self._need(sort.kind in kinds, f"{name} wants {names}, got {sort}")
            runs.append(run)

        def called(v: Variables, s: Store) -> Any:
            values = [run(v, s) for run in runs]
            return None if None in values else compute(*values)

        whole = gives == NUMBER and all(sort.kind is Kind.INT for sort in sorts)
        return (INT if whole else gives), called

    def _aggregate(self, node: Aggregate, scope: Mapping[str, Sort]) -> tuple[Sort, Run]:
        table, alias = node.table, node.alias
        if table not in self.columns:
            known = ", ".join(self.columns)
            raise ExpressionError(f"{node.op}: no table {table!r}; tables are {known}")
        if alias in scope or is_reserved(alias):
            raise ExpressionError(
                f"{node.op}({table} ...): {alias!r} already has a meaning here; give the rows "
                f"another name, as in {node.op}({table} x where x != {alias})"
            )
        self.tables.add(table)
        inner = {**scope, alias: Sort(Kind.REF, table)}
        where = self._bool(node.where, inner) if node.where else None
        equal = self._equalities(node.where, alias, table, scope) if node.where else {}
        value: tuple[Sort, Run] | None = self.check(node.value, inner) if node.value else None
        wants_value = node.op not in ("count", "exists")
        self._need(
            (value is not None) == wants_value,
            f"{node.op} wants {'a value, as in ' + node.op + '(line x: x.price where ...)' if wants_value else 'no value'}",
        )

        def rows(v: Variables, s: Store) -> Iterable[Variables]:
            fixed = {column: run(v, s) for column, run in equal.items()}
            for row in s.select(table, fixed):
                bound = {**v, alias: row["id"]}
                if where is None or where(bound, s):
                    yield bound

        if node.op == "count":
            return INT, lambda v, s: sum(1 for _ in rows(v, s))
        if node.op == "exists":
            return BOOL, lambda v, s: any(True for _ in rows(v, s))
        assert value is not None
        return self._folded(node.op, value, rows)

    def _folded(
        self,
        op: str,
        value: tuple[Sort, Run],
        rows: Callable[[Variables, Store], Iterable[Variables]],
    ) -> tuple[Sort, Run]:
        sort, run = value
        allowed = NUMERIC if op in ("sum", "avg") else NUMERIC | TEMPORAL
        self._need(sort.kind in allowed, f"{op} wants numbers, got {sort}")

        def fold(v: Variables, s: Store) -> Any:
            values = [x for bound in rows(v, s) if (x := run(bound, s)) is not None]
            if op == "sum":
                return tidy(sum(values))
            if not values:
                return None
            return tidy(sum(values) / len(values)) if op == "avg" else FOLDS[op](values)

        return (NUMBER if op == "avg" else sort), fold

    def _equalities(
        self, where: Node, alias: str, table: str, scope: Mapping[str, Sort]
    ) -> dict[str, Run]:
        """Columns that `where` fixes to something known outside, so that an index can be used."""
        if isinstance(where, Binary) and where.op == "and":
            left = self._equalities(where.left, alias, table, scope)
            return {**self._equalities(where.right, alias, table, scope), **left}
        if not (isinstance(where, Binary) and where.op == "=="):
            return {}
        for mine, other in ((where.left, where.right), (where.right, where.left)):
            if isinstance(mine, Path) and mine.root == alias and len(mine.steps) == 1:
                sort = self.columns[table][mine.steps[0]]
                try:
                    _, run = self.check(other, scope, sort)
                except ExpressionError:
                    continue
                return {mine.steps[0]: run}
        return {}


def _hop(run: Run, table: str, column: str) -> Run:
    def hop(v: Variables, s: Store) -> Any:
        row_id = run(v, s)
        return None if row_id is None else s.row(table, row_id)[column]

    return hop


def _null_safe(function: Callable[[Any, Any], Any], a: Run, b: Run) -> Run:
    def safe(v: Variables, s: Store) -> Any:
        x, y = a(v, s), b(v, s)
        return None if x is None or y is None else function(x, y)

    return safe
