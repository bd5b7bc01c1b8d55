"""Python values as JSON: what a rerun brings back of a variable.

The forms are those of `envs.interpreter.rerun.Rerun.value`.
"""

# mypy: disable-error-code="import-untyped"

import datetime
import decimal
import fractions
import json
import math
from collections.abc import Callable
from typing import Any

import numpy
import pandas

MAX_DEPTH = 20
"""Of lists in lists."""


def plain(value: Any, depth: int = 0) -> Any:
    """`value` in its JSON form; raises `TypeError` or `ValueError` if it has none."""
    if depth > MAX_DEPTH:
        raise ValueError("nested too deeply")
    if value is None or value is pandas.NaT or value is pandas.NA:
        return None
    for kinds, convert in CONVERTERS:
        if isinstance(value, kinds):
            return convert(value, depth + 1)
    if hasattr(value, "__array__"):
        return plain(numpy.asarray(value).tolist(), depth + 1)
    raise TypeError(f"its type is {type(value).__name__}")


def _number(value: Any, _depth: int) -> float | None:
    number = float(value)
    if math.isinf(number):
        raise ValueError("infinite")
    return None if math.isnan(number) else number


def _table(value: Any, depth: int) -> dict[str, Any]:
    return {
        "columns": plain(value.columns.tolist(), depth),
        "index": plain(value.index.tolist(), depth),
        "rows": [plain(list(row), depth) for row in value.itertuples(index=False)],
    }


def _series(value: Any, depth: int) -> dict[str, Any]:
    return {"index": plain(value.index.tolist(), depth), "values": plain(value.tolist(), depth)}


def _set(value: Any, depth: int) -> list[Any]:
    items = [plain(item, depth) for item in value]
    return sorted(items, key=lambda item: json.dumps(item, sort_keys=True))


def _key(key: Any) -> str:
    simple = plain(key)
    return simple if isinstance(simple, str) else json.dumps(simple)


CONVERTERS: list[tuple[Any, Callable[[Any, int], Any]]] = [
    (bool | numpy.bool_, lambda value, _: bool(value)),
    (int | numpy.integer, lambda value, _: int(value)),
    (float | numpy.floating | decimal.Decimal | fractions.Fraction, _number),
    (str, lambda value, _: str(value)),
    (datetime.date | datetime.time, lambda value, _: value.isoformat()),
    (numpy.datetime64, lambda value, depth: plain(pandas.Timestamp(value), depth)),
    (
        datetime.timedelta | numpy.timedelta64,
        lambda value, _: pandas.Timedelta(value).total_seconds(),
    ),
    (pandas.DataFrame, _table),
    (pandas.Series, _series),
    (pandas.Index | numpy.ndarray, lambda value, depth: plain(value.tolist(), depth)),
    (dict, lambda value, depth: {_key(key): plain(item, depth) for key, item in value.items()}),
    (set | frozenset, _set),
    (list | tuple | range, lambda value, depth: [plain(item, depth) for item in value]),
]
