"""The grammar of expressions: text to a small tree, with limits on length, depth and size.

    loan.due < today and member.tier == basic
    count(loan x where x.member == member and x.status == open) < 5
    sum(line x: x.quantity * x.item.price where x.order == order)
    days(loan.due, today) * 0.5 if loan.due < today else 0

Nothing but what this file reads can be said: no calls but the listed functions, no attributes but
columns, no loops.
"""

import re
from dataclasses import dataclass

MAX_CHARS = 500
MAX_DEPTH = 24
MAX_NODES = 150

AGGREGATES = ("count", "exists", "sum", "min", "max", "avg")

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<text>'[^']*'|\"[^\"]*\")|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<op><=|>=|==|!=|[-+*/%<>().,:\[\]]))"
)
_COMPARE = ("==", "!=", "<", "<=", ">", ">=", "in")
_CONSTANTS = {"true": True, "false": False, "null": None}
_RESERVED = frozenset(
    {"and", "or", "not", "in", "where", "if", "else", "true", "false", "null", "today", "now"}
) | frozenset(AGGREGATES)


class ExpressionError(ValueError):
    """What is wrong with an expression, and where."""


@dataclass(frozen=True)
class Literal:
    value: str | int | float | bool | None


@dataclass(frozen=True)
class Path:
    """`root.steps[0].steps[1]`; a bare name has no steps."""

    root: str
    steps: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ".".join((self.root, *self.steps))


@dataclass(frozen=True)
class Unary:
    op: str
    of: "Node"


@dataclass(frozen=True)
class Binary:
    op: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True)
class Choice:
    test: "Node"
    yes: "Node"
    no: "Node"


@dataclass(frozen=True)
class Call:
    name: str
    args: tuple["Node", ...]


@dataclass(frozen=True)
class Items:
    items: tuple["Node", ...]


@dataclass(frozen=True)
class Aggregate:
    """Over the rows of `table`, each called `alias`, that satisfy `where`."""

    op: str
    table: str
    alias: str
    value: "Node | None"
    where: "Node | None"


Node = Literal | Path | Unary | Binary | Choice | Call | Items | Aggregate


def is_reserved(name: str) -> bool:
    return name in _RESERVED


