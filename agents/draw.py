"""Random values that a JSON Schema accepts, for the random policy.

Covers what tool schemas use. A pattern or format is not followed: such a value may be refused by
the tool, which is an observation like any other. A schema that refers to itself needs a way out.
"""

import math
from collections.abc import Sequence
from random import Random
from typing import cast

from pydantic import JsonValue

from data.task import JsonObject

MAX_ITEMS = 3
"""Items or optional properties drawn beyond the least that a schema asks for."""

SPAN = 100
"""Numbers without a bound on one side are drawn this far from the other, or from 0."""


def arguments(schema: JsonObject, words: Sequence[str], rng: Random) -> JsonObject:
    """Arguments for a tool with parameters `schema`; free strings are made of `words`."""
    return _object(schema, schema, words, rng)


def _value(schema: JsonObject, root: JsonObject, words: Sequence[str], rng: Random) -> JsonValue:
    schema = _resolved(schema, root, rng)
    if "const" in schema:
        return schema["const"]
    if isinstance(options := schema.get("enum"), list):
        return rng.choice(options)
    kind = schema.get("type", "object" if "properties" in schema else "string")
    match rng.choice(kind) if isinstance(kind, list) else kind:
        case "null":
            return None
        case "boolean":
            return rng.random() < 0.5
        case "integer":
            return _integer(schema, rng)
        case "number":
            return _number(schema, rng)
        case "array":
            least, most = _sizes(schema, "Items", MAX_ITEMS)
            items = cast(JsonObject, schema.get("items", {}))
            return [_value(items, root, words, rng) for _ in range(rng.randint(least, most))]
        case "object":
            return _object(schema, root, words, rng)
        case _:
            return _string(schema, words, rng)


def _resolved(schema: JsonObject, root: JsonObject, rng: Random) -> JsonObject:
    """`schema` with local references followed and one branch of each union chosen."""
    while True:
        if isinstance(ref := schema.get("$ref"), str):
            target: JsonValue = root
            for part in ref.removeprefix("#/").split("/"):
                target = cast(JsonObject, target)[part]
            schema = cast(JsonObject, target)
        elif isinstance(branches := schema.get("anyOf", schema.get("oneOf")), list):
            schema = cast(JsonObject, rng.choice(branches))
        else:
            return schema


def _object(schema: JsonObject, root: JsonObject, words: Sequence[str], rng: Random) -> JsonObject:
    properties = cast(dict[str, JsonObject], schema.get("properties", {}))
    required = cast(list[str], schema.get("required", []))
    chosen = [name for name in properties if name in required or rng.random() < 0.5]
    return {name: _value(properties[name], root, words, rng) for name in chosen}


def _string(schema: JsonObject, words: Sequence[str], rng: Random) -> str:
    least, most = _sizes(schema, "Length", 40)
    text = " ".join(rng.choice(words) for _ in range(rng.randint(1, 3))) if words else "x"
    return (text * math.ceil(max(least, 1) / len(text)))[:most]


def _integer(schema: JsonObject, rng: Random) -> int:
    low, high = _bounds(schema, edge=1)
    step = cast(int, schema.get("multipleOf", 1))
    least = math.ceil(low / step)
    return step * rng.randint(least, max(least, math.floor(high / step)))


def _number(schema: JsonObject, rng: Random) -> float:
    low, high = _bounds(schema, edge=1e-6)
    drawn = rng.uniform(low, high)
    return min(max(round(drawn, 2), low), high) if high - low > 1 else drawn


def _bounds(schema: JsonObject, edge: float) -> tuple[float, float]:
    """Least and greatest number, both included; `edge` keeps off an exclusive bound."""
    low = cast(float | None, schema.get("minimum"))
    high = cast(float | None, schema.get("maximum"))
    if (above := cast(float | None, schema.get("exclusiveMinimum"))) is not None:
        low = above + edge
    if (below := cast(float | None, schema.get("exclusiveMaximum"))) is not None:
        high = below - edge
    if low is None:
        low = 0 if high is None or high > 0 else high - SPAN
    return low, low + SPAN if high is None else high


def _sizes(schema: JsonObject, of: str, beyond: int) -> tuple[int, int]:
    least = cast(int, schema.get(f"min{of}", 0))
    most = cast(int, schema.get(f"max{of}", least + beyond))
    return least, min(most, least + beyond)
