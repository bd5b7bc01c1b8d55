"""A pipeline as one DuckDB query over the clean tables: the second engine.

Ties are broken by row number from the end, against the first engine's order from the start, so a
question whose answer hangs on a tie makes the engines disagree.
"""

from datetime import date

from synth.interpreter.algebra import (
    Add,
    Agg,
    All,
    Bin,
    Cells,
    Cmp,
    Col,
    Column,
    Expr,
    Fill,
    Final,
    Fit,
    Fn,
    Group,
    In,
    Join,
    Keep,
    Known,
    Lit,
    Over,
    Pipeline,
    Pred,
    Rows,
    Sort,
    Spread,
    Stat,
    Step,
    Top,
)

ROW = "_row"


def query(pipeline: Pipeline) -> str:
    """A query over tables named as the files are; each has a column `_row`."""
    steps = [f"s0 as (select * from {name(pipeline.file)})"]
    for number, step in enumerate(pipeline.steps, start=1):
        steps.append(f"s{number} as ({_step(step, f's{number - 1}')})")
    chain = ",\n".join(steps)
    return f"with {chain}\n{_final(pipeline.final, f's{len(pipeline.steps)}')}"


def name(plain: str) -> str:
    return '"' + plain.replace('"', '""') + '"'


def names(plain: tuple[str, ...]) -> str:
    return ", ".join(map(name, plain))


def literal(value: int | float | str | date) -> str:
    match value:
        case date():
            return f"date '{value.isoformat()}'"
        case str():
            return "'" + value.replace("'", "''") + "'"
        case float():
            return f"cast({value!r} as double)"
        case _:
            return repr(value)


def expression(value: "Expr | Pred") -> str:
    match value:
        case Col(column):
            return name(column)
        case Lit(plain):
            return literal(plain)
        case Bin(op, left, right):
            return f"(({expression(left)}) {op} ({expression(right)}))"
        case Fn(function, args):
            return _function(function, [expression(arg) for arg in args])
        case Cmp(op, left, right):
            return f"({expression(left)} {'<>' if op == '!=' else op} {expression(right)})"
        case In(column, values):
            return f"{name(column)} in ({', '.join(map(literal, values))})"
        case Known(columns):
            return "(" + " and ".join(f"{name(c)} is not null" for c in columns) + ")"
        case All(parts):
            return "(" + " and ".join(map(expression, parts)) + ")"


def _function(function: str, args: list[str]) -> str:
    match function:
        case "weekday":
            return f"isodow({args[0]})"
        case "days":
            return f"date_diff('day', {args[1]}, {args[0]})"
        case "flag":
            return f"case when {args[0]} then 1 else 0 end"
        case _:
            return f"{function}({args[0]})"


def _step(step: Step, source: str) -> str:
    match step:
        case Keep(where):
            return f"select * from {source} where {expression(where)}"
        case Add(new, value):
            return _with(source, new, expression(value))
        case Join(file, on):
            other = f"(select * exclude ({ROW}) from {name(file)})"
            return f"select * from {source} join {other} using ({name(on)})"
        case Group(by, aggs):
            parts = [f"{_aggregate(agg)} as {name(agg.name)}" for agg in aggs]
            parts.append(f"min({ROW}) as {ROW}")
            return f"select {names(by)}, {', '.join(parts)} from {source} group by {names(by)}"
        case Over():
            return _over(step, source)
        case _:
            return _row_step(step, source)


def _row_step(step: Step, source: str) -> str:
    match step:
        case Fill(column, by, fn):
            filled = f"coalesce({name(column)}, {fn}({name(column)}) over ({_partition(by)}))"
            return f"select * replace ({filled} as {name(column)}) from {source}"
        case Spread():
            return _spread(step, source)
        case Fit(new, y, x):
            both = f"{name(y)}, {name(x)}"
            line = f"regr_intercept({both}) over () + regr_slope({both}) over () * {name(x)}"
            return _with(source, new, line)
        case Top(k, by, desc):
            return f"select * from {source} {_order(by, desc)} limit {k}"
        case Sort(by, desc):
            return f"select * from {source} {_order(by, desc)}"
    raise AssertionError(step)


