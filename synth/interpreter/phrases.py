"""Grammar of data questions: rows with conditions, names of statistics, numbers, units."""

from datetime import date

from data.task import Language
from envs.interpreter.files.tables import Cell
from synth.interpreter.algebra import All, Cmp, Col, In, Lit, Pred
from synth.interpreter.catalogue import MEASURES, ColumnInfo, Role
from synth.interpreter.view import Measure, Unsuited, View

ROWS = "{ROWS}"
"""Stands in a question for its rows with all conditions."""
QUANTILES = (0.1, 0.25, 0.75, 0.9)


class Condition:
    """A test of rows and the words for it."""

    def __init__(self, test: Pred, words: str, column: str) -> None:
        self.test = test
        self.words = words
        self.column = column


def number(value: int | float) -> str:
    return str(value) if isinstance(value, int) else f"{value:g}"


def with_unit(value: int | float, unit: str, language: Language) -> str:
    if not unit:
        return number(value)
    if unit in ("percent", "%"):
        return f"{number(value)}%"
    return f"{number(value)} {unit}" if language is Language.EN else f"{number(value)}{unit}"


def in_unit(measure: Measure, language: Language) -> str:
    """The unit behind the name of a quantity, empty if it has none."""
    if not measure.unit or measure.unit.startswith("（"):
        return ""
    if language is Language.ZH:
        return f"（单位：{measure.unit}）"
    unit = measure.unit
    return f" ({unit})" if unit.startswith(("per ", "as ")) else f" (in {unit})"


def value_words(info: ColumnInfo, cell: Cell, language: Language) -> str:
    """A value as a question names it: its meaning where it is a code, else as it stands."""
    for code, meaning in info.codes:
        if code == str(cell):
            return meaning[language]
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def quoted(text: str, language: Language) -> str:
    return f"“{text}”" if language is Language.ZH else f'"{text}"'


def statistic(fn: str, measure: Measure, language: Language, q: float = 0.5) -> str:
    """Name of a statistic of a measure, with whatever fixes its meaning."""
    label = measure.label
    if language is Language.ZH:
        return {
            "mean": f"{label}的平均值",
            "median": f"{label}的中位数",
            "sum": f"{label}的总和",
            "max": f"{label}的最大值",
            "min": f"{label}的最小值",
            "std": f"{label}的样本标准差（除以 n−1）",
            "quantile": f"{label}的第{round(q * 100)}百分位数（线性插值）",
        }[fn]
    counted = measure.role is Role.CNT
    of = f"number of {label}" if counted else label
    return {
        "mean": f"mean {of}",
        "median": f"median {of}",
        "sum": f"total {of}",
        "max": f"largest {of}" if counted else f"highest {label}",
        "min": f"smallest {of}" if counted else f"lowest {label}",
        "std": f"sample standard deviation (n - 1) of the {of}",
        "quantile": f"{_ordinal(round(q * 100))} percentile (linear interpolation) of the {of}",
    }[fn]


def quantity(measure: Measure, language: Language) -> str:
    """The measure itself: `body mass`, `number of home runs`."""
    if language is Language.EN and measure.role is Role.CNT:
        return f"number of {measure.label}"
    return measure.label


def _ordinal(value: int) -> str:
    return f"{value}{'th' if 10 < value % 100 < 14 else {1: 'st', 2: 'nd', 3: 'rd'}.get(value % 10, 'th')}"


def article(word: str) -> str:
    return "an" if word[:1].lower() in "aeiou" and not word.startswith(("one", "uni")) else "a"


def rows(view: View, conditions: list[Condition]) -> str:
    """The rows that all conditions hold for, as a noun phrase."""
    noun = view.info.rows[view.language]
    words = [condition.words for condition in conditions]
    if not words:
        return noun
    if view.language is Language.ZH:
        return "、".join(words) + "的" + noun
    return f"{noun} {_joined(words)}"


