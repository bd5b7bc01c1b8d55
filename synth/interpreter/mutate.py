"""Near misses of a pipeline: what a careless analyst would compute instead."""

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from itertools import islice
from typing import Any, NamedTuple

from synth.interpreter.algebra import (
    Add,
    Agg,
    All,
    Bin,
    Cmp,
    Col,
    Expr,
    Fill,
    Fit,
    Fn,
    Group,
    In,
    Keep,
    Known,
    Lit,
    Over,
    Pipeline,
    Pred,
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
        case Group(by, aggs):
            for number, agg in enumerate(aggs):
                for other in _aggs(agg):
                    label = f"{agg.fn} -> {other.fn} {other.digits or ''}".strip()
                    yield label, Group(by, (*aggs[:number], other, *aggs[number + 1 :]))
        case Over():
            yield from _windows(step)
        case Add(name, value):
            for label, expression in _values(value):
                yield label, Add(name, expression)
        case _:
            yield from _changed_rows(step)


def _changed_rows(step: Step) -> Iterator[tuple[str, Step]]:
    match step:
        case Top(k, by, desc):
            yield "other end", Top(k, by, not desc)
            if k > 1:
                yield "one too few", Top(k - 1, by, desc)
            yield "one too many", Top(k + 1, by, desc)
        case Fill(column, by):
            yield "filled by the mean", Fill(column, by, "mean")
        case Fit(name, y, x):
            yield "line the other way", Fit(name, x, y)


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


def _renamed(part: Any, old: str, new: str) -> Any:
    """A pipeline, or a part of one, with one column's name in place of another's."""
    if isinstance(part, tuple):
        return tuple(_renamed(one, old, new) for one in part)
    if isinstance(part, Lit):
        return part
    if isinstance(part, In):
        return replace(part, column=_renamed(part.column, old, new))
    if is_dataclass(part) and not isinstance(part, type):
        changed = {
            field.name: _renamed(getattr(part, field.name), old, new)
            for field in fields(part)
            if field.name not in ("op", "fn", "file")
        }
        return replace(part, **changed)
    return new if part == old else part
