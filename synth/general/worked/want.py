"""What a request says of a row, as conditions on the row and on the rows that it points at."""

from collections.abc import Mapping
from dataclasses import dataclass

from data.task import Language
from envs.general import phrases
from envs.general.compiler import Compiled
from envs.general.domain import Table
from envs.general.expr import Value
from envs.general.kinds import Kind
from envs.general.texts import PLACEHOLDER
from synth.general.transact.clues import View
from synth.general.transact.model import Clue
from synth.general.transact.wording import clue_words

MAX_DEPTH = 4


@dataclass(frozen=True)
class Want:
    """A row to be found. `leaves` has a value, or the row pointed at, for each column it speaks of."""

    table: str
    phrase: str
    """How the request says it."""
    leaves: Mapping[str, "Value | Want"]
    row_id: str
    """The row that is meant; it only decides what is looked up, never what is concluded."""
    alone: bool
    """No other row fits."""
    extreme: str = ""
    largest: bool = False

    def plain(self) -> dict[str, Value]:
        """Values that a filter can take."""
        return {n: v for n, v in self.leaves.items() if not isinstance(v, Want) and v is not None}

    def refs(self) -> dict[str, "Want"]:
        return {name: leaf for name, leaf in self.leaves.items() if isinstance(leaf, Want)}

    @property
    def key(self) -> tuple[str, str]:
        return self.table, self.phrase


def wanted(world: Compiled, view: View, clue: Clue) -> Want:
    """The row that a clue points at."""
    table = world.domain.tables[clue.table]
    leaves: dict[str, Value | Want] = {}
    if clue.called:
        leaves |= _called(world, table, clue.row_id, 0)
    for name, value in clue.equals.items():
        leaves[name] = _leaf(world, table, name, value, 0)
    return Want(
        clue.table,
        clue_words(view, clue, world.variant.language),
        leaves,
        clue.row_id,
        True,
        clue.extreme,
        clue.largest,
    )


def _called(world: Compiled, table: Table, row_id: str, depth: int) -> dict[str, Value | Want]:
    """What a row's name says of it."""
    row = world.rows.row(table.name, row_id)
    made: dict[str, Value | Want] = {}
    deeper: dict[str, dict[str, list[str]]] = {}
    for slot in dict.fromkeys(PLACEHOLDER.findall(table.called.of(world.variant.language))):
        head, *rest = slot.split(".")
        if not rest or row[head] is None:
            made[head] = row["id"] if head == "id" else _leaf(world, table, head, row[head], depth)
        else:
            deeper.setdefault(head, {}).setdefault(rest[0], []).append(".".join(rest[1:]))
    for head, steps in deeper.items():
        if isinstance(made.get(head), Want):
            continue
        target = world.domain.tables[table.columns[head].type.table]
        made[head] = _partly(world, target, str(row[head]), steps, depth + 1)
    return made


def _leaf(world: Compiled, table: Table, name: str, value: Value, depth: int) -> "Value | Want":
    column = table.columns[name]
    if column.kind is not Kind.REF or value is None or depth >= MAX_DEPTH:
        return value
    target = world.domain.tables[column.type.table]
    phrase = phrases.called(world, target.name, str(value), world.variant.language)
    leaves = _called(world, target, str(value), depth + 1)
    return Want(target.name, phrase, leaves, str(value), False)


def _partly(
    world: Compiled, table: Table, row_id: str, steps: dict[str, list[str]], depth: int
) -> Want:
    """A row of which only some columns, or columns of rows that it points at, are said."""
    row = world.rows.row(table.name, row_id)
    leaves: dict[str, Value | Want] = {}
    for name, rest in steps.items():
        further = [path.split(".") for path in rest if path]
        if further and row[name] is not None:
            target = world.domain.tables[table.columns[name].type.table]
            inner = {path[0]: [".".join(path[1:])] for path in further}
            leaves[name] = _partly(world, target, str(row[name]), inner, depth + 1)
        else:
            leaves[name] = _leaf(world, table, name, row[name], depth)
    return Want(table.name, _described(world, table, leaves), leaves, row_id, False)


def _described(world: Compiled, table: Table, leaves: Mapping[str, "Value | Want"]) -> str:
    """A noun phrase: "the copy with book Dune"."""
    language = world.variant.language
    said = []
    for name, leaf in leaves.items():
        column = table.columns[name]
        words = (
            leaf.phrase
            if isinstance(leaf, Want)
            else phrases.column_words(world, column, leaf, language)
        )
        said.append((column.label.of(language), words))
    if language is Language.ZH:
        return "、".join(f"{label}为{words}" for label, words in said) + f"的{table.label.zh}"
    return f"the {table.label.en} with " + " and ".join(f"{a} {b}" for a, b in said)
