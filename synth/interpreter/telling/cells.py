"""The cells of a worked attempt: look at the files, read and clean, compute and print.

The code is plainer than that of the engines: one step a line, column names as the question lists
them, nothing that a reader of the question and of the earlier outputs could not have written.
"""

import re
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from pathlib import PurePath

from envs.interpreter.files.formats import SQLITE_TABLE
from envs.interpreter.files.recipe import Dirt, Format, TableRecipe
from synth.interpreter import cleaning
from synth.interpreter.algebra import (
    All,
    Cells,
    Cmp,
    Col,
    Group,
    Join,
    Keep,
    Known,
    Lit,
    Pred,
    Rows,
    Stat,
    Step,
)
from synth.interpreter.engines import Reading
from synth.interpreter.pandas_code import expression, final_code, lowered, step_code
from synth.interpreter.plan import Plan
from synth.interpreter.shapes import Form
from synth.interpreter.statement import NOTES
from verifiers.figures import Chart, FigureForm

NUM_LINES = 4
"""Of each file that are looked at, the header among them."""
BINARY = (Format.PARQUET, Format.SQLITE)
ONE = (Form.NUMBER, Form.INTEGER)
"""Forms of answers that are printed as they are; the others as JSON."""

_DRAW = {
    Chart.BARS: "ax.bar(t[{x!r}].astype(str), t[{y!r}])",
    Chart.LINE: "ax.plot(t[{x!r}], t[{y!r}])",
    Chart.POINTS: "ax.scatter(t[{x!r}], t[{y!r}])",
    Chart.BINS: "ax.bar(t[{x!r}], t[{y!r}], width={width}, align='edge')",
}


@dataclass(frozen=True)
class Worked:
    """The cells, in the order in which they are run."""

    look: str
    read: str
    compute: str
    draw: str = ""
    """Empty where no figure is asked for."""

    @property
    def cells(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.look, self.read, self.compute, self.draw)))


def worked(plan: Plan) -> Worked:
    figure = plan.asked.figure
    return Worked(
        look=_look(plan),
        read=_read(plan),
        compute="\n".join(_compute(plan)),
        draw=_draw(plan, figure) if figure else "",
    )


def steps(plan: Plan) -> tuple[Step, ...]:
    """The steps of the pipeline as the cells take them, each condition by itself."""
    folded = tuple(s.column for s in plan.readings[0].dirt if s.dirt is Dirt.SPACES)
    found: list[Step] = []
    for step in lowered(plan.pipeline, folded).steps:
        if plan.drops_missing and isinstance(step, Keep) and isinstance(step.where, Known):
            # The question says so of all that it needs; the pipeline names what is missing.
            kept = [name for name in needed(plan) if name not in plan.asked.keeps_missing]
            first = not any(isinstance(one, Keep) for one in found)
            step = (
                Keep(Known(tuple(dict.fromkeys([*kept, *step.where.columns])))) if first else step
            )
        parts = step.where.parts if isinstance(step, Keep) and isinstance(step.where, All) else ()
        found += [Keep(part) for part in parts] or [step]
    return tuple(found)


def spoken(plan: Plan) -> tuple[str, ...]:
    """Columns that the question speaks of, those of other files included."""
    told = _names(plan.pipeline)
    return tuple(info.name for info in plan.view.info.columns if info.name in told)


def _names(part: object) -> set[str]:
    """Every text in a pipeline; what is no column's name does no harm."""
    if isinstance(part, str):
        return {part}
    if isinstance(part, tuple):
        return {name for one in part for name in _names(one)}
    if is_dataclass(part):
        return {name for one in fields(part) for name in _names(getattr(part, one.name))}
    return set()


def needed(plan: Plan) -> tuple[str, ...]:
    """Columns of the main file that the question speaks of."""
    recipe = plan.recipes[0][1]
    assert isinstance(recipe, TableRecipe)
    own = {pick.name for pick in recipe.columns}
    return tuple(name for name in spoken(plan) if name in own)


def _look(plan: Plan) -> str:
    main, *others = plan.readings
    lines = []
    if plan.notes_file:
        lines.append(f"print(open({NOTES!r}).read())")
    if main.form in BINARY:
        lines = ["import pandas as pd", *_imports(main), "", *lines]
        lines += [f"t = {_load(main)}", f"print(t.head({NUM_LINES - 1}).to_csv(index=False))"]
    else:
        lines.append(f"print(''.join(open({main.file!r}).readlines()[:{NUM_LINES}]))")
    for other in others:
        lines.append(f"print(''.join(open({other.file!r}).readlines()[:{NUM_LINES}]))")
    return "\n".join(lines)


def _imports(main: Reading) -> list[str]:
    return {Format.SQLITE: ["import sqlite3"], Format.JSONL: ["import json"]}.get(main.form, [])


def _load(reading: Reading) -> str:
    name = repr(reading.file)
    match reading.form:
        case Format.CSV:
            return f"pd.read_csv({name})"
        case Format.SEMICOLON:
            return f"pd.read_csv({name}, sep=';', decimal=',')"
        case Format.TSV:
            return f"pd.read_csv({name}, sep='\\t')"
        case Format.JSONL:
            return f"pd.DataFrame([json.loads(line) for line in open({name})])"
        case Format.PARQUET:
            return f"pd.read_parquet({name})"
        case Format.SQLITE:
            return f"pd.read_sql('select * from {SQLITE_TABLE}', sqlite3.connect({name}))"


