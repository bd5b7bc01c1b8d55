"""A running world: one SQLite database in memory, read and written by the tools.

Opening one copies the image of its compiled world, so no world sees another's writes. A write either
happens as a whole or not at all.
"""

import sqlite3
from collections.abc import Mapping
from typing import Any, NamedTuple

from data.hashing import derive_rng
from data.task import Language
from envs.general.arithmetic import DIGITS
from envs.general.domain import Action, Column, Delete, Domain, Insert, Table, Update
from envs.general.expr import Row, Value
from envs.general.image import from_sql
from envs.general.kinds import NUMERIC, TEXTUAL, Kind
from envs.general.rows import moments

MAX_INSERTS = 500
"""Rows that one table may gain in an episode."""
MAX_STORED = 2_000
"""Characters of a text that is stored."""
MAX_VALUE = 10**12


class Change(NamedTuple):
    """What a write did to one row; None stands for a row that is not there."""

    table: str
    row_id: str
    before: Row | None
    after: Row | None


class Refused(Exception):
    """A write that may not happen, worded for the agent in the world's language."""


class World:
    """One episode's database. `close` may be called twice."""

    def __init__(
        self,
        domain: Domain,
        image: bytes,
        id_patterns: Mapping[str, str],
        enforced: Mapping[str, bool],
        language: Language,
        seed: int,
    ) -> None:
        self.domain = domain
        self.id_patterns = id_patterns
        self.enforced = enforced
        self.language = language
        self.seed = seed
        self.fixed = moments(domain.spec.today)
        self._db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._db.deserialize(image)
        self._selects = {
            name: f'SELECT {", ".join(_quoted(["id", *(c.name for c in t.stored)]))} FROM "{name}"'
            for name, t in domain.tables.items()
        }
        self._inserted: dict[str, int] = {}
        self._touched: set[tuple[str, str]] = set()
        """Rows that a write has changed, and may have changed back."""

    def close(self) -> None:
        self._db.close()

    def row(self, table: str, row_id: str) -> Row:
        """The row, with its computed columns on demand; `KeyError` if there is none."""
        found = self._db.execute(f'{self._selects[table]} WHERE "id" = ?', (row_id,)).fetchone()
        if found is None:
            raise KeyError(row_id)
        return self._row(table, found)

    def find(self, table: str, row_id: str) -> Row | None:
        """The row; None if there is none."""
        try:
            return self.row(table, row_id)
        except KeyError:
            return None

    def select(self, table: str, equal: Mapping[str, Value]) -> list[Row]:
        columns = self.domain.tables[table].columns
        stored = {c: v for c, v in equal.items() if c == "id" or columns[c].live is None}
        where = " AND ".join(f'"{name}" IS ?' for name in stored)
        sql = self._selects[table] + (f" WHERE {where}" if where else "") + ' ORDER BY "id"'
        rows = [self._row(table, found) for found in self._db.execute(sql, tuple(stored.values()))]
        computed = [(c, v) for c, v in equal.items() if c not in stored]
        return [row for row in rows if all(row[c] == v for c, v in computed)]

    def _row(self, table: str, values: tuple[Value, ...]) -> Row:
        made = self.domain.tables[table]
        row = from_sql(made, values)
        live = [column for column in made.columns.values() if column.live]
        return _Computed(row, live, self) if live else row

    def act(self, action: Action, values: Mapping[str, Value]) -> tuple[Change, ...]:
        """Carries `action` out. Raises `Refused`, and then nothing has changed."""
        self._check_there(action, values)
        scope: dict[str, Any] = {**self.fixed, **values}
        for rule in action.require:
            if not rule.test.run(scope, self):
                raise Refused(rule.otherwise.of(self.language))
        for policy in self.domain.policies.values():
            test = policy.rules.get(action.name)
            if test and self.enforced.get(policy.name) and not test.run(scope, self):
                raise Refused(policy.text.of(self.language))
        self._db.execute("BEGIN")
        inserted = dict(self._inserted)
        changes: list[Change] = []
        try:
            for effect in action.effects:
                if effect.when is None or effect.when.run(scope, self):
                    changes += self._apply(effect, scope)
        except BaseException:
            self._db.execute("ROLLBACK")
            self._inserted = inserted
            raise
        self._db.execute("COMMIT")
        self._touched |= {(change.table, change.row_id) for change in changes}
        return tuple(changes)

    def breaks(self, action: Action, values: Mapping[str, Value]) -> tuple[str, ...]:
        """Names of the policies, enforced or not, that this call would break now.

        Raises `KeyError` if a rule reads a row that is gone.
        """
        scope: dict[str, Any] = {**self.fixed, **values}
        return tuple(
            policy.name
            for policy in self.domain.policies.values()
            if (test := policy.rules.get(action.name)) and not test.run(scope, self)
        )

    def _check_there(self, action: Action, values: Mapping[str, Value]) -> None:
        """Raises `Refused` if a row that the call names is not there."""
        for arg in action.args.values():
            value = values.get(arg.name)
            if arg.type.kind is Kind.REF and value is not None:
                table = self.domain.tables[arg.type.table]
                if self._plain(table.name, str(value)) is None:
                    raise Refused(self._gone(table, str(value)))

    def _gone(self, table: Table, row_id: str) -> str:
        if self.language is Language.ZH:
            return f"没有编号为{row_id}的{table.label.zh}。"
        return f"There is no {table.label.en} {row_id}."

    def _apply(self, effect: Insert | Update | Delete, scope: dict[str, Any]) -> list[Change]:
        if isinstance(effect, Insert):
            return [self._insert(effect, scope)]
        table = self.domain.tables[effect.table]
        changes = []
        for row_id in self._targets(effect, scope):
            before = self._plain(table.name, row_id)
            if before is None:
                raise Refused(self._gone(table, row_id))
            if isinstance(effect, Delete):
                self._check_unused(table, row_id)
                self._db.execute(f'DELETE FROM "{table.name}" WHERE "id" = ?', (row_id,))
                changes.append(Change(table.name, row_id, before, None))
                continue
            bound = {**scope, effect.alias: row_id} if effect.alias else scope
            values = {
                name: self._stored(table.columns[name], expr.run(bound, self))
                for name, expr in effect.set.items()
            }
            pairs = ", ".join(f'"{name}" = ?' for name in values)
            self._db.execute(
                f'UPDATE "{table.name}" SET {pairs} WHERE "id" = ?', (*values.values(), row_id)
            )
            changes.append(Change(table.name, row_id, before, self._plain(table.name, row_id)))
        return changes

    def _targets(self, effect: Update | Delete, scope: dict[str, Any]) -> list[str]:
        if effect.row is not None:
            row_id = effect.row.run(scope, self)
            return [row_id] if row_id is not None else []
        assert effect.where is not None
        return [
            str(row["id"])
            for row in self.select(effect.table, {})
            if effect.where.run({**scope, effect.alias: row["id"]}, self)
        ]

    def _insert(self, effect: Insert, scope: dict[str, Any]) -> Change:
        table = self.domain.tables[effect.table]
        row_id = self._new_id(table)
        row: dict[str, Value] = {"id": row_id}
        for column in table.stored:
            expr = effect.set.get(column.name)
            row[column.name] = self._stored(column, expr.run(scope, self) if expr else None)
        marks = ", ".join("?" * len(row))
        self._db.execute(f'INSERT INTO "{table.name}" VALUES ({marks})', tuple(row.values()))
        scope[f"new_{table.name}"] = row_id
        return Change(table.name, row_id, None, self._plain(table.name, row_id))

    def _new_id(self, table: Table) -> str:
        """A free id that follows from how many rows the table has gained."""
        number = self._inserted.get(table.name, 0)
        if number >= MAX_INSERTS:
            raise Refused(f"{table.plural}: {MAX_INSERTS}")
        self._inserted[table.name] = number + 1
        rng = derive_rng(self.seed, "new", table.name, number)
        pattern = self.id_patterns[table.name]
        while True:
            digits = (str(rng.randint(1, 9)) for _ in pattern)
            made = "".join(next(digits) if c == "#" else c for c in pattern)
            if self.find(table.name, made) is None:
                return made

    def _check_unused(self, table: Table, row_id: str) -> None:
        """Raises `Refused` if another row points at this one."""
        for other in self.domain.tables.values():
            for column in other.refs:
                points = column.type.table == table.name and not column.live
                if points and self.select(other.name, {column.name: row_id}):
                    zh = f"还有{other.label.zh}与之关联，不能删除。"
                    en = f"It still has {other.label.en_plural}, so it cannot be deleted."
                    raise Refused(zh if self.language is Language.ZH else en)

    def _stored(self, column: Column, value: Any) -> Value:
        """`value` as the database keeps it. Raises `Refused` if the column cannot hold it."""
        fits = value is not None or column.type.nullable
        if isinstance(value, str) and column.kind in TEXTUAL:
            fits = len(value) <= MAX_STORED and value.isprintable()
        if column.kind in NUMERIC and value is not None:
            fits = abs(value) <= MAX_VALUE
            value = round(value, 2 if column.kind is Kind.MONEY else DIGITS)
            value = int(value) if column.kind is Kind.INT else value
        if not fits:
            zh = f"{column.label.zh}的值无效。"
            raise Refused(
                zh if self.language is Language.ZH else f"The {column.label.en} is not valid."
            )
        return value  # type: ignore[no-any-return]

    def _plain(self, table: str, row_id: str) -> Row | None:
        """A row's stored columns; None if it is not there."""
        found = self._db.execute(f'{self._selects[table]} WHERE "id" = ?', (row_id,)).fetchone()
        return None if found is None else from_sql(self.domain.tables[table], found)

    def everything(self) -> dict[str, list[Row]]:
        """All rows of all tables as they are stored."""
        return {
            name: [
                from_sql(table, v) for v in self._db.execute(f"{self._selects[name]} ORDER BY 1")
            ]
            for name, table in self.domain.tables.items()
        }

    def diff(self, initial: Mapping[str, Mapping[str, Row]]) -> tuple[Change, ...]:
        """How the stored columns differ from `initial`, by table and id."""
        changes: list[Change] = []
        for name, row_id in sorted(self._touched):
            stored = ["id", *(column.name for column in self.domain.tables[name].stored)]
            first = initial[name].get(row_id)
            before = None if first is None else {column: first[column] for column in stored}
            after = self._plain(name, row_id)
            if before != after:
                changes.append(Change(name, row_id, before, after))
        return tuple(changes)


class _Computed(dict[str, Value]):
    """A row whose computed columns are worked out when first read."""

    def __init__(self, row: dict[str, Value], live: list[Column], world: World) -> None:
        super().__init__(row)
        self._live = {column.name: column for column in live}
        self._world = world

    def __missing__(self, name: str) -> Value:
        column = self._live[name]
        assert column.live is not None
        scope = _Scope(self, self._world.fixed)
        value: Value = column.live.run(scope, self._world)
        self[name] = value
        return value


class _Scope(dict[str, Any]):
    """The variables of a computed column: the row's columns, the row itself, the date."""

    def __init__(self, row: Mapping[str, Value], fixed: Mapping[str, Value]) -> None:
        super().__init__(fixed)
        self["this"] = row["id"]
        self._of = row

    def __missing__(self, name: str) -> Any:
        return self._of[name]


def _quoted(names: list[str]) -> list[str]:
    return [f'"{name}"' for name in names]