def parse(text: str) -> Node:
    """The tree of `text`. Raises `ExpressionError`."""
    if not isinstance(text, str):
        raise ExpressionError(f"wants an expression as text, got {text!r}")
    if len(text) > MAX_CHARS:
        raise ExpressionError(f"is longer than {MAX_CHARS} characters")
    return _Parser(text).all()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(_tokens(text))
        self.at = 0
        self.depth = 0
        self.nodes = 0

    def all(self) -> Node:
        if not self.tokens:
            raise ExpressionError("is empty")
        node = self.choice()
        if self.at < len(self.tokens):
            raise self.wrong("an operator or the end")
        return node

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, *wanted: str) -> str:
        """The next token if it is one of `wanted`, else ''."""
        token = self.peek()
        if token and token in wanted and self.tokens[self.at][0] != "text":
            self.at += 1
            return token
        return ""

    def need(self, wanted: str) -> None:
        if not self.take(wanted):
            raise self.wrong(repr(wanted))

    def wrong(self, wanted: str) -> ExpressionError:
        if self.at >= len(self.tokens):
            return ExpressionError(f"wants {wanted} at the end of {self.text!r}")
        found, start = self.tokens[self.at][1], self.tokens[self.at][2]
        hint = "; write == to compare" if found == "=" else ""
        return ExpressionError(
            f"wants {wanted}, found {found!r} at column {start + 1} of {self.text!r}{hint}"
        )

    def enter(self) -> None:
        self.depth += 1
        self.nodes += 1
        if self.depth > MAX_DEPTH or self.nodes > MAX_NODES:
            raise ExpressionError(
                f"is nested deeper than {MAX_DEPTH} or has over {MAX_NODES} parts"
            )

    def choice(self) -> Node:
        self.enter()
        yes = self.disjunction()
        if self.take("if"):
            test = self.disjunction()
            self.need("else")
            yes = Choice(test, yes, self.choice())
        self.depth -= 1
        return yes

    def disjunction(self) -> Node:
        left = self.conjunction()
        while self.take("or"):
            self.nodes += 1
            left = Binary("or", left, self.conjunction())
        return left

    def conjunction(self) -> Node:
        left = self.negation()
        while self.take("and"):
            self.nodes += 1
            left = Binary("and", left, self.negation())
        return left

    def negation(self) -> Node:
        if self.take("not"):
            self.enter()
            node = Unary("not", self.negation())
            self.depth -= 1
            return node
        return self.comparison()

    def comparison(self) -> Node:
        left = self.addition()
        following = [token for _, token, _ in self.tokens[self.at : self.at + 2]]
        negated = following == ["not", "in"]
        self.at += negated
        op = self.take(*_COMPARE)
        if not op:
            return left
        self.nodes += 1
        made: Node = Binary(op, left, self.addition())
        if self.peek() in _COMPARE:
            raise self.wrong("'and' between two comparisons")
        return Unary("not", made) if negated else made

    def addition(self) -> Node:
        left = self.product()
        while op := self.take("+", "-"):
            self.nodes += 1
            left = Binary(op, left, self.product())
        return left

    def product(self) -> Node:
        left = self.signed()
        while op := self.take("*", "/", "%"):
            self.nodes += 1
            left = Binary(op, left, self.signed())
        return left

    def signed(self) -> Node:
        if self.take("-"):
            self.enter()
            node = Unary("-", self.signed())
            self.depth -= 1
            return node
        return self.atom()

    def atom(self) -> Node:
        self.enter()
        node = self._atom()
        self.depth -= 1
        return node

    def _atom(self) -> Node:
        if self.at >= len(self.tokens):
            raise self.wrong("a value")
        kind, token, _ = self.tokens[self.at]
        if kind == "op":
            return self._enclosed()
        if kind == "name" and token in ("and", "or", "in", "where", "if", "else"):
            raise self.wrong("a value")
        self.at += 1
        if kind == "number":
            return Literal(float(token) if "." in token else int(token))
        if kind == "text":
            return Literal(token[1:-1])
        if token in _CONSTANTS:
            return Literal(_CONSTANTS[token])
        return self._named(token)

    def _enclosed(self) -> Node:
        if self.take("["):
            return Items(self.sequence("]"))
        if not self.take("("):
            raise self.wrong("a value")
        node = self.choice()
        self.need(")")
        return node

    def _named(self, token: str) -> Node:
        """A call, an aggregate or a path that starts with `token`, which is taken."""
        if token in AGGREGATES and self.peek() == "(" and self._over_rows():
            return self.aggregate(token)
        if self.take("("):
            return Call(token, self.sequence(")"))
        steps: list[str] = []
        while self.take("."):
            if self.at >= len(self.tokens) or self.tokens[self.at][0] != "name":
                raise self.wrong("a column name")
            steps.append(self.tokens[self.at][1])
            self.at += 1
        return Path(token, tuple(steps))

    def _over_rows(self) -> bool:
        """True for `min(loan x: ...)`, False for `min(a, b)`."""
        following = [token for _, token, _ in self.tokens[self.at + 2 : self.at + 4]]
        return bool(following) and following[-1] not in (",", ".", "+", "-", "*", "/", "(")

    def sequence(self, end: str) -> tuple[Node, ...]:
        items: list[Node] = []
        while not self.take(end):
            if items:
                self.need(",")
            items.append(self.choice())
        return tuple(items)

    def aggregate(self, op: str) -> Node:
        self.need("(")
        names: list[str] = []
        while self.tokens[self.at : self.at + 1] and self.tokens[self.at][0] == "name":
            if self.peek() == "where" or len(names) == 2:
                break
            names.append(self.tokens[self.at][1])
            self.at += 1
        if not names:
            raise self.wrong(f"a table, as in {op}(loan x where x.member == member)")
        value = self.choice() if self.take(":") else None
        where = self.choice() if self.take("where") else None
        self.need(")")
        return Aggregate(op, names[0], names[-1], value, where)


def _tokens(text: str) -> list[tuple[str, str, int]]:
    """(kind, token, column) of each token."""
    found: list[tuple[str, str, int]] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if not match or match.lastgroup is None:
            start = at + len(text[at:]) - len(text[at:].lstrip())
            hint = "; write == to compare" if text[start] == "=" else ""
            raise ExpressionError(
                f"cannot read {text[start]!r} at column {start + 1} of {text!r}{hint}"
            )
        found.append((match.lastgroup, match[match.lastgroup], match.start(match.lastgroup)))
        at = match.end()
    return found
