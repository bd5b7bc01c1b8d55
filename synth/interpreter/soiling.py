"""Which dirt a table gets: steps on columns that the question uses, each readable one way."""

from random import Random

from envs.interpreter.files.recipe import (
    Dirt,
    DirtStep,
    Format,
    TableRecipe,
)
from envs.interpreter.files.tables import Cell
from synth.interpreter.catalogue import MEASURES, Facts, Role
from synth.interpreter.units import SYMBOLS
from synth.interpreter.view import View

SENTINELS = ("-99", "-999", "-9999", "9999", "99999")


def dirt_for(
    view: View, used: list[str], recipe: TableRecipe, joined: Facts | None, rng: Random
) -> list[DirtStep]:
    """Up to three steps on columns that the question uses; duplicates come last."""
    if recipe.format in (Format.SEMICOLON, Format.PARQUET, Format.SQLITE):
        return []
    wanted = rng.choice((0, 0, 0, 1, 1, 2, 2, 3))
    own = [name for name in used if name in view.table.names and not _is_fact(name, joined)]
    makers = [_sentinel, _thousands, _units, _dates, _spaces]
    steps: list[DirtStep] = []
    rng.shuffle(makers)
    for make in makers:
        free = [name for name in own if name not in {step.column for step in steps}]
        step = make(view, free, rng) if len(steps) < wanted else None
        if step:
            steps.append(step)
    distinct = len(set(view.table.rows())) == view.table.num_rows
    if len(steps) < wanted and distinct:
        steps.append(DirtStep(dirt=Dirt.DUPLICATES))
    return steps


def _is_fact(name: str, joined: Facts | None) -> bool:
    return joined is not None and (
        name == joined.key or any(column.name == name for column in joined.columns)
    )


def _sentinel(view: View, free: list[str], rng: Random) -> DirtStep | None:
    for name in free:
        column = view.column(name)
        if column.role in MEASURES and None in view.table.column(name):
            numbers = view.numbers(name)
            codes = [
                code
                for code in SENTINELS
                if not min(numbers) <= float(code) <= max(numbers) and float(code) not in numbers
            ]
            if codes:
                return DirtStep(dirt=Dirt.SENTINEL, column=name, code=rng.choice(codes[:3]))
    return None


def _thousands(view: View, free: list[str], rng: Random) -> DirtStep | None:
    able = [
        name
        for name in free
        if view.column(name).role in MEASURES
        and sum(abs(n) >= 1000 for n in view.numbers(name)) / view.table.num_rows >= 0.1
    ]
    return DirtStep(dirt=Dirt.THOUSANDS, column=rng.choice(able)) if able else None


def _units(view: View, free: list[str], rng: Random) -> DirtStep | None:
    able = [name for name in free if view.column(name).unit.en in SYMBOLS]
    if not able:
        return None
    name = rng.choice(able)
    unit, other, factor = SYMBOLS[view.column(name).unit.en]
    return DirtStep(dirt=Dirt.UNITS, column=name, unit=unit, other=other, factor=factor)


def _dates(view: View, free: list[str], rng: Random) -> DirtStep | None:
    able = [name for name in free if view.column(name).role is Role.DATE]
    return DirtStep(dirt=Dirt.DATES, column=rng.choice(able)) if able else None


def _spaces(view: View, free: list[str], rng: Random) -> DirtStep | None:
    able = [
        name
        for name in free
        if view.column(name).role is Role.GROUP and _plain_labels(view.distinct(name))
    ]
    return DirtStep(dirt=Dirt.SPACES, column=rng.choice(able)) if able else None


def _plain_labels(labels: list[Cell]) -> bool:
    texts = [label for label in labels if isinstance(label, str)]
    folded = {text.lower() for text in texts}
    clear = all(
        text.isascii() and not text.strip().lstrip("-").replace(".", "").isdigit() for text in texts
    )
    return len(texts) == len(labels) == len(folded) and clear and len(texts) <= 60
