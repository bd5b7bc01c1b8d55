"""Evaluator two: the same queries compiled to SQL and run by SQLite.

It shares no evaluation code with `sets`: a bug in one shows as a disagreement. Each node becomes a
common table expression of entity numbers that its parent's clues refer to, so every part is
computed once and the nesting of a statement does not grow with the depth of the question.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path

from data.sources.base import Entity, Fact, Relation, ValueKind
from synth.search.query import (
    Answer,
    Category,
    Clue,
    Count,
    Difference,
    Direction,
    Entities,
    Exclude,
    Extreme,
    HowMany,
    Initials,
    Link,
    Loop,
    Node,
    Offset,
    Query,
    Range,
    Step,
)

_AFFINITY = {
    ValueKind.ENTITY: "INTEGER",
    ValueKind.CATEGORY: "TEXT",
    ValueKind.NAME: "TEXT",
    ValueKind.YEAR: "REAL",
    ValueKind.NUMBER: "REAL",
}


def build_facts(
    path: Path,
    relations: Mapping[str, Relation],
    entities: Mapping[str, Entity],
    facts: Iterable[Fact],
) -> None:
    """Writes the facts to a new SQLite file, one table a relation, indexed both ways."""
    number = {entity: i for i, entity in enumerate(entities)}
    tables = {name: f"r{i}" for i, name in enumerate(sorted(relations))}
    rows: dict[str, list[tuple[int, object]]] = {name: [] for name in relations}
    for fact in facts:
        is_entity = relations[fact.relation].value is ValueKind.ENTITY
        value = number[str(fact.object)] if is_entity else fact.object
        rows[fact.relation].append((number[fact.subject], value))
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA journal_mode = OFF")
        db.execute("PRAGMA synchronous = OFF")
        db.execute("CREATE TABLE entity (i INTEGER PRIMARY KEY, id TEXT, type TEXT, name TEXT)")
        db.executemany(
            "INSERT INTO entity VALUES (?, ?, ?, ?)",
            ((i, e.id, e.type, e.name) for i, e in enumerate(entities.values())),
        )
        db.execute("CREATE INDEX entity_id ON entity (id)")
        db.execute("CREATE TABLE relation (name TEXT PRIMARY KEY, tab TEXT)")
        db.executemany("INSERT INTO relation VALUES (?, ?)", tables.items())
        for name, table in tables.items():
            affinity = _AFFINITY[relations[name].value]
            db.execute(
                f"CREATE TABLE {table} (s INTEGER, o {affinity}, PRIMARY KEY (s, o)) WITHOUT ROWID"
            )
            db.executemany(f"INSERT OR IGNORE INTO {table} VALUES (?, ?)", rows[name])
            db.execute(f"CREATE INDEX {table}_o ON {table} (o, s)")
            for column in "so":
                db.execute(
                    f"CREATE TABLE {table}_n{column} AS "
                    f"SELECT {column} AS x, COUNT(*) AS n FROM {table} GROUP BY {column}"
                )
        db.execute("ANALYZE")
    db.close()


class SqlEvaluator:
    """Answers queries from a file that `build_facts` wrote; opened read-only."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
        self._tables: dict[str, str] = dict(self._db.execute("SELECT name, tab FROM relation"))

    def close(self) -> None:
        self._db.close()

    def answer(self, query: Query) -> Answer:
        """What the query asks for; empty when its subject does not exist or is not unique."""
        ask = query.ask
        root = _Sql(self._tables)
        members = root.node(query.root)
        if isinstance(ask, Entities):
            rows = self._run(root, f"SELECT id FROM entity WHERE i IN ({members})")
            return tuple(sorted(str(id_) for id_ in rows))
        subjects = [int(str(i)) for i in self._run(root, members)]
        if len(subjects) != 1:
            return ()
        if isinstance(ask, HowMany):
            return self._how_many(subjects[0], ask)
        if isinstance(ask, Difference):
            return self._difference(subjects[0], ask)
        return self._value(subjects[0], ask.relation)

    def _run(self, sql: "_Sql", select: str) -> list[object]:
        """The first column of a statement over the nodes that `sql` defines."""
        return [row[0] for row in self._db.execute(f"{sql.definitions()} {select}", sql.params)]

    def _value(self, subject: int, relation: str) -> Answer:
        table = self._tables[relation]
        rows = self._db.execute(f"SELECT o FROM {table} WHERE s = ? LIMIT 1", (subject,))
        return tuple(value for (value,) in rows)

    def _how_many(self, subject: int, ask: HowMany) -> Answer:
        sql = _Sql(self._tables)
        x, y, table = sql.ends(ask.step)
        where = f"{x} = {sql.bind(subject)}"
        if ask.node.clues or ask.node.constant:
            where += f" AND {y} IN ({sql.node(ask.node)})"
        (number,) = self._run(sql, f"SELECT COUNT(DISTINCT {y}) FROM {table} WHERE {where}")
        return (float(str(number)),)

    def _difference(self, subject: int, ask: Difference) -> Answer:
        sql = _Sql(self._tables)
        others = self._run(sql, sql.node(ask.node))
        mine = self._value(subject, ask.relation)
        if len(others) != 1 or not mine:
            return ()
        theirs = self._value(int(str(others[0])), ask.other)
        return (abs(float(mine[0]) - float(theirs[0])),) if theirs else ()


