"""The scripted baseline of interpreter tasks: looks at the files, then tries the obvious one-liner.

It reads what the task says of its columns and which values they have, looks for a statistic, a
quantity, a category and plain conditions by their words, and computes or draws that. It undoes no dirt and plans no second step; anything
but a question about one table it answers with what it knows, which is little.
"""

import json
import re
from typing import NamedTuple

from pydantic import JsonValue

from data.hashing import canonical_json
from data.task import PublicTask, Role, ToolCall
from envs.base import Baseline

MAX_CALLS = 2
_COLUMN = re.compile(r"^- `(?P<name>[^`]+)`[^:：]{0,30}[:：]\s*(?P<label>[^,，(（\n]+)", re.M)
_FILE = re.compile(r"`([\w.-]+\.(?:csv|tsv|jsonl|parquet|db))`")
_STATISTICS = (
    ("median", r"median|中位数"),
    ("std", r"standard deviation|标准差"),
    ("sum", r"\btotal\b|总和"),
    ("mean", r"\bmean\b|平均"),
    ("max", r"largest|highest|最大"),
    ("min", r"smallest|lowest|最小"),
)
_PERCENTILE = re.compile(r"(\d+)(?:st|nd|rd|th) percentile|第(\d+)百分位")
_NUMBER = r"(-?[\d.]+)"
_AFTER = {
    ">=": (r"{} of at least " + _NUMBER, r"{}不低于" + _NUMBER),
    "<=": (r"{} of at most " + _NUMBER, r"{}不超过" + _NUMBER),
    ">": (r"{} above " + _NUMBER, r"{}高于" + _NUMBER),
    "<": (r"{} below " + _NUMBER, r"{}低于" + _NUMBER),
}
_BEFORE = {
    ">=": (r"at least " + _NUMBER + r" {}", r"{}不少于" + _NUMBER),
    "<=": (r"at most " + _NUMBER + r" {}", r"{}不超过" + _NUMBER),
    ">": (r"more than " + _NUMBER + r" {}", r"{}多于" + _NUMBER),
    "<": (r"fewer than " + _NUMBER + r" {}", r"{}少于" + _NUMBER),
}
_LIST = r'(?:"[^"]+"(?:, | or )?)+'
_ZH_LIST = r"(?:“[^”]+”或?)+"
_IS = (r"whose {} is " + _LIST, r"{}为" + _ZH_LIST)
_SINCE = {
    ">=": (r"whose {} is (\d{{4}}[-\d]*) or later", r"from (\d{{4}}[-\d]*) onwards"),
    "<": (r"whose {} is before (\d{{4}}[-\d]*)", r"from before (\d{{4}}[-\d]*)"),
}
_WORD = r"(?<![\w-]){}(?![\w-])"
_CODE = re.compile(r"(\w+) = ([^,，)）]+)")
_PERCENT = re.compile(r"what percentage|[，：][^，：]*(?:占百分之几|所占百分比)", re.I)
_CHART = re.compile(r"Draw a vertical bar chart|Draw one line|竖直条形图|画一条折线")
_AXES = re.compile(
    r'Label the x axis "([^"]+)" and the y axis "([^"]+)"|x轴标签写“([^”]+)”，y轴标签写“([^”]+)”'
)
_LOOK = """
import pandas as pd
import sqlite3

def load(name):
    if name.endswith(".jsonl"):
        return pd.read_json(name, lines=True)
    if name.endswith(".parquet"):
        return pd.read_parquet(name)
    if name.endswith(".db"):
        return pd.read_sql("select * from records", sqlite3.connect(name))
    return pd.read_csv(name, sep=None, engine="python")

t = load({file!r})
import json
few = {{c: sorted(map(str, t[c].dropna().unique())) for c in t if t[c].nunique() <= 200}}
print(t.head())
print(json.dumps({{c: values for c, values in few.items() if len(str(values)) < 2000}}))
""".strip()


class Guess(NamedTuple):
    """What the words of a question seem to ask for; empty where nothing fits."""

    measure: str
    statistic: str
    other: str
    """A second quantity, where the question relates two."""
    group: str
    conditions: tuple[str, ...]
    most: bool
    hit: tuple[str, ...] = ()
    """Conditions of the rows whose percentage is wanted."""
    axes: tuple[str, ...] = ()
    """Labels of the axes, where a chart is asked for."""
    line: bool = False


