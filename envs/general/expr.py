"""Expressions of a domain: checked against its tables once, then evaluated over rows.

`compile_expr` gives a function of variables and a store of rows. A missing value (null) makes every
comparison but == and != false, and every sum or product null.
"""

import datetime as dt
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from envs.general.kinds import NUMERIC, TEMPORAL, TEXTUAL, Kind, clock, minutes
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
DIGITS = 6
"""Decimals that arithmetic keeps, so that 0.1 + 0.2 equals 0.3."""


class Store(Protocol):
    """Where rows come from."""

    def row(self, table: str, row_id: str) -> Row:
        """The row; `KeyError` if it does not exist."""

    def select(self, table: str, equal: Mapping[str, Value]) -> Iterable[Row]:
        """Rows whose columns equal the given values, in the order of their ids."""


@dataclass(frozen=True)
class Sort:
    """The type of an expression: a kind, with the table of a row or the values of an enum."""

    kind: Kind | None
    """None for null."""
    table: str = ""
    values: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.kind is Kind.REF:
            return f"a {self.table}"
        if self.kind is Kind.ENUM:
            return f"one of {', '.join(self.values)}"
        return self.kind.value if self.kind else "null"


Columns = Mapping[str, Mapping[str, Sort]]
"""Table to column to type; every table has a column `id`, a text."""
Run = Callable[[Variables, Store], Any]

BOOL, INT, NUMBER, TEXT = Sort(Kind.BOOL), Sort(Kind.INT), Sort(Kind.NUMBER), Sort(Kind.TEXT)
DATE, DATETIME = Sort(Kind.DATE), Sort(Kind.DATETIME)
NULL = Sort(None)


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
    if expected is not None and not _fits(sort, expected):
        raise ExpressionError(f"gives {sort}, wanted {expected}: {text!r}")
    return Expr(text, sort, run, frozenset(checker.tables), frozenset(checker.paths))


def _fits(found: Sort, wanted: Sort) -> bool:
    if found.kind is None:
        return True
    if wanted.kind in NUMERIC:
        return found.kind is Kind.INT or (found.kind in NUMERIC and wanted.kind is not Kind.INT)
    if wanted.kind in TEXTUAL:
        return found.kind in TEXTUAL or found.kind is Kind.ENUM
    if wanted.kind is Kind.ENUM:
        return found.kind is Kind.ENUM and set(found.values) <= set(wanted.values)
    return found.kind is wanted.kind and found.table == wanted.table


def _comparable(left: Sort, right: Sort) -> bool:
    if left.kind is None or right.kind is None:
        return True
    if left.kind in NUMERIC:
        return right.kind in NUMERIC
    if left.kind in TEXTUAL or left.kind is Kind.ENUM:
        return right.kind in TEXTUAL or right.kind is Kind.ENUM
    return left.kind is right.kind and left.table == right.table


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
            case Unary("not", of):
                inner = self._bool(of, scope)
                return BOOL, lambda v, s: not inner(v, s)
            case Unary(_, of):
                sort, run = self.check(of, scope)
                self._need(sort.kind in NUMERIC, f"'-' wants a number, got {sort}")
                return sort, lambda v, s: None if (x := run(v, s)) is None else -x
            case Binary("and", left, right):
                one, two = self._bool(left, scope), self._bool(right, scope)
                return BOOL, lambda v, s: one(v, s) and two(v, s)
            case Binary("or", left, right):
                one, two = self._bool(left, scope), self._bool(right, scope)
                return BOOL, lambda v, s: one(v, s) or two(v, s)
            case Binary("in", left, right):
                return self._member(left, right, scope)
            case Binary(op, left, right) if op in _COMPARISONS:
                return self._compare(op, left, right, scope)
            case Binary(op, left, right):
                return self._arithmetic(op, left, right, scope)
            case Choice(test, yes, no):
                return self._choice(test, yes, no, scope, hint)
            case Call(name, args):
                return self._call(name, args, scope)
            case Aggregate():
                return self._aggregate(node, scope)
            case Items():
                raise ExpressionError(f"a list stands only after 'in': {self.text!r}")
        raise AssertionError(node)

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
            columns = self.columns[sort.table]
            if step not in columns:
                raise ExpressionError(
                    f"{str(path)!r}: {sort.table} has no column {step!r}; "
                    f"its columns are {', '.join(columns)}"
                )
            run, sort = _hop(run, sort.table, step), columns[step]
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
        self._need(_comparable(one, two), f"cannot compare {one} with {two}")
        function = _COMPARISONS[op]
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
            self._need(_comparable(sort, other), f"cannot compare {sort} with {other}")
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
                return one, _null_safe(lambda x, y: _shifted(kind, x, sign * y), a, b)
            fits = one.kind is two.kind and op == "-"
            self._need(fits, f"cannot compute {one} {op} {two}; write days(a, b) or minutes(a, b)")
            return INT, _null_safe(_between, a, b)
        fits = one.kind in NUMERIC and two.kind in NUMERIC
        self._need(fits, f"cannot compute {one} {op} {two}")
        whole = one.kind is Kind.INT and two.kind is Kind.INT and op != "/"
        return (INT if whole else NUMBER), _null_safe(_ARITHMETIC[op], a, b)

    def _choice(
        self, test: Node, yes: Node, no: Node, scope: Mapping[str, Sort], hint: Sort | None
    ) -> tuple[Sort, Run]:
        condition = self._bool(test, scope)
        (one, a), (two, b) = self.check(yes, scope, hint), self.check(no, scope, hint)
        self._need(_comparable(one, two), f"'if' gives {one} or {two}")
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
        for node, kinds in zip(args, wanted, strict=True):
            sort, run = self.check(node, scope)
            names = " or ".join(kinds)
            self._need(sort.kind in kinds, f"{name} wants {names}, got {sort}")
            runs.append(run)

        def called(v: Variables, s: Store) -> Any:
            values = [run(v, s) for run in runs]
            return None if None in values else compute(*values)

        return gives, called

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
                return _tidy(sum(values))
            if not values:
                return None
            return _tidy(sum(values) / len(values)) if op == "avg" else _FOLDS[op](values)

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


