"""The scripted baseline of interpreter tasks: looks at the files, then tries the obvious one-liner.

It reads what the task says of its columns, looks for a statistic, a quantity, a category and plain
conditions by their words, and computes that. It undoes no dirt and plans no second step; anything
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
_IS = (r'whose {} is "([^"]+)"', r"{}为“([^”]+)”")
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
t.head()
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


def greedy(task: PublicTask) -> Baseline:
    """At most `MAX_CALLS` calls; deterministic."""
    text = [message.content for message in task.prompt if message.role is Role.USER][-1]
    files, columns = _FILE.findall(text), dict(_COLUMN.findall(text))
    if not files or not columns:
        return _final(0)
    yield ToolCall(name="run_cell", arguments={"code": _LOOK.format(file=files[0])})
    seen = yield ToolCall(name="run_cell", arguments={"code": _code(read(text, columns))})
    return _final(_last_json(seen.text))


def read(text: str, columns: dict[str, str]) -> Guess:
    """The guess at a question over columns given with their labels."""
    question = text.split("\n\n")[1] if text.count("\n\n") else text
    asked = question.casefold()
    places = sorted(
        (asked.find(label.casefold().strip()), name)
        for name, label in columns.items()
        if label.casefold().strip() in asked
    )
    conditions = tuple(_conditions(question, columns))
    spoken = {condition.split("'")[1] for condition in conditions}
    free = [name for _, name in places if name not in spoken]
    group = next((name for name in free if _groups(asked, columns[name])), "")
    measure, other = [*(name for name in free if name != group), "", ""][:2]
    if measure and other and re.search("correlation|相关系数", asked):
        return Guess(measure, "corr", other, "", conditions, True)
    if measure and other and re.search("least squares|最小二乘", asked):
        # English names what is predicted first, Chinese what predicts.
        pair = (other, measure) if "least squares" in asked else (measure, other)
        return Guess(pair[0], "slope", pair[1], "", conditions, True)
    percentile = _PERCENTILE.search(asked)
    if percentile:
        share = int(percentile[1] or percentile[2]) / 100
        return Guess(measure, f"quantile({share})", "", group, conditions, True)
    fn = next((fn for fn, words in _STATISTICS if re.search(words, asked)), "count")
    lowest = bool(re.search(r"lowest|最低", asked))
    return Guess(measure, f"{fn}()", "", group, conditions, not lowest)


def _groups(asked: str, label: str) -> bool:
    label = re.escape(label.casefold().strip())
    return bool(re.search(rf"(each|every|which|by) {label}|(按|每个|哪个|各){label}", asked))


def _conditions(question: str, columns: dict[str, str]) -> list[str]:
    found = []
    for name, label in columns.items():
        said = re.escape(label.strip())
        for tests in (_AFTER, _BEFORE):
            for op, patterns in tests.items():
                for pattern in patterns:
                    match = re.search(pattern.format(said), question)
                    if match:
                        found.append(f"t[{name!r}] {op} {match[1].rstrip('.')}")
        for pattern in _IS:
            match = re.search(pattern.format(said), question)
            if match:
                found.append(f"t[{name!r}].astype(str) == {match[1]!r}")
    return list(dict.fromkeys(found))


def _code(guess: Guess) -> str:
    lines = [f"t = t[{condition}]" for condition in guess.conditions]
    if not guess.measure:
        lines.append("answer = len(t)")
    elif guess.other:
        x, y = f"t[{guess.measure!r}]", f"t[{guess.other!r}]"
        slope = f"{x}.cov({y}) / {x}.var()"
        lines.append(f"answer = {slope if guess.statistic == 'slope' else f'{x}.corr({y})'}")
    elif guess.group:
        lines.append(f"s = t.groupby({guess.group!r})[{guess.measure!r}].{guess.statistic}")
        best = "idxmax" if guess.most else "idxmin"
        lines.append(f"answer = [s.{best}(), s.{best[3:]}()]")
    else:
        lines.append(f"answer = t[{guess.measure!r}].{guess.statistic}")
    lines += ["import json", "print(json.dumps(answer, default=lambda v: v.item()))"]
    return "\n".join(lines)


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
