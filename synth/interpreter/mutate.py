"""Near misses of a pipeline: what a careless analyst would compute instead."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

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
    Fit,
    Fn,
    Group,
    Join,
    Keep,
    Known,
    Lit,
    Over,
    Pipeline,
    Pred,
    Rows,
    Stat,
    Step,
    Top,
)


class Mutant(NamedTuple):
    label: str
    pipeline: Pipeline


_OTHER_FN = {
    "mean": ("median", "sum"),
    "median": ("mean",),
    "sum": ("mean",),
    "max": ("min", "mean"),
    "min": ("max",),
    "count": ("distinct",),
    "range": ("max",),
    "corr": ("slope",),
    "slope": ("corr",),
}
_OTHER_OP = {">=": ">", ">": ">=", "<=": "<", "<": "<="}


def mutants(pipeline: Pipeline, measures: Sequence[str], groups: Sequence[str]) -> list[Mutant]:
    """All near misses, plain ones first; `measures` and `groups` are columns to confuse."""
    out = [*_steps(pipeline), *_final(pipeline)]
    out += islice(_swapped(pipeline, measures, "column"), 4)
    out += islice(_swapped(pipeline, groups, "key"), 2)
    return out


def dropped(pipeline: Pipeline) -> list[Mutant]:
    """The pipeline without each condition on its rows: every one has to matter."""
    found = []
    for number, step in enumerate(pipeline.steps):
        if isinstance(step, Keep) and not isinstance(step.where, Known):
            found.append(Mutant(f"without {_said(step.where)}", _without(pipeline, number)))
            if isinstance(step.where, All):
                for part in step.where.parts:
                    rest = tuple(other for other in step.where.parts if other is not part)
                    kept = Keep(rest[0] if len(rest) == 1 else All(rest))
                    found.append(Mutant(f"without {_said(part)}", _with(pipeline, number, kept)))
    return found


def _said(test: Pred) -> str:
    match test:
        case Cmp(op, Col(name), Lit(value)):
            return f"{name} {op} {value}"
        case _:
            return type(test).__name__.lower()


def _with(pipeline: Pipeline, number: int, step: Step) -> Pipeline:
    steps = pipeline.steps
    return replace(pipeline, steps=(*steps[:number], step, *steps[number + 1 :]))


def _without(pipeline: Pipeline, number: int) -> Pipeline:
    steps = pipeline.steps
    return replace(pipeline, steps=(*steps[:number], *steps[number + 1 :]))


def _steps(pipeline: Pipeline) -> Iterator[Mutant]:
    for number, step in enumerate(pipeline.steps):
        for label, changed in _changed(step):
            yield Mutant(label, _with(pipeline, number, changed))


def _changed(step: Step) -> Iterator[tuple[str, Step]]:
    match step:
        case Keep(where):
            for label, test in _tests(where):
                yield label, Keep(test)
        case Top(k, by, desc):
            yield "other end", Top(k, by, not desc)
            if k > 1:
                yield "one too few", Top(k - 1, by, desc)
            yield "one too many", Top(k + 1, by, desc)
        case Group(by, aggs):
            for number, agg in enumerate(aggs):
                for other in _aggs(agg):
                    label = f"{agg.fn} -> {other.fn} {other.digits or ''}".strip()
                    yield label, Group(by, (*aggs[:number], other, *aggs[number + 1 :]))
        case Over():
            yield from _windows(step)
        case Fill(column, by, fn):
            yield "filled by the mean", Fill(column, by, "mean")
        case Fit(name, y, x):
            yield "line the other way", Fit(name, x, y)
        case Add(name, value):
            for label, other in _values(value):
                yield label, Add(name, other)


def _tests(test: Pred) -> Iterator[tuple[str, Pred]]:
    match test:
        case Cmp(op, left, right) if op in _OTHER_OP:
            yield f"{op} -> {_OTHER_OP[op]}", Cmp(_OTHER_OP[op], left, right)
            flipped = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}[op]
            yield "the others", Cmp(flipped, left, right)
        case All(parts):
            for number, part in enumerate(parts):
                for label, other in _tests(part):
                    yield label, All((*parts[:number], other, *parts[number + 1 :]))


def _aggs(agg: Agg) -> Iterator[Agg]:
    for fn in _OTHER_FN.get(agg.fn, ()):
        if fn != "distinct" or agg.column:
            yield replace(agg, fn=fn)
    if agg.fn == "std":
        yield replace(agg, ddof=0)
    if agg.fn == "quantile":
        yield replace(agg, q=1 - agg.q)
    if agg.fn in ("mean", "median", "sum"):
        yield replace(agg, digits=0)


def _windows(step: Over) -> Iterator[tuple[str, Step]]:
    if step.by and step.fn != "distinct":
        yield f"{step.fn} over everything", replace(step, by=())
    if step.fn in ("previous", "rolling"):
        yield "one step off", replace(step, n=step.n + 1)
    if step.fn == "rank":
        yield "ranked the other way", replace(step, desc=not step.desc)
    if step.fn == "std":
        yield "population deviation", replace(step, ddof=0)
    if step.fn == "quantile":
        yield "other quantile", replace(step, q=1 - step.q)
    for fn in _OTHER_FN.get(step.fn, ()):
        if fn != "distinct":
            yield f"{step.fn} -> {fn}", replace(step, fn=fn)


def _values(value: Expr) -> Iterator[tuple[str, Expr]]:
    match value:
        case Bin(op, left, right) if op in "/-":
            yield "the other way round", Bin(op, right, left)
        case Fn("abs", (inner,)) if isinstance(inner, Bin):
            yield "signed", inner
        case Bin("*", Col() as column, Lit()):
            yield "not converted", column
        case Bin("*", inner, Lit(100)) if not isinstance(inner, Lit):
            yield "as a fraction", inner


def _final(pipeline: Pipeline) -> Iterator[Mutant]:
    final = pipeline.final
    if isinstance(final, Stat):
        for fn in _OTHER_FN.get(final.fn, ()):
            if fn != "distinct":
                yield Mutant(f"{final.fn} -> {fn}", replace(pipeline, final=replace(final, fn=fn)))
        if final.fn == "std":
            yield Mutant("ddof 0", replace(pipeline, final=replace(final, ddof=0)))
        if final.fn == "quantile":
            other = replace(final, q=1 - final.q)
            yield Mutant("other quantile", replace(pipeline, final=other))
            near = replace(final, q=min(0.99, final.q + 0.05))
            yield Mutant("near quantile", replace(pipeline, final=near))
        if final.fn == "ratio":
            other = replace(final, column=final.other, other=final.column)
            yield Mutant("upside down", replace(pipeline, final=other))
            yield Mutant("without weights", replace(pipeline, final=Stat("mean", final.column)))
        if final.fn == "coef":
            other = replace(final, column=final.other, other=final.column)
            yield Mutant("the other coefficient", replace(pipeline, final=other))
            simple = Stat("slope", final.column, final.other2)
            yield Mutant("one factor only", replace(pipeline, final=simple))
        if final.fn == "slope":
            other = replace(final, column=final.other, other=final.column)
            yield Mutant("line the other way", replace(pipeline, final=other))


def _swapped(pipeline: Pipeline, columns: Sequence[str], what: str) -> Iterator[Mutant]:
    """Every use of one column replaced by another column of its sort."""
    text_of = repr(pipeline)
    used = [name for name in columns if f"'{name}'" in text_of]
    free = [name for name in columns if name not in used]
    for name in used:
        for other in free[:1]:
            yield Mutant(f"{what} {other} for {name}", _renamed(pipeline, name, other))
    if what == "column" and len(used) >= 2:
        first, second = used[:2]
        away = _renamed(pipeline, first, "\x00")
        swapped = _renamed(_renamed(away, second, first), "\x00", second)
        if swapped != pipeline:
            yield Mutant(f"{first} and {second} exchanged", swapped)


def _renamed(pipeline: Pipeline, old: str, new: str) -> Pipeline:
    def text(name: str) -> str:
        return new if name == old else name

    def names(many: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(text, many))

    def value(expr: Expr | Pred) -> Expr | Pred:
        match expr:
            case Col(name):
                return Col(text(name))
            case Bin(op, left, right):
                return Bin(op, value(left), value(right))  # type: ignore[arg-type]
            case Fn(fn, args):
                return Fn(fn, tuple(map(value, args)))
            case Cmp(op, left, right):
                return Cmp(op, value(left), value(right))  # type: ignore[arg-type]
            case Known(columns):
                return Known(names(columns))
            case All(parts):
                return All(tuple(map(value, parts)))  # type: ignore[arg-type]
            case _:
                return expr

    def step(one: Step) -> Step:
        match one:
            case Keep(where):
                return Keep(value(where))  # type: ignore[arg-type]
            case Add(name, expr):
                return Add(name, value(expr))  # type: ignore[arg-type]
            case Group(by, aggs):
                renamed = (replace(a, column=text(a.column), other=text(a.other)) for a in aggs)
                return Group(names(by), tuple(renamed))
            case Over():
                return replace(
                    one, column=text(one.column), by=names(one.by), order=names(one.order)
                )
            case Fill(column, by, fn):
                return Fill(text(column), names(by), fn)
            case Fit(name, y, x):
                return Fit(name, text(y), text(x))
            case Top(k, by, desc):
                return Top(k, text(by), desc)
            case Join(file, on):
                return Join(file, on)
            case _:
                return one

    final = pipeline.final
    match final:
        case Stat():
            final = replace(
                final,
                column=text(final.column),
                other=text(final.other),
                other2=text(final.other2),
            )
        case Cells(columns):
            final = Cells(names(columns))
        case Column(name, ordered):
            final = Column(text(name), ordered)
        case Rows(columns):
            final = Rows(names(columns))
    return Pipeline(pipeline.file, tuple(map(step, pipeline.steps)), final)