def _read(plan: Plan) -> str:
    main, *others = plan.readings
    lists = plan.asked.form not in (*ONE, Form.FIGURE)
    imports = [*_imports(main), *(["import json"] if lists else [])]
    lines = [*dict.fromkeys(imports), "import numpy as np", "import pandas as pd", ""]
    lines.append(f"t = {_load(main)}")
    soiled = {step.column for step in main.dirt}
    for step in sorted(main.dirt, key=lambda step: bool(step.column)):
        lines += cleaning.code(step)
    lines += [f"t[{n!r}] = pd.to_datetime(t[{n!r}])" for n in main.dates if n not in soiled]
    lines += [f"{frame(other.file)} = {_load(other)}" for other in others]
    return "\n".join([*lines, f"t[{list(needed(plan))!r}].info()"])


def frame(file: str) -> str:
    """The variable that holds a file beside the main one."""
    stem = PurePath(file).stem
    return stem if stem.isidentifier() else "other"


def _compute(plan: Plan) -> list[str]:
    lines = [line for step in steps(plan) for line in _step(step)]
    if plan.asked.figure:
        return [*lines, f"print(t[{list(axes(plan))!r}])"]
    return [*lines, *_final(plan), _print(plan)]


def _step(step: Step) -> list[str]:
    match step:
        case Keep(Known(names)):
            return [f"t = t.dropna(subset={list(names)!r})"]
        case Keep(where):
            return [f"t = t[{test(where)}]"]
        case Join(file, on):
            return [f"t = t.merge({frame(file)}, on={on!r})"]
        case Group(by, aggs) if aggs and not any(agg.other for agg in aggs):
            _, agg, _ = step_code(step)
            return [f"t = t.groupby({list(by)!r}).{agg.partition('g.')[2]}.reset_index()"]
        case _:
            return [_bare(line) for line in step_code(step)]


def test(where: Pred) -> str:
    """A condition as code, without the brackets that it needs inside others."""
    match where:
        case Cmp(op, Col(), Lit(date() as day)):
            return f"{expression(where.left)} {_SYMBOL.get(op, op)} {day.isoformat()!r}"
        case Cmp(op, left, right):
            sides = (_unbracketed(expression(side)) for side in (left, right))
            return f" {_SYMBOL.get(op, op)} ".join(sides)
        case _:
            return _one_of(expression(where))


_SYMBOL = {"=": "=="}


def _one_of(code: str) -> str:
    """`t['a'] == 'x'` for `t['a'].isin(['x'])`; longer lists as they are."""
    column, mark, listed = code.partition(".isin([")
    values = listed.removesuffix("])")
    return f"{column} == {values}" if mark and ", " not in values else code


def _bare(line: str) -> str:
    """An assignment without the outermost brackets of what is assigned."""
    target, mark, value = line.partition(" = ")
    inner = re.fullmatch(r"(np\.\w+)(\(.*\))", value)
    if inner and _closes_last(inner[2]):
        return f"{target}{mark}{inner[1]}({_unbracketed(inner[2][1:-1])})"
    return f"{target}{mark}{_unbracketed(value)}"


def _unbracketed(code: str) -> str:
    return code[1:-1] if code.startswith("(") and _closes_last(code) else code


def _closes_last(value: str) -> bool:
    """Whether the first bracket is closed by the last one."""
    depth = 0
    for at, letter in enumerate(value):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth == 0:
            return at == len(value) - 1
    return False


def _final(plan: Plan) -> list[str]:
    match plan.pipeline.final:
        case Stat("std", x):
            return [f"answer = t[{x!r}].std()"]
        case Stat("slope", x, y):
            return [f"answer = np.polyfit(t[{x!r}], t[{y!r}], 1)[0]"]
        case Stat("coef", x, z, y):
            return [
                f"design = np.column_stack([np.ones(len(t)), t[{x!r}], t[{z!r}]])",
                f"answer = np.linalg.lstsq(design, t[{y!r}], rcond=None)[0][1]",
            ]
        case final:
            return final_code(final)


def _print(plan: Plan) -> str:
    match plan.asked.form:
        case Form.NUMBER:
            return "print(f'{answer:.8g}')"
        case Form.INTEGER:
            return "print(answer)"
        case Form.DATE:
            return "print(json.dumps(str(answer.date())))"
    final, main = plan.pipeline.final, plan.readings[0]
    days = {*main.dates, *(step.column for step in main.dirt if step.dirt is Dirt.DATES)}
    if isinstance(final, Cells | Rows) and days.intersection(final.columns):
        return "print(json.dumps(answer, default=lambda day: str(day.date())))"
    return "print(json.dumps(answer))"


def axes(plan: Plan) -> tuple[str, str]:
    """The columns of a figure's rows."""
    final = plan.pipeline.final
    assert isinstance(final, Rows), "figures show rows"
    x, y = final.columns
    return x, y


def _draw(plan: Plan, form: FigureForm) -> str:
    x, y = axes(plan)
    lines = ["import matplotlib.pyplot as plt", "", "figure, ax = plt.subplots()"]
    lines.append(_DRAW[form.chart].format(x=x, y=y, width=plan.asked.bin_width))
    lines += [f"ax.set_xlabel({form.x_label!r})", f"ax.set_ylabel({form.y_label!r})"]
    return "\n".join([*lines, f"top = t[{y!r}].max()", "print(f'{top:.8g}')"])