Values = dict[str, dict[str, str]]
"""Of a column: words for a value, and the value as it stands in the data."""


def greedy(task: PublicTask) -> Baseline:
    """At most `MAX_CALLS` calls; deterministic."""
    text = [message.content for message in task.prompt if message.role is Role.USER][-1]
    files, columns = _FILE.findall(text), dict(_COLUMN.findall(text))
    if not files or not columns:
        return _final(0)
    seen = yield ToolCall(name="run_cell", arguments={"code": _LOOK.format(file=files[0])})
    guess = read(text, columns, _values(_last_json(seen.text), text))
    seen = yield ToolCall(name="run_cell", arguments={"code": _code(guess)})
    return _final(_last_json(seen.text))


def _values(seen: JsonValue, text: str) -> Values:
    """Values of columns with few of them, by the words that a question has for them."""
    if not isinstance(seen, dict):
        return {}
    found: Values = {}
    for name, values in seen.items():
        line = next((line for line in text.splitlines() if line.startswith(f"- `{name}`")), "")
        listed = [str(value) for value in values] if isinstance(values, list) else []
        codes = dict(_CODE.findall(line))
        found[name] = {codes.get(value, value).strip(): value for value in listed}
    return found


def read(text: str, columns: dict[str, str], values: Values | None = None) -> Guess:
    """The guess at a question over columns given with their labels, and values of some of them."""
    question = text.split("\n\n")[1] if text.count("\n\n") else text
    chart = _CHART.search(question)
    labels = _AXES.search(question)
    question = question[: labels.start()] if labels else question
    before, percent, after = _halves(question)
    conditions = tuple(_conditions(before, columns, values or {}))
    asked = question.casefold()
    spoken = {condition.split("'")[1] for condition in conditions}
    free = [name for name in _places(asked, columns) if name not in spoken]
    if percent:
        hit = tuple(_conditions(after, columns, values or {}))
        return Guess("", "share", "", "", conditions, True, hit=hit)
    group = next((name for name in free if _groups(asked, columns[name])), "")
    measure, other = [*(name for name in free if name != group), "", ""][:2]
    related = _related(asked, measure, other) if other else None
    if related:
        return Guess(*related, "", conditions, True)
    lowest = bool(re.search(r"lowest|由低到高|最低", asked))
    found = _statistic(asked)
    if chart and labels:
        axes = tuple(label for label in labels.groups() if label)
        line = bool(re.search("line|折线", chart[0]))
        return Guess(measure, found, "", group, conditions, not lowest, axes=axes, line=line)
    return Guess(measure, found, "", group, conditions, not lowest)


def _halves(question: str) -> tuple[str, bool, str]:
    """What comes before and after the words for a percentage, and whether there are any."""
    match = _PERCENT.search(question)
    if not match:
        return question, False, ""
    return question[: match.start()], True, question[match.start() :]


def _places(asked: str, columns: dict[str, str]) -> list[str]:
    """Columns by their first mention; a label within a longer one that is there does not count."""
    found = []
    for label, name in sorted(
        ((v.casefold().strip(), k) for k, v in columns.items()), key=_longest
    ):
        at = asked.find(label)
        if at >= 0:
            found.append((at, name))
            asked = asked.replace(label, "\0" * len(label))
    return [name for _, name in sorted(found)]


def _longest(pair: tuple[str, str]) -> int:
    return -len(pair[0])


def _related(asked: str, measure: str, other: str) -> tuple[str, str, str] | None:
    """Measure, statistic and second measure of a question about two quantities."""
    if re.search("correlation|相关系数", asked):
        return measure, "corr", other
    if re.search("least squares that|拟合一条", asked):
        # English names what is predicted first, Chinese what predicts.
        first, second = (other, measure) if "least squares" in asked else (measure, other)
        return first, "slope", second
    if re.search("divide the total|总和.*除以", asked):
        return measure, "quotient", other
    if re.search("compute the ratio|之比", asked):
        return measure, "median_ratio" if re.search("median|中位", asked) else "mean_ratio", other
    return None


def _statistic(asked: str) -> str:
    percentile = _PERCENTILE.search(asked)
    if percentile:
        return f"quantile({int(percentile[1] or percentile[2]) / 100})"
    fn = next((fn for fn, words in _STATISTICS if re.search(words, asked)), "count")
    return f"{fn}()"


