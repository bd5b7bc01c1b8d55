"""Dirt: deterministic damage to a table, as real exports have it, with one right reading each.

What a step does is told to the agent in words (`synth.interpreter.cleaning`); no step loses
information, so the clean table can always be had back.
"""

from datetime import date
from random import Random

from data.hashing import derive_rng
from envs.interpreter.files.recipe import Dirt, DirtStep
from envs.interpreter.files.tables import Cell, Table

OTHER_UNIT = 0.3
"""Share of cells in the second unit."""
SPACED = 0.4
REPEATED = 0.06


def soiled(table: Table, steps: tuple[DirtStep, ...], seed: str) -> Table:
    """`table` after every step; cells that a step writes become text."""
    for number, step in enumerate(steps):
        rng = derive_rng("dirt", seed, number)
        if step.dirt is Dirt.DUPLICATES:
            table = _repeat_rows(table, rng)
            continue
        at = table.names.index(step.column)
        column = [_soil(cell, step, rng) for cell in table.columns[at]]
        table = Table(table.names, (*table.columns[:at], column, *table.columns[at + 1 :]))
    return table


def _soil(cell: Cell, step: DirtStep, rng: Random) -> Cell:
    match step.dirt:
        case Dirt.SENTINEL:
            return int(step.code) if cell is None else cell
        case Dirt.THOUSANDS if isinstance(cell, int | float):
            return f"{cell:,}"
        case Dirt.UNITS if isinstance(cell, int | float):
            return _with_unit(cell, step, rng)
        case Dirt.DATES if isinstance(cell, date):
            return _date(cell, rng)
        case Dirt.SPACES if isinstance(cell, str):
            return _spaced(cell, rng)
    return cell


def _with_unit(cell: int | float, step: DirtStep, rng: Random) -> str:
    if step.other and rng.random() < OTHER_UNIT:
        # Ten digits bring the clean value back to well within any tolerance.
        return f"{cell * step.factor:.10g} {step.other}"
    return f"{cell} {step.unit}"


def _date(day: date, rng: Random) -> str:
    """Forms that no reader can confuse: a slash always means day first, as the notes say."""
    form = rng.choice(("%Y-%m-%d", "%d/%m/%Y", "%d %b %Y"))
    return day.strftime(form)


def _spaced(text: str, rng: Random) -> str:
    if rng.random() >= SPACED:
        return text
    return rng.choice((f" {text}", f"{text} ", f"  {text}", text.upper(), f"{text.lower()} "))


def _repeat_rows(table: Table, rng: Random) -> Table:
    """Some rows stand a second time, further down, cell for cell."""
    clean = table.rows()
    rows = list(clean)
    again = sorted(rng.sample(range(len(clean)), max(2, round(len(clean) * REPEATED))))
    for row in reversed(again):
        rows.insert(rng.randint(row + 1, len(rows)), clean[row])
    return Table(table.names, tuple(list(column) for column in zip(*rows, strict=True)))