def _with(source: str, new: str, value: str) -> str:
    return f"select *, {value} as {name(new)} from {source}"


def _order(by: str, desc: bool) -> str:
    return f"order by {name(by)} {'desc' if desc else 'asc'} nulls last, {ROW} desc"


def _partition(by: tuple[str, ...]) -> str:
    return f"partition by {names(by)}" if by else ""


def _aggregate(agg: Agg) -> str:
    x = name(agg.column) if agg.column else ""
    match agg.fn:
        case "count":
            text = "count(*)"
        case "distinct":
            text = f"count(distinct {x})"
        case "std":
            text = f"{'stddev_samp' if agg.ddof == 1 else 'stddev_pop'}({x})"
        case "quantile":
            text = f"quantile_cont({x}, {agg.q})"
        case "mean":
            text = f"avg({x})"
        case "corr":
            text = f"corr({name(agg.other)}, {x})"
        case "slope":
            text = f"regr_slope({name(agg.other)}, {x})"
        case _:
            text = f"{agg.fn}({x})"
    return text if agg.digits is None else f"round({text}, {agg.digits})"


def _over(step: Over, source: str) -> str:
    x = name(step.column)
    ordered = ", ".join([*map(name, step.order), f"{ROW} desc"])
    partition = _partition(step.by)
    frame = f"{partition} order by {ordered}"
    match step.fn:
        case "rank":
            direction = "desc" if step.desc else "asc"
            return _with(source, step.name, f"rank() over ({partition} order by {x} {direction})")
        case "previous":
            return _with(source, step.name, f"lag({x}, {step.n}) over ({frame})")
        case "running":
            rows = "rows between unbounded preceding and current row"
            return _with(source, step.name, f"sum({x}) over ({frame} {rows})")
        case "rolling":
            rows = f"rows between {step.n - 1} preceding and current row"
            window = f"({frame} {rows})"
            whole = f"count({x}) over {window} = {step.n}"
            return _with(source, step.name, f"case when {whole} then avg({x}) over {window} end")
        case _:
            agg = Agg("", step.fn, step.column, q=step.q, ddof=step.ddof)
            if step.fn == "distinct":
                keys = f"select {names(step.by)}, {_aggregate(agg)} as {name(step.name)}"
                groups = f"({keys} from {source} group by {names(step.by)})"
                return f"select * from {source} join {groups} using ({names(step.by)})"
            return _with(source, step.name, f"{_aggregate(agg)} over ({partition})")


def _spread(step: Spread, source: str) -> str:
    def under(label: str | int) -> str:
        return f"max(case when {name(step.labels)} = {literal(label)} then {name(step.values)} end)"

    first, second = under(step.first), under(step.second)
    return (
        f"select {name(step.key)}, {first} as first, {second} as second, min({ROW}) as {ROW} "
        f"from {source} group by {name(step.key)} "
        f"having {first} is not null and {second} is not null"
    )


def _final(final: Final, source: str) -> str:
    match final:
        case Stat():
            return f"select {_stat(final)} from {source}"
        case Cells(columns):
            return f"select {names(columns)} from {source} limit 1"
        case Column(column, ordered):
            order = "" if ordered else f" order by {name(column)}"
            return f"select {name(column)} from {source}{order}"
        case Rows(columns):
            return f"select {names(columns)} from {source}"


def _stat(final: Stat) -> str:
    x, y = name(final.column), name(final.other)
    match final.fn:
        case "range":
            return f"max({x}) - min({x})"
        case "ratio":
            return f"sum({x}) / sum({y})"
        case "coef":
            target = name(final.other2)
            top = (
                f"covar_samp({x}, {target}) * var_samp({y})"
                f" - covar_samp({y}, {target}) * covar_samp({x}, {y})"
            )
            return f"({top}) / (var_samp({x}) * var_samp({y}) - power(covar_samp({x}, {y}), 2))"
        case _:
            return _aggregate(Agg("", final.fn, final.column, final.other, final.q, final.ddof))
