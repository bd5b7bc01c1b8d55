"""Which rows fit what a request says, as far as is known; and how rows are said to fit."""

from envs.general.expr import Value
from envs.general.kinds import Kind
from synth.general.worked.desk import Desk
from synth.general.worked.known import Equal
from synth.general.worked.want import Want

TELLING = (Kind.NAME, Kind.CODE)


class Fit:
    """Judges rows by what was read; `found` are the rows of wants that are settled."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.known = desk.known
        self.domain = desk.world.domain
        self.found: dict[tuple[str, str], list[str]] = {}

    def fits(self, want: Want, row_id: str) -> bool | None:
        """Whether a row fits; None if too little is known of it."""
        verdicts = [self.holds(want, row_id, name) for name in want.leaves]
        if False in verdicts:
            return False
        return None if None in verdicts else True

    def holds(self, want: Want, row_id: str, name: str) -> bool | None:
        leaf = want.leaves[name]
        if name == "id":
            return row_id == leaf
        if not self.known.has(want.table, row_id, name):
            return None
        value = self.known.cell(want.table, row_id, name)
        if not isinstance(leaf, Want):
            return value == leaf
        if value is None:
            return False
        if leaf.key in self.found:
            return value in self.found[leaf.key]
        return self.fits(leaf, str(value))

    def has(self, want: Want, row_id: str, name: str) -> bool:
        return name == "id" or self.known.has(want.table, row_id, name)

    def single(self, want: Want) -> bool:
        """Whether the first row that fits is the only one."""
        if want.alone or self.telling(want):
            return True
        equal = {
            n: leaf.row_id if isinstance(leaf, Want) else leaf for n, leaf in want.leaves.items()
        }
        return self.count(want, equal) == 1

    def telling(self, want: Want) -> dict[str, Value]:
        """A name or code that is said of the row, which no other row has."""
        for name, value in want.plain().items():
            column = self.domain.tables[want.table].columns.get(name)
            if column and (column.kind in TELLING or column.spec.unique):
                return {name: value}
        return {}

    def rows(self, want: Want) -> dict[str, dict[str, Value]]:
        return self.known.rows[want.table]

    def count(self, want: Want, equal: Equal) -> int:
        """How many rows a search would show, which nobody knows before: it only orders the ways."""
        return len(list(self.desk.world.rows.select(want.table, equal)))

    def said(self, table: str, equal: Equal) -> str:
        return self.desk.words.listed(
            [f"{self.desk.shown(table, name)} {shown(value)}" for name, value in equal.items()]
        )


def shown(value: Value) -> str:
    """A value as tools write it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
