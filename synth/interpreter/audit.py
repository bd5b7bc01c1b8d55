"""Ways around the work: what one look at the raw table tells."""

from typing import Any

from pydantic import JsonValue

from data.task import JsonObject
from envs.interpreter.files.tables import Table
from synth.interpreter.compute import Computed
from synth.interpreter.engines import same
from synth.interpreter.plan import Plan
from synth.parts import Finding

MAX_COUNTED = 60
"""Different texts up to which `value_counts` is read."""


def shortcut(plan: Plan, shown: Computed, hidden: Computed) -> Finding:
    """No single look at the raw table gives the answer, on both editions."""
    first = _trivial(shown.tables[plan.pipeline.file])
    second = _trivial(hidden.tables[plan.pipeline.file])
    evidence: JsonObject = {"aggregates": len(first), "steps": len(plan.pipeline.steps)}
    pairs = [_numbers(_heights(plan, computed.value)) for computed in (shown, hidden)]
    for mine, other in zip(*pairs, strict=False):
        for name, value in first.items():
            if same(mine, value, 1e-4) and same(other, second.get(name), 1e-4):
                return Finding("trivial_aggregate", {**evidence, "aggregate": name})
    return Finding("", evidence)


def _heights(plan: Plan, value: JsonValue) -> JsonValue:
    """The value, but of a figure only what its marks measure: edges and years are given."""
    if plan.asked.figure is None or not isinstance(value, list):
        return value
    return [row[-1] for row in value if isinstance(row, list)]


def _numbers(value: JsonValue) -> list[float]:
    match value:
        case bool() | str() | None:
            return []
        case int() | float():
            return [float(value)]
        case list():
            return [number for one in value for number in _numbers(one)]
    return []


def _trivial(table: Table) -> dict[str, float]:
    """What `describe`, `sum`, `nunique`, `value_counts`, `corr` and `len` say of the raw table."""
    import numpy

    found: dict[str, float] = {"rows": table.num_rows}
    numeric: dict[str, Any] = {}
    for name, column in zip(table.names, table.columns, strict=True):
        known = [cell for cell in column if cell is not None]
        found[f"count {name}"] = len(known)
        found[f"nunique {name}"] = len(set(known))
        numbers = [cell for cell in known if isinstance(cell, int | float)]
        if numbers:
            array = numpy.array(numbers, dtype=float)
            quarters = numpy.quantile(array, (0, 0.25, 0.5, 0.75, 1)).tolist()
            found |= {f"quarter {n} {name}": value for n, value in enumerate(quarters)}
            found |= {f"sum {name}": float(array.sum()), f"mean {name}": float(array.mean())}
            if len(numbers) > 1:
                found[f"std {name}"] = float(array.std(ddof=1))
            if len(numbers) == table.num_rows:
                numeric[name] = array
        elif len(set(known)) <= MAX_COUNTED:
            counts = {cell: known.count(cell) for cell in set(known)}
            found |= {f"{name} = {cell}": count for cell, count in counts.items()}
            whole = table.num_rows / 100
            found |= {f"share {name} = {cell}": count / whole for cell, count in counts.items()}
    if len(numeric) > 1 and table.num_rows > 2:
        with numpy.errstate(all="ignore"):
            matrix = numpy.corrcoef(numpy.array(list(numeric.values())))
        for i, one in enumerate(numeric):
            found |= {f"corr {one} {two}": float(matrix[i, j]) for j, two in enumerate(numeric)}
    return found
