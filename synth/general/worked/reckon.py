"""Reckons a rule over what is known, and says the facts and comparisons it comes down to."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from envs.general.arithmetic import ARITHMETIC, COMPARISONS, FUNCTIONS, between, shifted, tidy
from envs.general.domain import Action
from envs.general.expr import Value
from envs.general.kinds import Kind, clock, minutes
from envs.general.syntax import (
    Aggregate,
    Binary,
    Call,
    Choice,
    Items,
    Literal,
    Node,
    Path,
    Unary,
)
from synth.general.worked.desk import Desk, Untaught
from synth.general.worked.fit import shown

MAX_ROWS = 4
"""Rows of a listing whose facts are said one by one."""
_KINDS = {10: Kind.DATE, 5: Kind.TIME, 16: Kind.DATETIME}
"""Kinds of dates and times by the length of their text."""


class Told(NamedTuple):
    value: Any
    facts: tuple[str, ...]
    """What it follows from, in order."""
    words: str
    """How it is written in a comparison."""


class Reckoner:
    """Reckons expressions of one action's rules; what they need is known."""

    def __init__(self, desk: Desk, action: Action, scope: Mapping[str, Any]) -> None:
        self.desk = desk
        self.known = desk.known
        self.scope = dict(scope)
        self.tables = {
            arg.name: arg.type.table for arg in action.args.values() if arg.type.kind is Kind.REF
        }

    def tell(self, node: Node) -> Told:
        match node:
            case Literal(value):
                text = clock(minutes(value)) if isinstance(value, str) and ":" in value else value
                return Told(text, (), shown(text))
            case Path():
                return self._path(node)
            case Unary(op, of):
                told = self.tell(of)
                if op == "not":
                    return told._replace(value=not told.value)
                return told._replace(value=-told.value, words=f"-{told.words}")
            case Binary(op, left, right) if op in ("and", "or"):
                return self._either(op, left, right)
            case Binary(op, left, right):
                return self._binary(op, left, right)
            case Choice(test, yes, no):
                said = self.tell(test)
                chosen = self.tell(yes if said.value else no)
                return chosen._replace(facts=(*said.facts, *chosen.facts))
            case Call(name, args):
                return self._call(name, args)
            case Aggregate():
                return self._aggregate(node)
        raise Untaught("rule_not_told")

    def _path(self, path: Path) -> Told:
        if path.root not in self.scope:
            return Told(path.root, (), path.root)
        value: Value = self.scope[path.root]
        if not path.steps:
            asked = path.root not in self.tables
            return Told(value, (f"{path.root} {shown(value)}",) if asked else (), shown(value))
        table, facts = self.tables[path.root], []
        for step in path.steps:
            if value is None:
                break
            row_id = str(value)
            value = row_id if step == "id" else self.known.cell(table, row_id, step)
            facts.append(f"{row_id} {self.desk.shown(table, step)} {shown(value)}")
            if step != "id":
                table = self.desk.world.domain.tables[table].columns[step].type.table
        return Told(value, tuple(facts), shown(value))

    def _either(self, op: str, left: Node, right: Node) -> Told:
        one = self.tell(left)
        if bool(one.value) is (op == "or"):
            return one
        two = self.tell(right)
        return Told(two.value, (*one.facts, *two.facts), "")

    def _binary(self, op: str, left: Node, right: Node) -> Told:
        one = self.tell(left)
        if op == "in":
            assert isinstance(right, Items)
            items = [self.tell(item) for item in right.items]
            value = one.value in [item.value for item in items]
            list_ = ", ".join(item.words for item in items)
            return Told(value, (*one.facts, self._came(f"{one.words} in [{list_}]", value)), "")
        two = self.tell(right)
        facts = (*one.facts, *two.facts)
        if op in COMPARISONS:
            none = one.value is None or two.value is None
            if none and op not in ("==", "!="):
                value = False
            else:
                value = bool(COMPARISONS[op](one.value, two.value))
            return Told(value, (*facts, self._came(f"{one.words} {op} {two.words}", value)), "")
        value = _reckoned(op, one.value, two.value)
        return Told(value, (*facts, f"{one.words} {op} {two.words} = {shown(value)}"), shown(value))

    def _came(self, comparison: str, value: bool) -> str:
        if self.desk.words.zh:
            return f"{comparison} {'成立' if value else '不成立'}"
        return f"{comparison} {'holds' if value else 'fails'}"

    def _call(self, name: str, args: tuple[Node, ...]) -> Told:
        told = [self.tell(arg) for arg in args]
        facts = tuple(fact for one in told for fact in one.facts)
        values = [one.value for one in told]
        value = None if None in values else FUNCTIONS[name][2](*values)
        words = ", ".join(one.words for one in told)
        return Told(value, (*facts, f"{name}({words}) = {shown(value)}"), shown(value))

    # Over rows -----------------------------------------------------------------------------------

    def _aggregate(self, node: Aggregate) -> Told:
        parts = list(_conjuncts(node.where)) if node.where else []
        equal: dict[str, Value] = {}
        rest: list[Node] = []
        for part in parts:
            fixed = self._fixed(part, node.alias)
            if fixed:
                equal |= fixed
            else:
                rest.append(part)
        self.tables[node.alias] = node.table
        found: list[str] = []
        facts: list[str] = []
        values: list[Any] = []
        rows = self.known.select(node.table, equal)
        for row in rows:
            self.scope[node.alias] = row["id"]
            tests = self._all(rest)
            if len(rows) <= MAX_ROWS or tests.value and node.op == "exists":
                facts += tests.facts
            if tests.value:
                found.append(str(row["id"]))
                if node.value:
                    worth = self.tell(node.value)
                    values.append(worth.value)
                    facts += worth.facts
                if node.op == "exists":
                    break
        self.scope.pop(node.alias, None)
        self.tables.pop(node.alias, None)
        value = _folded(node.op, found, values)
        return Told(
            value,
            (
                *self._which(node.table, equal, found, rest, facts),
                *([f"{node.op} {shown(value)}"] if node.op not in ("count", "exists") else []),
            ),
            shown(value),
        )

    def _all(self, tests: list[Node]) -> Told:
        facts: list[str] = []
        for test in tests:
            told = self.tell(test)
            facts += told.facts
            if not told.value:
                return Told(False, tuple(facts), "")
        return Told(True, tuple(facts), "")

    def _which(
        self,
        table: str,
        equal: Mapping[str, Value],
        found: list[str],
        rest: list[Node],
        facts: list[str],
    ) -> tuple[str, ...]:
        """Which rows there are: "2 loans with member_id MB-1: LOA-1, LOA-4"."""
        words = self.desk.words
        plural = self.desk.plural(table)
        with_ = " ".join(f"{self.desk.shown(table, n)} {shown(v)}" for n, v in equal.items())
        ids = f" ({', '.join(found)})" if found else ""
        if words.zh:
            head = f"{with_ + '的' if with_ else ''}{plural}{'中符合的' if rest else ''}有{len(found)}条{ids}"
        else:
            fit = " that fit" if rest else ""
            head = f"{len(found)} {plural}{' with ' + with_ if with_ else ''}{fit}{ids}"
        return (*facts, head)

    def _fixed(self, part: Node, alias: str) -> dict[str, Value]:
        """The column of the rows that a test fixes to something known outside."""
        if not (isinstance(part, Binary) and part.op == "=="):
            return {}
        for mine, other in ((part.left, part.right), (part.right, part.left)):
            own = isinstance(mine, Path) and mine.root == alias and len(mine.steps) == 1
            if own and alias not in _roots(other):
                assert isinstance(mine, Path)
                return {mine.steps[0]: self.tell(other).value}
        return {}