def _joined(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def all_of(conditions: list[Condition]) -> Pred:
    tests = tuple(condition.test for condition in conditions)
    return tests[0] if len(tests) == 1 else All(tests)


def condition(view: View, low: float = 0.2, high: float = 0.8) -> Condition:
    """A condition on a column that the question does not use yet; keeps a fair share of rows."""
    makers = [_group_condition, _group_condition, _measure_condition, _time_condition]
    view.rng.shuffle(makers)
    for make in makers:
        try:
            return make(view, low, high)
        except Unsuited:
            continue
    raise Unsuited("condition")


def _group_condition(view: View, low: float, high: float) -> Condition:
    info = view.group(high=200, flags=True)
    cells = view.table.column(info.name)
    share = {cell: cells.count(cell) / len(cells) for cell in view.distinct(info.name)}
    single = [cell for cell, part in share.items() if low <= part <= high]
    if single:
        chosen = [view.rng.choice(single)]
    else:
        chosen = view.rng.sample(list(share), min(3, len(share)))
        if not low / 3 <= sum(share[cell] for cell in chosen) <= high:
            view.used.discard(info.name)
            raise Unsuited("share")
        chosen.sort(key=list(share).index)
    return Condition(
        In(info.name, tuple(c for c in chosen if isinstance(c, str | int))),
        group_words(view, info, chosen),
        info.name,
    )


def group_words(view: View, info: ColumnInfo, cells: list[Cell]) -> str:
    en = view.language is Language.EN
    texts = [value_words(info, cell, view.language) for cell in cells]
    if info.codes and all(map(_is_phrase, texts)):
        return _or(texts) if en else "或".join(texts)
    listed = (_or(texts) if en else "或".join(texts)) if info.phrase else ""
    if info.phrase:
        return info.phrase[view.language].format(listed)
    if {text.casefold() for text in texts} <= {"yes", "no"}:
        label = info.label[view.language]
        if en:
            return f'whose entry for "{label}" is {texts[0]}'
        return f"“{label}”一栏为{texts[0]}"
    quoted_texts = [quoted(text, view.language) for text in texts]
    if en:
        return f"whose {info.label.en} is {_or(quoted_texts)}"
    return f"{info.label.zh}为{'或'.join(quoted_texts)}"


def _is_phrase(meaning: str) -> bool:
    """Whether the meaning of a code qualifies a row by itself."""
    return meaning.startswith(("in ", "not in ", "with", "属于", "不属于", "有", "无"))


def _or(texts: list[str]) -> str:
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} or {texts[-1]}"


def _measure_condition(view: View, low: float, high: float) -> Condition:
    measure = view.measure(*MEASURES, Role.PLACE)
    try:
        return threshold(view, measure, low, high)
    except Unsuited:
        # Else rows in which it is missing would be left out of a question that does not name it.
        view.used.discard(measure.name)
        raise


def threshold(view: View, measure: Measure, low: float, high: float) -> Condition:
    """Above or below a round number that splits the rows fairly."""
    numbers = sorted(view.numbers(measure.raw))
    above = view.rng.random() < 0.6
    at = view.rng.uniform(low, high)
    value = _round(numbers[int(at * (len(numbers) - 1))])
    share = sum(n >= value for n in numbers) / len(numbers)
    if not 0.1 <= share <= 0.9:
        raise Unsuited("threshold")
    strict = view.rng.random() < 0.4
    op = (">" if strict else ">=") if above else ("<" if strict else "<=")
    return Condition(
        Cmp(op, Col(measure.raw), Lit(value)),
        threshold_words(view, measure, op, value),
        measure.raw,
    )


def threshold_words(view: View, measure: Measure, op: str, value: int | float) -> str:
    said = with_unit(value, measure.unit, view.language)
    if view.language is Language.ZH:
        word = {">": "高于", ">=": "不低于", "<": "低于", "<=": "不超过"}[op]
        if measure.role is Role.CNT:
            word = {">": "多于", ">=": "不少于", "<": "少于", "<=": "不超过"}[op]
        return f"{measure.label}{word}{said}"
    if measure.role is Role.CNT:
        word = {">": "more than", ">=": "at least", "<": "fewer than", "<=": "at most"}[op]
        return f"with {word} {said} {measure.label}"
    word = {">": "above", ">=": "of at least", "<": "below", "<=": "of at most"}[op]
    return f"with {article(measure.label)} {measure.label} {word} {said}"


def _round(value: float) -> int | float:
    rounded = float(f"{value:.2g}")
    return int(rounded) if rounded == int(rounded) else rounded


def _time_condition(view: View, low: float, high: float) -> Condition:
    role = view.rng.choice((Role.YEAR, Role.DATE))
    info = view.of_role(role)
    cells = sorted(view.known(info.name), key=str)
    cell = cells[int(view.rng.uniform(low, high) * (len(cells) - 1))]
    since = view.rng.random() < 0.5
    if isinstance(cell, date):
        cell = cell.replace(day=1)
        said = cell.isoformat() if view.en() else f"{cell.year}年{cell.month}月{cell.day}日"
    else:
        said = str(cell) if view.en() else f"{cell}年"
    assert isinstance(cell, int | date)
    test = Cmp(">=" if since else "<", Col(info.name), Lit(cell))
    label = view.label(info)
    if view.language is Language.ZH:
        words = f"{label}在{said}{'及以后' if since else '之前'}"
    elif label in ("year", "date"):
        words = f"from {said} onwards" if since else f"from before {said}"
    else:
        words = f"whose {label} is {f'{said} or later' if since else f'before {said}'}"
    return Condition(test, words, info.name)
