"""Errors of a domain file, collected by their path in it."""

import re
from collections.abc import Mapping

from envs.general.arithmetic import Sort
from envs.general.expr import Columns, Expr, compile_expr
from envs.general.syntax import ExpressionError

_UNIT = re.compile(r"tables\.\w+\.(?:fields\.\w+|valid\.\d+)|actions\.\w+\.require\.\d+|\w+\.\w+")


class Problems:
    def __init__(self) -> None:
        self.said: dict[str, str] = {}
        """Path to what is wrong there, in the order found."""

    def add(self, path: str, problem: object) -> None:
        self.said.setdefault(path, str(problem))

    def lines(self) -> list[str]:
        return [f"{path}: {said}" for path, said in self.said.items()]

    def units(self) -> frozenset[str]:
        """The smallest entries that hold all problems: what is lost if they cannot be."""
        return frozenset(match[0] for path in self.said if (match := _UNIT.match(path)))

    def expr(
        self,
        path: str,
        text: object,
        sorts: Columns,
        scope: Mapping[str, Sort],
        expected: Sort | None = None,
    ) -> Expr | None:
        """The checked expression; None if it is wrong, which is noted."""
        try:
            return compile_expr(str(text), sorts, scope, expected)
        except ExpressionError as error:
            self.add(path, error)
            return None
