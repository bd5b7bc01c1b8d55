"""Dirt in files, seen from the task: how it is told, undone in code, and misread.

`misread` makes the table that a careless reader ends up with; a mutant is computed from it.
"""

from datetime import datetime

from data.task import Language
from envs.interpreter.files.recipe import Dirt, DirtStep
from envs.interpreter.files.tables import Cell, Table

DATE_FORMS = ("%Y-%m-%d", "%d/%m/%Y", "%d %b %Y")


def code(step: DirtStep) -> list[str]:
    """pandas statements that give back the clean column (or rows) of the frame `t`."""
    cell = f"t[{step.column!r}]"
    match step.dirt:
        case Dirt.DUPLICATES:
            return ["t = t.drop_duplicates().copy()"]
        case Dirt.THOUSANDS:
            plain = f"{cell}.astype(str).str.replace(',', '')"
            return [f"{cell} = pd.to_numeric({plain}, errors='coerce')"]
        case Dirt.SENTINEL:
            return [f"{cell} = {cell}.where({cell} != {step.code})"]
        case Dirt.SPACES:
            return [f"{cell} = {cell}.str.strip().str.lower()"]
        case Dirt.UNITS:
            return [
                f"parts = {cell}.str.extract(r'^(\\S+) (.+)$')",
                "number = pd.to_numeric(parts[0])",
                f"{cell} = number.where(parts[1] != {step.other!r}, number / {step.factor!r})",
            ]
        case Dirt.DATES:
            lines = [f"raw = {cell}"]
            first, *rest = DATE_FORMS
            parsed = "pd.to_datetime(raw, format={!r}, errors='coerce')"
            lines.append(f"{cell} = {parsed.format(first)}")
            lines += [f"{cell} = {cell}.fillna({parsed.format(form)})" for form in rest]
            return lines


def note(step: DirtStep, language: Language) -> str:
    """One sentence for the notes on the data."""
    name = f"`{step.column}`"
    if language is Language.ZH:
        return {
            Dirt.DUPLICATES: "导出时有些行重复写入；完全相同的行只算一次。",
            Dirt.THOUSANDS: f"{name} 列的数字带有千位分隔逗号。",
            Dirt.SENTINEL: f"{name} 列中的 {step.code} 表示缺失值。",
            Dirt.SPACES: f"{name} 列的文字大小写不一，且带有多余空格；只在这两点上不同的是同一个值。",
            Dirt.UNITS: (
                f"{name} 列写有单位：多数以 {step.unit} 计，有些以 {step.other} 计"
                f"（1 {step.unit} = {step.factor:.10g} {step.other}）。题目中的数值以 {step.unit} 计。"
            ),
            Dirt.DATES: (
                f"{name} 列混用三种日期写法：2021-03-09、09/03/2021（日在前）和 09 Mar 2021。"
            ),
        }[step.dirt]
    return {
        Dirt.DUPLICATES: "Some rows were exported twice; identical rows count once.",
        Dirt.THOUSANDS: f"Numbers in {name} have commas as thousands separators.",
        Dirt.SENTINEL: f"In {name}, {step.code} stands for a missing value.",
        Dirt.SPACES: (
            f"Texts in {name} differ in case and stray spaces; values that differ in nothing else "
            "are the same."
        ),
        Dirt.UNITS: (
            f"Cells of {name} carry a unit: most are in {step.unit}, some in {step.other} "
            f"(1 {step.unit} = {step.factor:.10g} {step.other}). The question means {step.unit}."
        ),
        Dirt.DATES: (
            f"Dates in {name} come in three forms: 2021-03-09, 09/03/2021 (day first) and "
            "09 Mar 2021."
        ),
    }[step.dirt]


def restored(dirty: Table, steps: tuple[DirtStep, ...], misread: int | None = None) -> Table:
    """The table that a reader gets who undoes every step, the one numbered `misread` wrongly."""
    columns = {name: list(column) for name, column in zip(dirty.names, dirty.columns, strict=True)}
    for number, step in enumerate(steps):
        if step.dirt is not Dirt.DUPLICATES:
            cells = columns[step.column]
            columns[step.column] = [_read(cell, step, number == misread) for cell in cells]
    rows = list(zip(*columns.values(), strict=True))
    for number, step in enumerate(steps):
        if step.dirt is Dirt.DUPLICATES and number != misread:
            rows = list(dict.fromkeys(rows))
    return Table(dirty.names, tuple(list(column) for column in zip(*rows, strict=True)))


def _read(cell: Cell, step: DirtStep, wrongly: bool) -> Cell:
    if step.dirt is Dirt.SENTINEL:
        return None if cell == int(step.code) and not wrongly else cell
    if not isinstance(cell, str):
        return cell
    match step.dirt:
        case Dirt.THOUSANDS:
            # A reader who coerces drops what has a comma.
            return None if wrongly and "," in cell else _number(cell.replace(",", ""))
        case Dirt.UNITS:
            number, _, unit = cell.partition(" ")
            value = _number(number)
            return value if wrongly or unit != step.other else float(value) / step.factor
        case Dirt.DATES:
            return _day(cell, wrongly)
        case Dirt.SPACES:
            return cell if wrongly else cell.strip().lower()
    raise AssertionError(step.dirt)


def _number(text: str) -> int | float:
    return int(text) if text.lstrip("-").isdigit() else float(text)


def _day(text: str, month_first: bool) -> Cell:
    forms = ("%m/%d/%Y", *DATE_FORMS) if month_first else DATE_FORMS
    for form in forms:
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    raise AssertionError(f"no date form of ours: {text}")
