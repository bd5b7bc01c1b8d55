"""The tables of a compiled world as constraints see them."""

from collections.abc import Sequence
from functools import lru_cache

from envs.general.compiler import Compiled
from envs.general.domain import Table as DomainTable
from verifiers.general.tables import Row, Table, Tables

MAX_KEPT = 64


def slot_table(compiled: Compiled, plan: str, slot: str) -> str:
    """The table that a slot picks from: the domain's, or the part of it that may be picked."""
    wanted = compiled.domain.plans[plan].slots[slot]
    return wanted.table if wanted.where is None else f"{wanted.table}@{slot}"


@lru_cache(maxsize=MAX_KEPT)
def plan_tables(compiled: Compiled, plan: str) -> Tables:
    """Every table of the world, and one more for each slot that takes only some of the rows.

    Compiled worlds never change, so the tables of the last few are kept.
    """
    tables: dict[str, Table] = {}
    for name, made in compiled.domain.tables.items():
        rows = sorted(compiled.rows.tables[name].values(), key=lambda row: str(row["id"]))
        tables[name] = _table(made, rows)
    for name, slot in compiled.domain.plans[plan].slots.items():
        if slot.where is not None:
            made = compiled.domain.tables[slot.table]
            some = _table(made, list(compiled.candidates(plan, name)))
            tables[slot_table(compiled, plan, name)] = some
    return Tables(tables)


def _table(made: DomainTable, rows: Sequence[Row]) -> Table:
    refs = {column.name: column.type.table for column in made.refs}
    return Table("id", rows, refs, made.name_column)
