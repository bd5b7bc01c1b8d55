"""Rows of a file: real ones for the agent, and for the verifier others of the same shape."""

from data.errors import TaskError
from data.hashing import derive_rng
from envs.interpreter.files.recipe import FactsRecipe, Sample, TableRecipe
from envs.interpreter.files.tables import Cell, Table, source_table


def clean_table(recipe: TableRecipe | FactsRecipe) -> Table:
    """The table before dirt; raises `TaskError` if the source lacks what the recipe names."""
    whole = source_table(recipe.source)
    picks = recipe.columns
    if isinstance(recipe, FactsRecipe):
        picks = (recipe.key, *picks)
    missing = [pick.source for pick in picks if pick.source not in whole.names]
    if missing:
        raise TaskError(f"{recipe.source} no longer has the columns {', '.join(missing)}")
    names = tuple(pick.name for pick in picks)
    columns = tuple(whole.column(pick.source) for pick in picks)
    if isinstance(recipe, FactsRecipe):
        return _facts(names, columns)
    loose = [pick.source in recipe.sample.loose for pick in picks]
    chosen = _chosen(whole, recipe.sample)
    return Table(names, _shaken(columns, chosen, recipe.sample, loose))


def _chosen(whole: Table, sample: Sample) -> list[int]:
    """Row numbers, in the order of the source."""
    num_rows = whole.num_rows
    rng = derive_rng("sample", sample.seed)
    if sample.span:
        start = rng.randint(0, max(0, num_rows - sample.rows))
        return list(range(start, min(num_rows, start + sample.rows)))
    if not sample.by:
        return sorted(rng.sample(range(num_rows), min(sample.rows, num_rows)))
    of: dict[Cell, list[int]] = {}
    for row, cell in enumerate(whole.column(sample.by)):
        of.setdefault(cell, []).append(row)
    entities = [rows for cell, rows in of.items() if cell is not None]
    rng.shuffle(entities)
    chosen: list[int] = []
    for rows in entities:
        if len(chosen) < sample.rows:
            chosen += rows
    return sorted(chosen)


def _shaken(
    columns: tuple[list[Cell], ...], chosen: list[int], sample: Sample, loose: list[bool]
) -> tuple[list[Cell], ...]:
    """The chosen cells. Each column shakes on a stream of its own."""
    out = []
    for number, column in enumerate(columns):
        cells = [column[row] for row in chosen]
        if sample.shake and loose[number]:
            stream = derive_rng("shake", sample.seed, number)
            cells = [
                stream.choice(column) if stream.random() < sample.shake else cell for cell in cells
            ]
        out.append(cells)
    return tuple(out)


def _facts(names: tuple[str, ...], columns: tuple[list[Cell], ...]) -> Table:
    """One row a key, the first that the source has; keys without a value are left out."""
    found: dict[str, tuple[Cell, ...]] = {}
    for row in zip(*columns, strict=True):
        if row[0] is not None and None not in row:
            found.setdefault(str(row[0]), row)
    rows = [found[key] for key in sorted(found)]
    return Table(names, tuple(list(column) for column in zip(*rows, strict=True)))