def _tidy(number: float) -> float:
    """A rounded number; whole ones are ints."""
    rounded = round(number, DIGITS)
    return int(rounded) if rounded == int(rounded) else rounded


def _divided(x: float, y: float) -> float | None:
    return _tidy(x / y) if y else None


def _remainder(x: float, y: float) -> float | None:
    return _tidy(x % y) if y else None


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text if len(text) > 5 else f"2000-01-01 {text}")


def _shifted(kind: Kind | None, text: str, by: int) -> str | None:
    """A date moved by days, a time or moment by minutes; null beyond the calendar."""
    try:
        if kind is Kind.DATE:
            return (dt.date.fromisoformat(text) + dt.timedelta(days=by)).isoformat()
        moved = _moment(text) + dt.timedelta(minutes=by)
    except OverflowError:
        return None
    return moved.strftime("%H:%M" if kind is Kind.TIME else "%Y-%m-%d %H:%M")


def _between(later: str, earlier: str) -> int:
    """Days from one date to the other, or minutes from one time or moment to the other."""
    if len(later) == len("2000-01-01") and len(earlier) == len(later):
        return (dt.date.fromisoformat(later) - dt.date.fromisoformat(earlier)).days
    return int((_moment(later) - _moment(earlier)).total_seconds() // 60)


def _days(later: str, earlier: str) -> int:
    return (dt.date.fromisoformat(later[:10]) - dt.date.fromisoformat(earlier[:10])).days


_COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ARITHMETIC: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": lambda x, y: _tidy(x + y),
    "-": lambda x, y: _tidy(x - y),
    "*": lambda x, y: _tidy(x * y),
    "/": _divided,
    "%": _remainder,
}
_FOLDS: Mapping[str, Callable[[list[Any]], Any]] = {"min": min, "max": max}

_DAY = (Kind.DATE, Kind.DATETIME)
FUNCTIONS: Mapping[str, tuple[tuple[tuple[Kind, ...], ...], Sort, Callable[..., Any]]] = {
    "days": ((_DAY, _DAY), INT, _days),
    "minutes": ((tuple(TEMPORAL), tuple(TEMPORAL)), INT, _between),
    "date_of": (((Kind.DATETIME,),), DATE, lambda moment: moment[:10]),
    "time_of": (((Kind.DATETIME,),), Sort(Kind.TIME), lambda moment: moment[11:]),
    "weekday": ((_DAY,), INT, lambda day: dt.date.fromisoformat(day[:10]).isoweekday()),
    "month": ((_DAY,), INT, lambda day: int(day[5:7])),
    "year": ((_DAY,), INT, lambda day: int(day[:4])),
    "round": ((tuple(NUMERIC),), INT, lambda number: int(number + 0.5)),
    "at": (
        ((Kind.DATE,), (Kind.TIME,)),
        DATETIME,
        lambda day, time: f"{day} {time}",
    ),
    "larger": ((tuple(NUMERIC), tuple(NUMERIC)), NUMBER, max),
    "smaller": ((tuple(NUMERIC), tuple(NUMERIC)), NUMBER, min),
}
"""Name to kinds of its arguments, type of its result, and what it computes."""
