"""What the steps of a computation do, in words of both languages: the thought before the code."""

from collections.abc import Sequence

from data.task import Language
from synth.interpreter.algebra import (
    Add,
    Agg,
    Cells,
    Column,
    Fill,
    Final,
    Fit,
    Group,
    Join,
    Keep,
    Known,
    Over,
    Rows,
    Sort,
    Spread,
    Stat,
    Step,
    Top,
)
from synth.interpreter.telling.formula import formula

_STATISTIC = {
    "count": ("the number of rows", "行数"),
    "sum": ("the sum of {x}", "{x} 的总和"),
    "mean": ("the mean of {x}", "{x} 的平均值"),
    "median": ("the median of {x}", "{x} 的中位数"),
    "min": ("the smallest {x}", "{x} 的最小值"),
    "max": ("the largest {x}", "{x} 的最大值"),
    "std": ("the sample standard deviation of {x}", "{x} 的样本标准差"),
    "quantile": ("the {q:g} quantile of {x}", "{x} 的 {q:g} 分位数"),
    "distinct": ("the number of different {x}", "{x} 的不同值个数"),
    "range": ("the largest {x} minus the smallest", "{x} 的最大值减最小值"),
    "ratio": ("the sum of {x} divided by the sum of {y}", "{x} 的总和除以 {y} 的总和"),
    "corr": ("Pearson's correlation of {x} and {y}", "{x} 与 {y} 的皮尔逊相关系数"),
    "slope": ("the slope of the line that predicts {y} from {x}", "由 {x} 预测 {y} 的直线斜率"),
    "coef": (
        "the coefficient of {x} when {z} is regressed on 1, {x} and {y}",
        "以 1、{x}、{y} 解释 {z} 的回归中 {x} 的系数",
    ),
    "rank": ("the rank of {x}", "{x} 的名次"),
    "previous": ("{x} of the record before", "前一条记录的 {x}"),
    "running": ("the running sum of {x}", "{x} 的累计和"),
    "rolling": ("the mean of {x} over {n} records", "{n} 条记录的 {x} 平均值"),
}


def statistic(
    fn: str, language: Language, x: str, y: str = "", z: str = "", q: float = 0.5, n: int = 1
) -> str:
    return say(_STATISTIC[fn], language).format(x=x, y=y, z=z, q=q, n=n)


def step_words(step: Step, language: Language) -> str:
    """One step, as a clause without an end."""
    match step:
        case Keep(Known(names)):
            return _of("known", language, names=_either(names, language))
        case Keep(where):
            return _of("keep", language, test=formula(where))
        case Add(name, value):
            return _of("add", language, name=name, value=formula(value))
        case Join(file, on):
            return _of("join", language, file=file, on=on)
        case Group():
            return _group(step, language)
        case Over():
            return _over(step, language)
        case _:
            return _row_step(step, language)


def _row_step(step: Step, language: Language) -> str:
    match step:
        case Fill(name, by, fn):
            known = statistic(fn, language, name)
            return _of("fill", language, name=name, value=known, by=listed(by, language))
        case Spread():
            slots = {"a": step.first, "b": step.second, "by": step.labels, "key": step.key}
            return _of("spread", language, x=step.values, **slots)
        case Fit(name, y, x):
            return _of("fit", language, name=name, y=y, x=x)
        case Top(k, by, desc):
            word = ("highest", "最高") if desc else ("lowest", "最低")
            return _of("top" if k > 1 else "first", language, k=k, by=by, way=say(word, language))
        case Sort(by, desc):
            word = ("highest", "从高到低") if desc else ("lowest", "从低到高")
            return _of("sort", language, by=by, way=say(word, language))
    raise AssertionError(step)


def final_words(final: Final, language: Language) -> str:
    match final:
        case Stat(fn, x, y, z, q):
            return statistic(fn, language, x, y, z, q)
        case Cells(names):
            return _of("cells", language, names=listed(names, language))
        case Column(name, _):
            return _of("column", language, names=name)
        case Rows(names):
            return _of("rows", language, names=listed(names, language))


def _group(step: Group, language: Language) -> str:
    aggs = [f"{agg.name} = {_agg(agg, language)}" for agg in step.aggs]
    return _of("group", language, by=listed(step.by, language), aggs=listed(aggs, language))


def _agg(agg: Agg, language: Language) -> str:
    return statistic(agg.fn, language, agg.column, agg.other, q=agg.q)


def _over(step: Over, language: Language) -> str:
    value = statistic(step.fn, language, step.column, q=step.q, n=step.n)
    text = f"{step.name} = {value}"
    if step.fn == "rank":
        text += _of("ranked_down" if step.desc else "ranked_up", language)
    if step.by:
        text += _of("within", language, by=listed(step.by, language))
    if step.order:
        text += _of("ordered", language, by=listed(step.order, language))
    return text


_CLAUSES = {
    "known": ("leave out rows where {names} is missing", "去掉 {names} 缺失的行"),
    "keep": ("keep the rows with {test}", "保留 {test} 的行"),
    "add": ("{name} = {value}", "{name} = {value}"),
    "join": ("bring in {file} by {on}", "按 {on} 并入 {file}"),
    "group": ("for each {by}: {aggs}", "按 {by} 分组：{aggs}"),
    "fill": (
        "fill missing {name} with {value} of the same {by}",
        "用同一 {by} 的{value}填补 {name}",
    ),
    "spread": (
        "put {x} of {by} {a} (first) and {b} (second) side by side for each {key}",
        "对每个 {key}，把 {by} 为 {a}（first）和 {b}（second）的 {x} 并列",
    ),
    "fit": ("{name} = least-squares line of {y} over {x}", "{name} = {y} 对 {x} 的最小二乘直线"),
    "top": ("take the {k} rows with the {way} {by}", "取 {by} {way}的 {k} 行"),
    "first": ("take the row with the {way} {by}", "取 {by} {way}的一行"),
    "sort": ("sort by {by}, {way} first", "按 {by} {way}排序"),
    "cells": ("give {names} of that row", "给出这一行的 {names}"),
    "column": ("list {names}", "列出 {names}"),
    "rows": ("list the rows of {names}", "列出各行的 {names}"),
    "within": (" in each {by}", "（在同一 {by} 内）"),
    "ordered": (", in order of {by}", "，按 {by} 排序"),
    "ranked_down": (", highest first", "（从高到低）"),
    "ranked_up": (", lowest first", "（从低到高）"),
}


def _of(clause: str, language: Language, **slots: object) -> str:
    return say(_CLAUSES[clause], language).format(**slots)


def say(pair: tuple[str, str], language: Language) -> str:
    return pair[0] if language is Language.EN else pair[1]


def _either(names: Sequence[str], language: Language) -> str:
    return (" or " if language is Language.EN else " 或 ").join(names)


def listed(names: Sequence[str], language: Language) -> str:
    if language is Language.ZH:
        return "、".join(names)
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
