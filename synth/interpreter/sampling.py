"""Which rows and columns of a source a task's files hold, and how they are written."""

from random import Random

from envs.interpreter.files.recipe import (
    ColumnPick,
    FactsRecipe,
    Format,
    Sample,
    TableRecipe,
)
from envs.interpreter.files.tables import Table, source_table
from synth.interpreter.catalogue import Facts, Role, TableInfo

MAX_ROWS = 1200


def sample_of(info: TableInfo, rng: Random) -> Sample:
    num_rows = source_table(info.source).num_rows
    share = rng.uniform(0.75, 0.92)
    wanted = min(round(num_rows * share), rng.randint(300, MAX_ROWS))
    seed = f"{rng.getrandbits(64):016x}"
    if info.panel:
        return Sample(seed=seed, rows=wanted, by=info.column(info.panel[0]).source)
    return Sample(seed=seed, rows=wanted, span=bool(info.series))


def recipe_of(info: TableInfo, sample: Sample, form: Format) -> TableRecipe:
    picks = tuple(ColumnPick(source=c.source, name=c.name) for c in info.columns)
    fixed = {Role.ID, Role.KEY}
    times = {info.series, *(info.panel or ())}
    keys = {facts.key for facts in info.facts}
    loose = tuple(
        c.source
        for c in info.columns
        if c.role not in fixed and c.name not in times and c.name not in keys
    )
    sample = sample.model_copy(update={"loose": loose})
    return TableRecipe(source=info.source, columns=picks, sample=sample, format=form)


def lookup_of(info: TableInfo, facts: Facts) -> FactsRecipe:
    key = info.column(facts.key)
    return FactsRecipe(
        source=info.source,
        key=ColumnPick(source=key.source, name=key.name),
        columns=tuple(ColumnPick(source=c.source, name=c.name) for c in facts.columns),
    )


def joined_table(table: Table, facts: Facts, lookup: Table) -> Table:
    """The table with the columns of the lookup beside, as a question writer sees it."""
    rows_of = {row[0]: row[1:] for row in lookup.rows()}
    nothing = (None,) * len(facts.columns)
    found = [rows_of.get(key, nothing) for key in table.column(facts.key)]
    columns = tuple(list(column) for column in zip(*found, strict=True))
    return Table((*table.names, *lookup.names[1:]), (*table.columns, *columns))


def suffix(form: Format) -> str:
    return {Format.SEMICOLON: "csv", Format.SQLITE: "db"}.get(form, form.value)
