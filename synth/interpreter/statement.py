"""The text of a question about tables: what the files are, what is asked, what columns mean."""

from data.task import Language
from envs.interpreter.files.formats import SQLITE_TABLE
from envs.interpreter.files.recipe import DirtStep, FactsRecipe, Format, Recipe, TableRecipe
from synth.interpreter import cleaning
from synth.interpreter.catalogue import ColumnInfo
from synth.interpreter.shapes import Asked
from synth.interpreter.view import View

NOTES = "NOTES.txt"
Files = tuple[tuple[str, Recipe], ...]


def statement(
    view: View,
    asked: Asked,
    files: Files,
    question: str,
    notes_file: bool,
    dirt: tuple[DirtStep, ...],
    drops_missing: bool,
) -> str:
    """Paragraphs: the data, the question, the columns, notes on the data."""
    parts = [_data(view, asked, files), question, _columns(view, asked, files)]
    notes = [cleaning.note(step, view.language) for step in dirt]
    if notes_file:
        parts.append(
            f"`{NOTES}` says how the data was exported; read it first."
            if view.en()
            else f"`{NOTES}` 说明了数据的导出方式，请先阅读。"
        )
        notes = []
    if drops_missing:
        notes.append(
            "Leave out every row in which a column that the question needs is missing."
            if view.en()
            else "题目用到的列若有缺失，该行不计。"
        )
    notes += [f"{note}." if view.en() else f"{note}。" for note in view.notes]
    if notes:
        parts.append((" " if view.en() else "").join(notes))
    return "\n\n".join(parts)


def notes_text(dirt: tuple[DirtStep, ...], language: Language) -> str:
    """The notes as a file."""
    title = "Notes on the export" if language is Language.EN else "导出说明"
    return "\n".join([title, "", *(f"- {cleaning.note(step, language)}" for step in dirt), ""])


def _data(view: View, asked: Asked, files: Files) -> str:
    (name, main), *others = files
    assert isinstance(main, TableRecipe)
    row, about = view.info.row[view.language], view.info.about[view.language]
    form = _form(main.format, view.language)
    extras = {extra.name: extra for extra in asked.extra}
    text = (
        f"`{name}`{form} is about {about}; each row is one {row}."
        if view.en()
        else f"`{name}`{form}记录的是{about}，每行是一{row}。"
    )
    for file, recipe in others:
        if isinstance(recipe, FactsRecipe):
            listed = ", ".join(f"`{pick.name}`" for pick in recipe.columns)
            text += (
                f" `{file}` gives {listed} for each `{recipe.key.name}`."
                if view.en()
                else f"`{file}` 给出每个 `{recipe.key.name}` 的 {listed}。"
            )
        elif file in extras:
            about_it = extras[file].about
            text += f" `{file}` has {about_it}." if view.en() else f"`{file}` 是{about_it}。"
    return text


def _form(form: Format, language: Language) -> str:
    en, zh = {
        Format.SEMICOLON: (
            " (semicolons between cells, decimal commas)",
            "（以分号分隔，小数点写作逗号）",
        ),
        Format.SQLITE: (
            f" (SQLite, table `{SQLITE_TABLE}`)",
            f"（SQLite 数据库，表名 `{SQLITE_TABLE}`）",
        ),
        Format.JSONL: (" (one JSON object a line)", "（每行一个 JSON 对象）"),
    }.get(form, ("", " "))
    return en if language is Language.EN else zh


def _columns(view: View, asked: Asked, files: Files) -> str:
    """What the columns of all files mean; those the question does not need are there too."""
    lines = ["Columns:" if view.en() else "各列含义："]
    lookups = {
        pick.name: file
        for file, recipe in files
        if isinstance(recipe, FactsRecipe)
        for pick in recipe.columns
    }
    shown = {pick.name for _, r in files if isinstance(r, TableRecipe) for pick in r.columns}
    for info in view.info.columns:
        if info.name in shown or info.name in lookups:
            lines.append(f"- {_column(info, view.language)}")
    for extra in asked.extra:
        lines += [
            f"- `{name}` ({extra.name}): {meaning}"
            if view.en()
            else f"- `{name}`（{extra.name}）：{meaning}"
            for name, meaning in extra.columns[1:]
        ]
    return "\n".join(lines)


def _column(info: ColumnInfo, language: Language) -> str:
    en = language is Language.EN
    text = f"`{info.name}`{': ' if en else '：'}{info.label[language]}"
    unit = info.unit[language]
    if unit:
        text += (
            (f", {unit}" if unit.startswith("as ") else f", in {unit}")
            if en
            else (unit if unit.startswith("（") else f"（{unit}）")
        )
    if info.codes:
        codes = [f"{code} = {meaning[language]}" for code, meaning in info.codes]
        text += f" ({', '.join(codes)})" if en else f"（{'，'.join(codes)}）"
    return text
