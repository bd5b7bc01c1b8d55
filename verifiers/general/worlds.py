"""The tables of a compiled world as constraints see them."""

from collections.abc import Sequence
from functools import lru_cache

from envs.general.compiler import Compiled, compile_shipped
from envs.general.domain import Table as DomainTable
from envs.general.variant import Variant
from verifiers.general.tables import Row, Table, Tables

MAX_KEPT = 64


def slot_table(compiled: Compiled, plan: str, slot: str) -> str:
    """The table that a slot picks from: the domain's, or the part of it that may be picked."""
    wanted = compiled.domain.plans[plan].slots[slot]
    return wanted.table if wanted.where is None else f"{wanted.table}@{slot}"


def plan_tables(compiled: Compiled, plan: str) -> Tables:
    """Every table of the world, and one more for each slot that takes only some of the rows."""
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


def shipped_tables(domain: str, variant: Variant, seed: int, plan: str) -> Tables:
    """`plan_tables` of a shipped domain's world; the last few are kept."""
    return _shipped(domain, variant.model_dump_json(), seed, plan)


@lru_cache(maxsize=MAX_KEPT)
def _shipped(domain: str, variant: str, seed: int, plan: str) -> Tables:
    compiled = compile_shipped(domain, Variant.model_validate_json(variant), seed)
    return plan_tables(compiled, plan)
