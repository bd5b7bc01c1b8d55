"""What has been read so far: cells of rows, and which listings are complete.

It is a `Store` of expressions. What an expression needs and nobody has read is raised as `Unread`, so
that running a rule over it says what to read next.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from envs.general.domain import Domain
from envs.general.expr import Row, Value
from envs.general.reads import Reader
from envs.general.surface import id_name

Equal = Mapping[str, Value]


class Unread(Exception):
    """A value that has not been read: `column` of one row, or the rows that `equal` picks."""

    def __init__(self, table: str, row_id: str = "", column: str = "", equal: Equal | None = None):
        super().__init__(table, row_id, column, equal)
        self.table = table
        self.row_id = row_id
        self.column = column
        self.equal: Equal = equal or {}


class Known:
    """Everything that observations have shown of one world."""

    def __init__(self, domain: Domain, reader: Reader) -> None:
        self.domain = domain
        self.rows: dict[str, dict[str, dict[str, Value]]] = {name: {} for name in domain.tables}
        self._listed: dict[str, list[tuple[Equal, frozenset[str]]]] = {n: [] for n in domain.tables}
        self._written: set[str] = set()
        """Ids of rows that a write has reported: a listing from before may lack them."""
        self._columns = {
            table: {shown: column for column, shown in names.items()}
            for table, names in reader.names.items()
        }

    def note(self, table: str, shown: Mapping[str, Any]) -> str:
        """Keeps what a tool shows of a row, and returns the row's id."""
        made = self.domain.tables[table]
        row_id = str(shown[id_name(made)])
        cells = self.rows[table].setdefault(row_id, {"id": row_id})
        if made.key:
            cells[made.key] = row_id
        columns = self._columns[table]
        cells.update({columns[name]: v for name, v in shown.items() if name in columns})
        return row_id

    def note_change(self, change: Mapping[str, Any]) -> tuple[str, str]:
        """Keeps what a write reports of one row: what was done, and the row's id."""
        ((verb, shown),) = change.items()
        if verb != "deleted":
            self._written.add(self.note(str(shown["type"]), shown))
            return verb, str(shown[id_name(self.domain.tables[str(shown["type"])])])
        ((name, row_id),) = shown.items()
        for table in self.domain.tables.values():
            if id_name(table) == name:
                self.rows[table.name].pop(str(row_id), None)
        return verb, str(row_id)

    def forget_computed(self) -> None:
        """After a write, computed columns may have moved."""
        for table in self.domain.tables.values():
            live = [column.name for column in table.columns.values() if column.live]
            for cells in self.rows[table.name].values():
                for name in live:
                    cells.pop(name, None)

    def note_listed(self, table: str, equal: Equal, ids: Iterable[str]) -> None:
        """`ids` are all the rows that `equal` picks."""
        self._listed[table].append((dict(equal), frozenset(ids)))

    def listed(self, table: str, equal: Equal) -> frozenset[str] | None:
        """Among which rows those that `equal` picks are; None if they have not been shown."""
        found = [
            ids
            for listed, ids in self._listed[table]
            if all(name in equal and equal[name] == value for name, value in listed.items())
        ]
        return min(found, key=len) if found else None

    def cell(self, table: str, row_id: str, column: str) -> Value:
        """Raises `Unread`."""
        cells = self.rows[table].get(row_id, {})
        if column not in cells:
            raise Unread(table, row_id, column)
        return cells[column]

    def has(self, table: str, row_id: str, column: str) -> bool:
        return column in self.rows[table].get(row_id, {})

    def row(self, table: str, row_id: str) -> Row:
        return _Cells(self, table, row_id)

    def select(self, table: str, equal: Equal) -> list[Row]:
        """Raises `Unread` unless all of them have been shown."""
        among = self.listed(table, equal)
        if among is None:
            raise Unread(table, equal=equal)
        rows = self.rows[table]
        ids = sorted(row_id for row_id in rows if row_id in among or row_id in self._written)
        return [
            self.row(table, row_id)
            for row_id in ids
            if all(self.cell(table, row_id, name) == value for name, value in equal.items())
        ]


class _Cells(Mapping[str, Value]):
    """One row as far as it is known."""

    def __init__(self, known: Known, table: str, row_id: str) -> None:
        self._known, self._table, self._id = known, table, row_id

    def __getitem__(self, name: str) -> Value:
        return self._id if name == "id" else self._known.cell(self._table, self._id, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._known.rows[self._table].get(self._id, ()))

    def __len__(self) -> int:
        return len(self._known.rows[self._table].get(self._id, ()))
