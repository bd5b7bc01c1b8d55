"""A pipeline as a pandas program: the first engine, and the witness that is run in a kernel."""

from dataclasses import replace
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

_SYMBOL = {"=": "==", "!=": "!="}
_PLAIN_AGG = {"sum", "mean", "median", "min", "max"}


def program(pipeline: Pipeline) -> str:
    """Statements that take the frame `t` (and `files` for joins) to `answer`."""
    lines = [line for step in pipeline.steps for line in step_code(step)]
    return "\n".join([*lines, *final_code(pipeline.final)])


def column(name: str) -> str:
    return f"t[{name!r}]"


def expression(value: "Expr | Pred") -> str:
    match value:
        case Col(name):
            return column(name)
        case Lit(date() as day):
            return f"pd.Timestamp({day.isoformat()!r})"
        case Lit(plain):
            return repr(plain)
        case Bin(op, left, right):
            return f"({expression(left)} {op} {expression(right)})"
        case Fn(name, args):
            return _function(name, args)
        case _:
            return _test(value)


def _function(name: str, args: tuple["Expr | Pred", ...]) -> str:
    first = expression(args[0])
    match name:
        case "year" | "month":
            return f"{first}.dt.{name}"
        case "weekday":
            return f"({first}.dt.day_of_week + 1)"
        case "days":
            return f"({first} - {expression(args[1])}).dt.days"
        case "flag":
            return f"{first}.astype(int)"
        case "ln":
            return f"np.log({first})"
        case _:
            return f"np.{name}({first})"


def _test(test: Pred) -> str:
    match test:
        case Cmp(op, left, right):
            return f"({expression(left)} {_SYMBOL.get(op, op)} {expression(right)})"
        case In(name, values):
            return f"{column(name)}.isin({list(values)!r})"
        case Known(names):
            return f"t[{list(names)!r}].notna().all(axis=1)"
        case All(parts):
            return "(" + " & ".join(_test(part) for part in parts) + ")"


def step_code(step: Step) -> list[str]:
    match step:
        case Keep(where):
            return [f"t = t[{_test(where)}].copy()"]
        case Add(name, value):
            return [f"t[{name!r}] = {expression(value)}"]
        case Join(file, on):
            return [f"t = t.merge(files[{file!r}], on={on!r}, how='inner')"]
        case Group():
            return _group(step)
        case Over():
            return _over(step)
        case _:
            return _row_step(step)


def _row_step(step: Step) -> list[str]:
    match step:
        case Fill(name, by, fn):
            known = f"t.groupby({list(by)!r})[{name!r}].transform({fn!r})"
            return [f"t[{name!r}] = t[{name!r}].fillna({known})"]
        case Spread():
            return _spread(step)
        case Fit(name, y, x):
            return [
                f"slope, intercept = np.polyfit(t[{x!r}], t[{y!r}], 1)",
                f"t[{name!r}] = intercept + slope * t[{x!r}]",
            ]
        case Top(k, by, desc):
            order = f"t.sort_values({by!r}, ascending={not desc}, kind='stable')"
            return [f"t = {order}.head({k})"]
        case Sort(by, desc):
            return [f"t = t.sort_values({by!r}, ascending={not desc}, kind='stable')"]
    raise AssertionError(step)


def _group(step: Group) -> list[str]:
    parts = []
    paired = []
    for agg in step.aggs:
        if agg.other:
            paired.append(agg)
        else:
            parts.append(f"{agg.name}=({agg.column or step.by[0]!r}, {_aggregator(agg)})")
    lines = [f"g = t.groupby({list(step.by)!r}, sort=True)"]
    lines.append(f"s = g.agg({', '.join(parts)})" if parts else "s = g.size().to_frame('rows')")
    for agg in paired:
        formula = _paired(agg.fn, "d", agg.column, agg.other)
        lines.append(f"s[{agg.name!r}] = g[{[agg.column, agg.other]!r}].apply(lambda d: {formula})")
    return [*lines, "t = s.reset_index()"]


def _aggregator(agg: Agg) -> str:
    match agg.fn:
        case "count":
            text = "'size'"
        case "distinct":
            text = "'nunique'"
        case "std":
            text = "'std'" if agg.ddof == 1 else "lambda c: c.std(ddof=0)"
        case "quantile":
            text = f"lambda c: c.quantile({agg.q})"
        case _:
            text = repr(agg.fn)
    if agg.digits is None:
        return text
    fn = "c.size" if agg.fn == "count" else f"c.{agg.fn}()"
    return f"lambda c: round({fn}, {agg.digits})"