def _conjuncts(node: Node) -> Iterator[Node]:
    if isinstance(node, Binary) and node.op == "and":
        yield from _conjuncts(node.left)
        yield from _conjuncts(node.right)
    else:
        yield node


def _children(node: Node) -> tuple[Node, ...]:
    match node:
        case Unary(_, of):
            return (of,)
        case Binary(_, left, right):
            return left, right
        case Choice(test, yes, no):
            return test, yes, no
        case Call(_, args):
            return args
        case Items(items):
            return items
        case Aggregate(_, _, _, value, where):
            return tuple(part for part in (value, where) if part is not None)
    return ()


def _roots(node: Node) -> set[str]:
    if isinstance(node, Path):
        return {node.root}
    return {root for child in _children(node) for root in _roots(child)}


def columns_named(node: Node) -> set[str]:
    """Names of all columns that an expression reads, of whatever table."""
    if isinstance(node, Path):
        return set(node.steps)
    return {name for child in _children(node) for name in columns_named(child)}


def _reckoned(op: str, one: Any, two: Any) -> Any:
    if one is None or two is None:
        return None
    if isinstance(one, str):
        if isinstance(two, str):
            return between(one, two)
        return shifted(_KINDS[len(one)], one, two if op == "+" else -two)
    return ARITHMETIC[op](one, two)


def _folded(op: str, found: list[str], values: list[Any]) -> Any:
    if op in ("count", "exists"):
        return len(found) if op == "count" else bool(found)
    numbers = [value for value in values if value is not None]
    if op == "sum":
        return tidy(sum(numbers))
    if not numbers:
        return None
    return (
        tidy(sum(numbers) / len(numbers)) if op == "avg" else {"min": min, "max": max}[op](numbers)
    )
