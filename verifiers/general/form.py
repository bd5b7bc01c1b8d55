"""The form of a plan that is handed in: which JSON it is, and how one is read from a message.

Reading is forgiving about what means nothing (order of keys, space, text and fences around it, 1 or
1.0, case and width of names) and strict about the rest: one answer, all of its keys, no others.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field as About
from pydantic import JsonValue

from data.hashing import canonical_json
from data.record import Record
from verifiers.general.constraints import PlanProblem, Scalar
from verifiers.general.tables import Tables, folded
from verifiers.messages import MAX_MESSAGE_CHARS, Malformed, outermost

MAX_SHOWN = 60


class Fixed(Record):
    """A value that the request gives, such as the number of a day."""

    kind: Literal["fixed"] = "fixed"
    value: Scalar


class Pick(Record):
    """The name or key of the row that fills a slot."""

    kind: Literal["pick"] = "pick"
    slot: str


class Object(Record):
    kind: Literal["object"] = "object"
    fields: dict[str, "Form"] = About(min_length=1)


class Items(Record):
    """A list; items that carry a fixed value may come in any order."""

    kind: Literal["items"] = "items"
    items: tuple["Form", ...] = About(min_length=1)


Form = Annotated[Fixed | Pick | Object | Items, About(discriminator="kind")]
Object.model_rebuild()
Items.model_rebuild()


def example(form: Form, shown: Mapping[str, JsonValue]) -> JsonValue:
    """The JSON of `form` with `shown` in its slots."""
    match form:
        case Fixed():
            return form.value
        case Pick():
            return shown[form.slot]
        case Object():
            return {key: example(part, shown) for key, part in form.fields.items()}
        case Items():
            return [example(part, shown) for part in form.items]


def read_picks(message: str, form: Object | Items) -> dict[str, str]:
    """What the only answer in `message` puts into each slot; raises `Malformed`."""
    if len(message) > MAX_MESSAGE_CHARS:
        raise Malformed(f"the answer is longer than {MAX_MESSAGE_CHARS} characters")
    found = {canonical_json(value): value for value in _answers(message, form)}
    wanted = "JSON object" if isinstance(form, Object) else "JSON list of objects"
    if len(found) != 1:
        raise Malformed(f"the answer must hold exactly one {wanted}, found {len(found)}")
    (value,) = found.values()
    return dict(_picks(value, form, "the answer"))


def read_plan(
    message: str, form: Object | Items, problem: PlanProblem, tables: Tables
) -> dict[str, Scalar]:
    """The key of the row in each slot; raises `Malformed` for names that are nobody's too."""
    plan: dict[str, Scalar] = {}
    for slot, given in read_picks(message, form).items():
        table = problem.table_of(slot)
        keys = tables.called(table, given)
        if len(keys) != 1:
            many = "there is nothing to choose" if not keys else f"{len(keys)} are"
            raise Malformed(f"{slot}: {many} called {ascii(given[:MAX_SHOWN])}")
        plan[slot] = keys[0]
    return plan


def _picks(value: JsonValue, form: Form, where: str) -> Iterator[tuple[str, str]]:
    match form:
        case Fixed():
            if not _alike(value, form.value):
                raise Malformed(f"{where} must be {json.dumps(form.value, ensure_ascii=False)}")
        case Pick():
            if isinstance(value, bool | float) or not isinstance(value, str | int):
                raise Malformed(f"{where} must be one name")
            yield form.slot, str(value)
        case Object():
            for key, part in form.fields.items():
                place = key if where == "the answer" else f"{where}.{key}"
                yield from _picks(_fields(value, form, where)[key], part, place)
        case Items():
            if not isinstance(value, list) or len(value) != len(form.items):
                raise Malformed(f"{where} must be a list of {len(form.items)}")
            for number, (item, part) in enumerate(_paired(value, form), start=1):
                yield from _picks(item, part, f"item {number}")


def _fields(value: JsonValue, form: Object, where: str) -> dict[str, JsonValue]:
    if not isinstance(value, dict) or set(value) != set(form.fields):
        keys = ", ".join(form.fields)
        raise Malformed(f"{where} must be an object with the keys {keys}, no others")
    return value


def _paired(value: list[JsonValue], form: Items) -> list[tuple[JsonValue, Form]]:
    """Each form with the item that carries its fixed values, else with the one in its place."""
    left = list(value)
    pairs: list[tuple[JsonValue, Form]] = []
    for part in form.items:
        own = next((item for item in left if _carries(item, part)), None)
        if own is None:
            return list(zip(value, form.items, strict=True))
        left.remove(own)
        pairs.append((own, part))
    return pairs


def _carries(item: JsonValue, form: Form) -> bool:
    if not isinstance(item, dict) or not isinstance(form, Object):
        return False
    fixed = {key: part.value for key, part in form.fields.items() if isinstance(part, Fixed)}
    return bool(fixed) and all(_alike(item.get(key), value) for key, value in fixed.items())


def _alike(given: JsonValue, fixed: Scalar) -> bool:
    if isinstance(given, bool) or given is None or isinstance(given, list | dict):
        return given is fixed
    if isinstance(given, str):
        return folded(given) == folded(str(fixed))
    return not isinstance(fixed, str | bool) and given == fixed


def _answers(message: str, form: Object | Items) -> Iterator[JsonValue]:
    """Every outermost JSON value in `message` that could be the answer."""
    for value in outermost(message, "[{"):
        if isinstance(value, dict) if isinstance(form, Object) else _is_list_of_objects(value):
            yield value


def _is_list_of_objects(value: JsonValue) -> bool:
    """Other lists in a text, such as [1], are no answers."""
    return isinstance(value, list) and bool(value) and all(isinstance(i, dict) for i in value)
