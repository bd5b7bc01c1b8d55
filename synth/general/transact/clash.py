"""Tells whether two requests want what nobody wants at once, such as one row with two values."""

from data.hashing import canonical_json
from envs.general.compiler import Compiled
from envs.general.expr import Value
from envs.general.kinds import NUMERIC, Kind
from envs.general.world import Change, Refused
from synth.general.transact.model import Goal

Cell = tuple[str, str, str]


def contradict(world: Compiled, one: Goal, other: Goal) -> bool:
    """True if both ask the same of the same rows, or leave one row in two states.

    Sums and counts do not contradict each other: two loans both add to what a member has borrowed.
    """
    if one.action == other.action and _rows(world, one) == _rows(world, other):
        return True
    first, second = (_written(world, goal) for goal in (one, other))
    if any(first[cell] != second[cell] for cell in first.keys() & second.keys()):
        return True
    gone = {cell[:2] for cell in (*first, *second) if not cell[2]}
    return any(cell[:2] in gone for cell in (*first, *second) if cell[2])


def _rows(world: Compiled, goal: Goal) -> str:
    """The rows that a goal names; all its values if it names none."""
    args = world.domain.actions[goal.action].args
    named = {name: v for name, v in goal.values.items() if args[name].type.kind is Kind.REF}
    return canonical_json(named or goal.values)


def _written(world: Compiled, goal: Goal) -> dict[Cell, Value]:
    """What a goal alone, forbidden or not, writes into rows that are there; "" for a deletion."""
    opened = world.open(lenient=True)
    try:
        changes = opened.act(world.domain.actions[goal.action], goal.values)
    except (Refused, KeyError):
        return {}
    finally:
        opened.close()
    written: dict[Cell, Value] = {}
    for change in changes:
        written |= _cells(world, change)
    return written


def _cells(world: Compiled, change: Change) -> dict[Cell, Value]:
    table, row_id, before, after = change
    if before is None:
        return {}
    if after is None:
        return {(table, row_id, ""): None}
    columns = world.domain.tables[table].columns
    return {
        (table, row_id, name): value
        for name, value in after.items()
        if value != before[name] and columns[name].kind not in NUMERIC
    }
