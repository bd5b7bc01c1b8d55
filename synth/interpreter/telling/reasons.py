"""Reasons for the cells of a worked attempt, from the question and from what the cells have shown.

Each states what was seen and what follows from it for the next cell; names and numbers stand in the
question or in an earlier output as they stand in the reason.
"""

import csv
import io
import json
import re
from collections.abc import Iterator

from data.task import Language
from envs.interpreter.files.formats import SQLITE_TABLE
from envs.interpreter.files.recipe import Dirt, DirtStep, Format
from synth.interpreter.algebra import Keep
from synth.interpreter.plan import Plan
from synth.interpreter.shapes import Form
from synth.interpreter.statement import NOTES
from synth.interpreter.telling.cells import axes, needed, spoken, steps
from synth.interpreter.telling.formula import formula
from synth.interpreter.telling.words import final_words, listed, say, step_words

MAX_CELLS = 3
"""Cells of the first row that a reason repeats."""
_COUNT = re.compile(r"^ *\d+ +(\S.*?) +(\d+) non-null", re.M)
_ENTRIES = re.compile(r"(\d+) entries")


class Teller:
    """The reasons for one plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.language = plan.view.language

    def look(self) -> str:
        """Before anything is seen: what the question needs, and where it stands."""
        plan = self.plan
        columns = [
            self._say("`{name}` ({label})", "`{name}`（{label}）", name=name, label=label)
            for name, label in self._labels()
        ]
        files = [reading.file for reading in plan.readings]
        lines = [self._say("The question needs {x}.", "题目要用到 {x}。", x=self._listed(columns))]
        if plan.notes_file:
            lines.append(self._say("{x} comes first.", "先读 {x}。", x=NOTES))
        if plan.readings[0].form is Format.SQLITE:
            lines.append(
                self._say(
                    "{x} is a database; I read its table {t} and print the first rows.",
                    "{x} 是数据库，读取其中的表 {t} 并打印前几行。",
                    x=files[0],
                    t=SQLITE_TABLE,
                )
            )
        elif plan.readings[0].form is Format.PARQUET:
            lines.append(
                self._say(
                    "{x} is no text file, so I read it with pandas and print the first rows.",
                    "{x} 不是文本文件，用 pandas 读取并打印前几行。",
                    x=files[0],
                )
            )
        else:
            lines.append(
                self._say(
                    "I look at the first lines of {x} to see how the cells are written.",
                    "先看 {x} 的前几行，弄清数据的写法。",
                    x=self._listed(files),
                )
            )
        return self._text(lines)

    def _labels(self) -> Iterator[tuple[str, str]]:
        for name in spoken(self.plan):
            yield name, self.plan.view.column(name).label[self.language]

    def read(self, seen: str) -> str:
        """After the first lines were seen: how they have to be read."""
        main, *others = self.plan.readings
        lines = [self._format(main.form, seen)]
        if row := self._first_row(seen):
            shown = [self._say("{a} is {b}", "{a} 是 {b}", a=a, b=b) for a, b in row]
            lines.append(
                self._say("In the first row {x}.", "第一行中 {x}。", x=self._listed(shown))
            )
        lines += [self._dirt(step) for step in main.dirt]
        soiled = {step.column for step in main.dirt}
        for name in main.dates:
            if name not in soiled:
                lines.append(self._say("{x} holds dates.", "{x} 是日期。", x=name))
        for other in others:
            lines.append(
                self._say("{x} is a plain CSV file.", "{x} 是普通 CSV 文件。", x=other.file)
            )
        lines.append(
            self._say("After reading I check types and missing cells.", "读入后查看类型和缺失值。")
        )
        return self._text(lines)

    def _format(self, form: Format, seen: str) -> str:
        match form:
            case Format.CSV:
                return self._say(
                    "Commas separate the cells, so pd.read_csv reads them as they are.",
                    "各列以逗号分隔，用 pd.read_csv 直接读取。",
                )
            case Format.SEMICOLON:
                found = re.search(r"(?<=;)-?\d+,\d+(?=;|$)", seen, re.M)
                shown = self._say(", as in {x}", "（如 {x}）", x=found[0]) if found else ""
                return self._say(
                    "Semicolons separate the cells and decimals have a comma{x}: sep=';', decimal=','.",
                    "各列以分号分隔，小数点写作逗号{x}：sep=';'，decimal=','。",
                    x=shown,
                )
            case Format.TSV:
                return self._say(
                    "Tabs separate the cells: sep='\\t'.", "各列以制表符分隔：sep='\\t'。"
                )
            case Format.JSONL:
                return self._say("Each line is one JSON object.", "每行是一个 JSON 对象。")
            case _:
                return self._say("The rows come as a table already.", "读出来已经是表格。")

    def _first_row(self, seen: str) -> list[tuple[str, str]]:
        """Needed cells of the first row, as they are written."""
        main = self.plan.readings[0]
        lines = seen.splitlines()
        if self.plan.notes_file:
            lines = lines[_after_notes(lines, main.form, needed(self.plan)) :]
        if main.form is Format.JSONL:
            first = json.loads(lines[0]) if lines else {}
            found = {name: str(cell) for name, cell in first.items() if cell is not None}
        else:
            mark = {Format.SEMICOLON: ";", Format.TSV: "\t"}.get(main.form, ",")
            rows = list(csv.reader(io.StringIO("\n".join(lines[:2])), delimiter=mark))
            found = dict(zip(*rows, strict=False)) if len(rows) == 2 else {}
        cells = [(name, found[name]) for name in needed(self.plan) if found.get(name, "").strip()]
        return cells[:MAX_CELLS]

    def _dirt(self, step: DirtStep) -> str:
        x = step.column
        match step.dirt:
            case Dirt.DUPLICATES:
                return self._say("Identical rows count once.", "完全相同的行只算一次。")
            case Dirt.THOUSANDS:
                return self._say("I take the commas out of {x}.", "去掉 {x} 中的千位逗号。", x=x)
            case Dirt.SENTINEL:
                return self._say(
                    "{code} in {x} means missing.",
                    "{x} 中的 {code} 表示缺失。",
                    x=x,
                    code=step.code,
                )
            case Dirt.SPACES:
                return self._say(
                    "I strip {x} and make it lower case.", "把 {x} 去掉空格并转为小写。", x=x
                )
            case Dirt.UNITS:
                return self._say(
                    "{x} carries units: I split them off and divide {other} by {factor:.10g}.",
                    "{x} 带有单位：拆开后把 {other} 除以 {factor:.10g}。",
                    x=x,
                    other=step.other,
                    factor=step.factor,
                )
            case Dirt.DATES:
                return self._say(
                    "{x} has three forms of dates, which I try in turn.",
                    "{x} 有三种日期写法，依次解析。",
                    x=x,
                )
        raise AssertionError(step.dirt)

    def compute(self, seen: str) -> str:
        """After the types were seen: the steps, each as the next cell takes it."""
        lines = [self._missing(seen)]
        said = [self._step(step) for step in steps(self.plan)]
        final = final_words(self.plan.pipeline.final, self.language)
        said.append(self._say("answer: {x}", "答案：{x}", x=final))
        mark = "; " if self.language is Language.EN else "；"
        lines.append(self._say("Steps: {x}.", "步骤：{x}。", x=mark.join(said)))
        return self._text(lines)

    def _missing(self, seen: str) -> str:
        rows = int(found[1]) if (found := _ENTRIES.search(seen)) else 0
        fewer = [
            self._say("{a} is known in {b}", "{a} 有 {b} 个", a=name, b=known)
            for name, known in _COUNT.findall(seen)
            if int(known) < rows
        ]
        if not fewer:
            return self._say("{n} rows, nothing missing.", "共 {n} 行，没有缺失。", n=rows)
        return self._say("Of {n} rows {x}.", "共 {n} 行，{x}。", n=rows, x=self._listed(fewer))

    def _step(self, step: object) -> str:
        if isinstance(step, Keep):
            for condition in self.plan.conditions:
                if step.where == condition.test:
                    mark = ": " if self.language is Language.EN else "："
                    return f"{condition.words}{mark}{formula(step.where)}"
        return step_words(step, self.language)  # type: ignore[arg-type]

    def draw(self, seen: str) -> str:
        """After the rows of a figure were printed: what goes where."""
        x, y = axes(self.plan)
        form = self.plan.asked.figure
        assert form is not None
        rows = len(seen.splitlines()) - 1
        return self._say(
            'The {n} rows are ready: {x} on the x axis ("{a}"), {y} on the y axis ("{b}"). '
            "I draw them and print the largest {y}.",
            "共 {n} 行：x 轴是 {x}（“{a}”），y 轴是 {y}（“{b}”）。画图并打印最大的 {y}。",
            n=rows,
            x=x,
            y=y,
            a=form.x_label,
            b=form.y_label,
        )

    def answer(self, printed: str) -> str:
        if self.plan.asked.form is Form.FIGURE:
            return self._say(
                "The figure is drawn; its largest y value is {x}.",
                "图已画好，最大的 y 值是 {x}。",
                x=printed,
            )
        return self._say(
            "The cell printed {x}; that is the answer.", "输出为 {x}，即答案。", x=printed
        )

    def _say(self, en: str, zh: str, **slots: object) -> str:
        return say((en, zh), self.language).format(**slots)

    def _listed(self, words: list[str]) -> str:
        return listed(words, self.language)

    def _text(self, lines: list[str]) -> str:
        return (" " if self.language is Language.EN else "").join(lines)


def _after_notes(lines: list[str], form: Format, names: tuple[str, ...]) -> int:
    """Number of the line where the main file begins: the first that has all needed names."""
    return next(
        (at for at, line in enumerate(lines) if all(name in line for name in names)), len(lines)
    )
