"""Plain tables that constraints are about: rows by key, and which fields refer to which table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from unicodedata import normalize

from verifiers.general.constraints import Scalar

Row = Mapping[str, Scalar | None]


@dataclass(frozen=True)
class Table:
    """Rows with a key that no two share; `refs` maps a field to the table whose keys it holds.

    `name` is the field by which people know a row; it may be empty, and rows may share names.
    """

    key: str
    rows: Sequence[Row]
    refs: Mapping[str, str] = field(default_factory=dict)
    name: str = ""


class Tables:
    """The tables of one world, indexed as constraints need them. Rows are never changed."""

    def __init__(self, tables: Mapping[str, Table]) -> None:
        self.tables = tables
        self._by_key: dict[str, dict[Scalar | None, Row]] = {}
        self._by_fields: dict[tuple[str, tuple[str, ...]], dict[tuple[Scalar | None, ...], Row]]
        self._by_fields = {}
        self._by_name: dict[str, dict[str, list[Scalar]]] = {}

    def keys(self, table: str) -> list[Scalar]:
        """Keys of all rows, in the order of the rows."""
        found = self.tables[table]
        keys = [row[found.key] for row in found.rows]
        return [key for key in keys if key is not None]

    def row(self, table: str, key: Scalar | None) -> Row | None:
        """The row of `table` with this key; None if there is none."""
        rows = self._by_key.get(table)
        if rows is None:
            found = self.tables[table]
            rows = {row[found.key]: row for row in found.rows}
            assert len(rows) == len(found.rows), f"two rows of {table} share a key"
            self._by_key[table] = rows
        return rows.get(key)

    def value(self, table: str, key: Scalar | None, path: Sequence[str]) -> Scalar | None:
        """What stands at the end of `path` from a row; null where a row or a field is missing."""
        for step in path:
            row = self.row(table, key)
            if row is None:
                return None
            table, key = self.tables[table].refs.get(step, ""), row.get(step)
        return key

    def called(self, table: str, given: str) -> list[Scalar]:
        """Keys of the rows that `given` names, by key or by name, however it is spelt."""
        known = self._by_name.get(table)
        if known is None:
            known = self._by_name[table] = {}
            found = self.tables[table]
            for row, key in zip(found.rows, self.keys(table), strict=True):
                for said in {folded(str(key)), folded(str(row.get(found.name, key)))}:
                    known.setdefault(said, []).append(key)
        exactly = [
            key for key in known.get(folded(given), ()) if self._is_called(table, key, given)
        ]
        return exactly or known.get(folded(given), [])

    def shown(self, table: str, key: Scalar) -> str:
        """The row's name where that is nobody else's, else its key."""
        row = self.row(table, key)
        assert row is not None
        name = row.get(self.tables[table].name)
        unique = isinstance(name, str) and self.called(table, name) == [key]
        return str(name) if unique else str(key)

    def _is_called(self, table: str, key: Scalar, given: str) -> bool:
        row = self.row(table, key)
        return row is not None and given in (key, row.get(self.tables[table].name))

    def lookup(
        self, table: str, fields: tuple[str, ...], values: tuple[Scalar | None, ...]
    ) -> Row | None:
        """The only row whose `fields` have these values, which are not null; None without one."""
        index = self._by_fields.get((table, fields))
        if index is None:
            rows = self.tables[table].rows
            index = {tuple(row.get(name) for name in fields): row for row in rows}
            assert len(index) == len(rows), f"{', '.join(fields)} do not identify a row of {table}"
            self._by_fields[table, fields] = index
        return None if None in values else index.get(values)

    def path_table(self, table: str, path: Sequence[str]) -> str:
        """The table whose keys stand at the end of `path`; empty if no keys do."""
        for step in path:
            table = self.tables[table].refs.get(step, "")
            if not table:
                return ""
        return table


def folded(text: str) -> str:
    """`text` without case, width, repeated spaces and the marks that go around titles."""
    plain = " ".join(normalize("NFKC", text).casefold().split())
    return plain.strip("\"'\u2018\u2019\u201c\u201d\u300a\u300b\u300c\u300d ") or plain
