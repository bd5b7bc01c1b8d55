"""The final message of a general task, made of what a person types."""

import json
from collections.abc import Sequence

from pydantic import JsonValue

from data.hashing import canonical_json


def final_message(words: Sequence[str], state: JsonValue) -> str:
    """A JSON value as it is typed; else the report of an errand.

    Of a report, people type the number of declined requests, if any, and the answer to the question,
    if there is one; the changed ids are taken from the world.
    """
    text = " ".join(words)
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if isinstance(value, dict | list):
        return text
    rest = list(words)
    declined = int(rest.pop(0)) if rest and rest[0].isdecimal() else 0
    report: dict[str, JsonValue] = {"changed": _changed(state), "declined": declined}
    if rest:
        report["answer"] = _typed(" ".join(rest))
    return canonical_json(report)


def _changed(state: JsonValue) -> list[JsonValue]:
    changes = state.get("changes") if isinstance(state, dict) else None
    rows = changes if isinstance(changes, list) else []
    return [*sorted({str(row["id"]) for row in rows if isinstance(row, dict)})]


def _typed(text: str) -> JsonValue:
    """A number or truth value if `text` is one, else text."""
    try:
        value: JsonValue = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, bool | int | float) else text