class _Sql:
    """One statement under construction: text is returned, values collect in `params`."""

    def __init__(self, tables: Mapping[str, str]) -> None:
        self.tables = tables
        self.params: dict[str, object] = {}
        self._nodes: list[str] = []

    def definitions(self) -> str:
        """The WITH clause of all nodes so far."""
        return f"WITH {', '.join(self._nodes)}" if self._nodes else ""

    def bind(self, value: object) -> str:
        name = f"p{len(self.params)}"
        self.params[name] = value
        return f":{name}"

    def ends(self, step: Step, alias: str = "") -> tuple[str, str, str]:
        """Columns of the near and far end of a step, and its table."""
        dot = f"{alias}." if alias else ""
        near, far = ("o", "s") if step.inverse else ("s", "o")
        return dot + near, dot + far, f"{self.tables[step.relation]} {alias}".strip()

    def node(self, node: Node) -> str:
        """Defines S(node) and returns the SELECT that reads it."""
        where = [f"type = {self.bind(node.type)}"]
        if node.constant:
            where.append(f"id = {self.bind(node.constant)}")
        extremes = [clue for clue in node.clues if isinstance(clue, Extreme)]
        ties = [clue for clue in node.clues if isinstance(clue, Link)]
        wide = [clue for clue in ties if _is_wide(clue)]
        # Without a narrow tie there is nothing small to start from.
        last = wide if len(wide) < len(ties) else []
        where += [self.condition(c) for c in node.clues if c not in last and c not in extremes]
        members = self._define(f"SELECT i FROM entity WHERE {' AND '.join(where)}")
        for clue in last:
            members = self._define(self.tied(members, clue))
        for extreme in extremes:
            values = self.tables[extreme.relation]
            best = "MAX" if extreme.direction is Direction.MOST else "MIN"
            # The plus keeps SQLite 3.40 from answering from the index, which gives another row.
            top = f"SELECT {best}(+o) FROM {values} WHERE s IN ({members})"
            members = self._define(
                f"SELECT s AS i FROM {values} WHERE s IN ({members}) AND o = ({top})"
            )
        return members

    def _define(self, select: str) -> str:
        name = f"n{len(self._nodes)}"
        self._nodes.append(f"{name} AS MATERIALIZED ({select})")
        return f"SELECT i FROM {name}"

    def condition(self, clue: Clue) -> str:
        match clue:
            case Exclude():
                return f"NOT {self.condition(clue.clue)}"
            case Initials():
                pattern = " ".join(f"{letter}*" for letter in clue.letters)
                spaces = len(clue.letters) - 1
                return (
                    f"(name GLOB {self.bind(pattern)} AND "
                    f"length(name) - length(replace(name, ' ', '')) = {self.bind(spaces)})"
                )
            case _:
                return f"i IN ({self.satisfying(clue)})"

    def tied(self, members: str, clue: Link) -> str:
        """Those of `members` with the tie; walked from them, as the far end is wide."""
        x, y, table = self.ends(clue.steps[0])
        # The plus keeps the far end's index out of it.
        return (
            f"SELECT DISTINCT {x} AS i FROM {table} "
            f"WHERE {x} IN ({members}) AND +{y} IN ({self.node(clue.node)})"
        )

    def satisfying(self, clue: Clue) -> str:
        match clue:
            case Link():
                return self.link(clue)
            case Loop():
                return self.loop(clue)
            case Count(node=Node(constant="", clues=())):
                counts = f"{self.tables[clue.step.relation]}_n{'o' if clue.step.inverse else 's'}"
                return f"SELECT x FROM {counts} WHERE n {self.between(clue.lo, clue.hi)}"
            case Count():
                x, y, table = self.ends(clue.step)
                having = f"COUNT(DISTINCT {y}) {self.between(clue.lo, clue.hi)}"
                inner = self.node(clue.node)
                return (
                    f"SELECT {x} FROM {table} WHERE {y} IN ({inner}) GROUP BY {x} HAVING {having}"
                )
            case Range():
                table = self.tables[clue.relation]
                return f"SELECT s FROM {table} WHERE o {self.between(clue.lo, clue.hi)}"
            case Category():
                return (
                    f"SELECT s FROM {self.tables[clue.relation]} WHERE o = {self.bind(clue.value)}"
                )
            case Offset():
                return self.offset(clue)
            case _:
                raise AssertionError(f"{clue.op} has no set of its own in SQL")

    def between(self, lo: float | None, hi: float | None) -> str:
        if lo is None:
            return f"<= {self.bind(hi)}"
        if hi is None:
            return f">= {self.bind(lo)}"
        return f"BETWEEN {self.bind(lo)} AND {self.bind(hi)}"

    def link(self, clue: Link) -> str:
        x, y, table = self.ends(clue.steps[0], "a")
        joins, where = [table], [f"{y} IN ({self.node(clue.node)})"]
        for i, step in enumerate(clue.steps[1:]):
            x2, y2, table2 = self.ends(step, f"b{i}")
            joins.append(table2)
            where += [f"{x2} = {x}", f"{y2} = {y}"]
        return f"SELECT {x} FROM {', '.join(joins)} WHERE {' AND '.join(where)}"

    def loop(self, clue: Loop) -> str:
        x1, m1, walk1 = self.ends(clue.first, "a")
        n1, y1, end1 = self.ends(clue.second, "b")
        n2, y2, end2 = self.ends(clue.second, "c")
        x2, m2, walk2 = self.ends(clue.first, "d")
        where = [
            f"{y1} IN ({self.node(clue.node)})",
            f"{m1} = {n1}",
            f"{y2} = {y1}",
            f"{n2} <> {n1}",
            f"{m2} = {n2}",
            f"{x2} = {x1}",
            f"{x1} <> {y1}",
        ]
        tables = ", ".join((walk1, end1, end2, walk2))
        return f"SELECT {x1} FROM {tables} WHERE {' AND '.join(where)}"

    def offset(self, clue: Offset) -> str:
        mine, theirs = self.tables[clue.relation], self.tables[clue.other]
        where = [f"b.s IN ({self.node(clue.node)})", "a.s <> b.s"]
        if clue.lo is not None:
            where.append(f"a.o >= b.o + {self.bind(clue.lo)}")
        if clue.hi is not None:
            where.append(f"a.o <= b.o + {self.bind(clue.hi)}")
        return f"SELECT a.s FROM {mine} a, {theirs} b WHERE {' AND '.join(where)}"


def _is_wide(clue: Link) -> bool:
    """True for a tie to many: those of whom nothing but literals is told."""
    return (
        len(clue.steps) == 1
        and not clue.node.constant
        and all(isinstance(told, Range | Category) for told in clue.node.clues)
    )