def _paired(fn: str, frame: str, x: str, y: str) -> str:
    if fn == "corr":
        return f"{frame}[{x!r}].corr({frame}[{y!r}])"
    return f"{frame}[{x!r}].cov({frame}[{y!r}]) / {frame}[{x!r}].var()"


def _over(step: Over) -> list[str]:
    target = f"t[{step.name!r}]"
    grouped = f"t.groupby({list(step.by)!r})[{step.column!r}]" if step.by else ""
    lines = []
    if step.order:
        lines.append(f"t = t.sort_values({[*step.by, *step.order]!r}, kind='stable')")
    cells = grouped or column(step.column)
    match step.fn:
        case "rank":
            text = f"{cells}.rank(method='min', ascending={not step.desc})"
        case "previous":
            text = f"{cells}.shift({step.n})"
        case "running":
            text = f"{cells}.cumsum()"
        case "rolling" if grouped:
            text = f"{grouped}.transform(lambda c: c.rolling({step.n}).mean())"
        case "rolling":
            text = f"{cells}.rolling({step.n}).mean()"
        case _:
            agg = Agg("", step.fn, step.column, q=step.q, ddof=step.ddof)
            text = f"{grouped}.transform({_aggregator(agg)})" if grouped else _whole(agg)
    return [*lines, f"{target} = {text}"]


def _whole(agg: Agg) -> str:
    cells = column(agg.column)
    match agg.fn:
        case "count":
            return "len(t)"
        case "distinct":
            return f"{cells}.nunique()"
        case "std":
            return f"{cells}.std(ddof={agg.ddof})"
        case "quantile":
            return f"{cells}.quantile({agg.q})"
        case _:
            return f"{cells}.{agg.fn}()"


def _spread(step: Spread) -> list[str]:
    both = [step.first, step.second]
    return [
        f"t = t[t[{step.labels!r}].isin({both!r})]",
        f"t = t.pivot(index={step.key!r}, columns={step.labels!r}, values={step.values!r})",
        f"t = t.reindex(columns={both!r}).dropna()",
        "t.columns = ['first', 'second']",
        "t = t.reset_index()",
    ]


def final_code(final: Final) -> list[str]:
    match final:
        case Stat():
            return _stat(final)
        case Cells(names):
            if len(names) == 1:
                return [f"answer = t[{names[0]!r}].iloc[0]"]
            return [f"answer = t[{list(names)!r}].iloc[0].tolist()"]
        case Column(name, ordered):
            values = f"t[{name!r}].tolist()"
            return [f"answer = {values if ordered else f'sorted({values})'}"]
        case Rows(names):
            return [f"answer = t[{list(names)!r}].values.tolist()"]


def _stat(final: Stat) -> list[str]:
    x, y = final.column, final.other
    match final.fn:
        case "range":
            text = f"t[{x!r}].max() - t[{x!r}].min()"
        case "ratio":
            text = f"t[{x!r}].sum() / t[{y!r}].sum()"
        case "corr" | "slope":
            text = _paired(final.fn, "t", x, y)
        case "coef":
            return [
                f"design = np.column_stack([np.ones(len(t)), t[{x!r}], t[{y!r}]]).astype(float)",
                f"target = t[{final.other2!r}].to_numpy(float)",
                "answer = np.linalg.lstsq(design, target, rcond=None)[0][1]",
            ]
        case _:
            text = _whole(Agg("", final.fn, x, q=final.q, ddof=final.ddof))
    return [f"answer = {text}"]


def lowered(pipeline: Pipeline, columns: tuple[str, ...]) -> Pipeline:
    """The pipeline for a table in which the texts of `columns` are in lower case."""
    if not columns:
        return pipeline

    def pred(test: Pred) -> Pred:
        match test:
            case In(name, values) if name in columns:
                return In(name, tuple(str(value).lower() for value in values))
            case All(parts):
                return All(tuple(map(pred, parts)))
            case _:
                return test

    def step(one: Step) -> Step:
        match one:
            case Keep(where):
                return Keep(pred(where))
            case Add(name, Fn(fn, (In() | All() as test,))):
                return Add(name, Fn(fn, (pred(test),)))
            case Spread(labels=name) if name in columns:
                low = (str(one.first).lower(), str(one.second).lower())
                return replace(one, first=low[0], second=low[1])
            case _:
                return one

    return replace(pipeline, steps=tuple(map(step, pipeline.steps)))