def _groups(asked: str, label: str) -> bool:
    label = re.escape(label.casefold().strip())
    pattern = rf"(each|every|which|by|with the) {label}|(按|每个|哪个|各|随){label}"
    return bool(re.search(pattern, asked))


def _conditions(question: str, columns: dict[str, str], values: Values) -> list[str]:
    found = []
    for name, label in columns.items():
        said = re.escape(label.strip())
        for tests in (_AFTER, _BEFORE):
            for op, patterns in tests.items():
                for pattern in patterns:
                    match = re.search(pattern.format(said), question)
                    if match:
                        found.append(f"t[{name!r}] {op} {match[1].rstrip('.')}")
        listed = _named(question, said, values.get(name, {}))
        if listed:
            found.append(f"t[{name!r}].astype(str).isin({listed!r})")
        whole = label.strip() in ("year", "date")
        for op, patterns in _SINCE.items():
            match = re.search(patterns[whole].format(said), question)
            if match:
                found.append(f"t[{name!r}] {op} {_moment(match[1])}")
        match = re.search(said + r"在(\d{4})年(及以后|之前)", question)
        if match:
            found.append(f"t[{name!r}] {'<' if match[2] == '之前' else '>='} {match[1]}")
    return list(dict.fromkeys(found))


def _named(question: str, said: str, values: dict[str, str]) -> list[str]:
    """Values of a column that are quoted behind its label, or that stand in the question."""
    for pattern in _IS:
        match = re.search(pattern.format(said), question)
        if match:
            quoted = re.findall(r'"([^"]+)"|“([^”]+)”', match[0])
            return [values.get(one or other, one or other) for one, other in quoted]
    words = [words for words in values if len(words) > 1 and not words.isdigit()]
    return [values[one] for one in words if re.search(_WORD.format(re.escape(one)), question)]


def _moment(text: str) -> str:
    return text if text.isdigit() else repr(text)


def _code(guess: Guess) -> str:
    lines = [f"t = t[{condition}]" for condition in guess.conditions]
    x, y = f"t[{guess.measure!r}]", f"t[{guess.other!r}]"
    tables = {
        "corr": f"{x}.corr({y})",
        "slope": f"{x}.cov({y}) / {x}.var()",
        "quotient": f"{x}.sum() / {y}.sum()",
        "median_ratio": f"({x} / {y}).median()",
        "mean_ratio": f"({x} / {y}).mean()",
        "share": f"100 * ({' & '.join(f'({hit})' for hit in guess.hit) or 'True'}).mean()",
    }
    if guess.statistic == "share" and not guess.hit:
        lines.append("answer = 100.0")
    elif guess.statistic in tables:
        lines.append(f"answer = {tables[guess.statistic]}")
    elif not guess.measure:
        lines.append("answer = len(t)")
    elif guess.axes:
        lines += _drawing(guess)
    elif guess.group:
        lines.append(f"s = t.groupby({guess.group!r})[{guess.measure!r}].{guess.statistic}")
        best = "idxmax" if guess.most else "idxmin"
        lines.append(f"answer = [s.{best}(), s.{best[3:]}()]")
    else:
        lines.append(f"answer = t[{guess.measure!r}].{guess.statistic}")
    lines += ["import json", "print(json.dumps(answer, default=lambda v: v.item()))"]
    return "\n".join(lines)


def _drawing(guess: Guess) -> list[str]:
    by = guess.group or guess.measure
    order = "sort_index()" if guess.line else f"sort_values(ascending={not guess.most})"
    draw = "plot" if guess.line else "bar"
    names = "s.index" if guess.line else "s.index.astype(str)"
    return [
        "import matplotlib.pyplot as plt",
        f"s = t.groupby({by!r})[{guess.measure!r}].{guess.statistic}.{order}",
        "figure, ax = plt.subplots()",
        f"ax.{draw}({names}, s.values)",
        f"ax.set(xlabel={guess.axes[0]!r}, ylabel={guess.axes[1]!r})",
        "answer = s.max()",
    ]


def _last_json(text: str) -> JsonValue:
    """The value in the last line that holds one."""
    for line in reversed(text.splitlines()):
        try:
            value: JsonValue = json.loads(line, parse_constant=_no_constant)
        except ValueError:
            continue
        return value
    return 0


def _no_constant(name: str) -> JsonValue:
    raise ValueError(name)


def _final(answer: JsonValue) -> str:
    return canonical_json({"answer": answer})
