"""Expressions of the algebra as a thought writes them: column names, signs, nothing of pandas."""

from datetime import date

from synth.interpreter.algebra import All, Bin, Cmp, Col, Expr, Fn, In, Known, Lit, Pred


def formula(value: Expr | Pred) -> str:
    """`(price - before) / before * 100`, `cut is Ideal`, `abs(a - b)`."""
    match value:
        case Col(name):
            return name
        case Lit(date() as day):
            return day.isoformat()
        case Lit(plain):
            return f"{plain:.10g}" if isinstance(plain, float) else str(plain)
        case Bin(op, left, right):
            return f"{_within(op, left, False)} {op} {_within(op, right, True)}"
        case Fn("flag", (test,)):
            return f"({formula(test)})"
        case Fn(name, args):
            return f"{name}({', '.join(map(formula, args))})"
        case _:
            return _test(value)


def _test(test: Pred) -> str:
    match test:
        case Cmp(op, left, right):
            return f"{formula(left)} {op} {formula(right)}"
        case In(name, values):
            return f"{name} in {list(values)}" if len(values) > 1 else f"{name} = {values[0]!r}"
        case Known(names):
            return f"{', '.join(names)} known"
        case All(parts):
            return " & ".join(map(formula, parts))


_BINDS = {"+": 1, "-": 1, "*": 2, "/": 2}


def _within(op: str, value: Expr | Pred, right: bool) -> str:
    """An operand, in brackets where it binds less than `op`."""
    text = formula(value)
    if not isinstance(value, Bin):
        return text
    loose = _BINDS[value.op] < _BINDS[op] or (right and _BINDS[value.op] == _BINDS[op])
    return f"({text})" if loose else text
