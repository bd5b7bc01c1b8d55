"""A worked plan: rows are read until some of them keep every limit, then chosen and checked."""

import re
from collections.abc import Iterator

from data.task import JsonObject, Task
from envs.general.compiler import Compiled
from envs.general.env import open_compiled
from envs.general.expr import Value
from envs.general.kinds import NUMERIC, TEMPORAL
from envs.general.surface import Op
from synth.general.plan.author import answer
from synth.general.transact.clues import View
from synth.general.transact.model import Clue
from synth.general.worked.choice import Aim, Choice, aims, parts
from synth.general.worked.desk import Desk, Untaught
from synth.general.worked.known import Unread
from synth.general.worked.limits import Limits
from synth.general.worked.seek import Seeker, shown
from synth.general.worked.want import wanted
from synth.general.worked.words import Line
from synth.parts import Worked
from verifiers.general.constraints import (
    Compare,
    Const,
    Field,
    Lookup,
    Member,
    Scalar,
    walk,
)
from verifiers.general.plan import plan_spec
from verifiers.general.tables import Table, Tables
from verifiers.general.worlds import plan_tables

MAX_SAID = 24
"""Rows whose values are said before the choice."""


def work_plan(task: Task) -> Worked:
    """Raises `Untaught` if no way to solve it is worth showing."""
    world = open_compiled(task.public())
    opened = world.open()
    try:
        return _Planner(task, world, Desk(task, world, opened)).work()
    finally:
        opened.close()


class _Planner:
    def __init__(self, task: Task, world: Compiled, desk: Desk) -> None:
        self.world = world
        self.desk = desk
        self.seeker = Seeker(desk)
        self.spec = plan_spec(task)
        self.problem = self.spec.problem
        self.plan = world.domain.plans[self.spec.plan]
        self.whole = plan_tables(world, self.spec.plan)
        """All rows; they only tell what refs point at and how a row is written in the answer."""
        self.nodes = [node for rule in self.problem.rules for node in walk(rule.formula)]
        self.paths: dict[str, list[tuple[str, ...]]] = {}
        """What the limits read of rows, by slot table; the shortest first."""
        for node in self.nodes:
            if isinstance(node, Lookup):
                raise Untaught("looks_up")
            if isinstance(node, Field) and node.path:
                found = self.paths.setdefault(self.problem.table_of(node.slot), [])
                found += [] if node.path in found else [node.path]
        self.pages: dict[str, Iterator[list[str]]] = {}
        self.read_whole: set[str] = set()

    def work(self) -> Worked:
        self._understand()
        while (choice := self._choice()) is None:
            self._read_more()
        chosen, made = choice
        self._tell(chosen, made)
        written = {s: self._called(s, key) for s, key in made.items()}
        return self.desk.finished(answer(self.spec.form, written))

    # Understanding -------------------------------------------------------------------------------

    def _understand(self) -> None:
        words = self.desk.words
        slots = words.listed([_spoken(slot.name) for slot in self.problem.slots])
        bases = list(dict.fromkeys(_base(slot.table) for slot in self.problem.slots))
        plurals = words.listed([self.desk.plural(base) for base in bases])
        self.desk.think(Line.PLAN, slots=slots, plurals=plurals)
        columns = dict.fromkeys(
            self._column(table, path) for table, paths in self.paths.items() for path in paths
        )
        if columns:
            self.desk.think(Line.SPEAK, columns=words.listed(list(columns)))
        view = View(self.world)
        for table, key in self._named():
            clue = Clue(table=table, row_id=str(key), called=True)
            want = wanted(self.world, view, clue)
            self.desk.think(Line.FIRST, phrase=want.phrase)
            if self.seeker.find(want) != [str(key)]:
                raise Untaught("not_the_only_row")

    def _named(self) -> list[tuple[str, Scalar]]:
        """Rows that the limits name."""
        found: dict[tuple[str, Scalar], None] = {}
        for node in self.nodes:
            if isinstance(node, Member) and isinstance(node.term, Field):
                field, values = node.term, node.values
            elif isinstance(node, Compare) and isinstance(node.right, Const):
                field, values = node.left, (node.right.value,)  # type: ignore[assignment]
            else:
                continue
            if isinstance(field, Field) and field.path:
                table = self.whole.path_table(self.problem.table_of(field.slot), field.path)
                if table:
                    found |= {(table, value): None for value in values}
        return list(found)

    # Reading -------------------------------------------------------------------------------------

    def _choice(self) -> tuple[Choice, dict[str, Scalar]] | None:
        ready = {slot.name: self._ready(slot.table) for slot in self.problem.slots}
        if not all(ready.values()):
            return None
        choice = Choice(self.problem, self._tables(), ready)
        made = choice.plan()
        return (choice, made) if made is not None else None

    def _ready(self, table: str) -> list[Scalar]:
        """Rows of which everything is known that the limits ask."""
        found: list[Scalar] = []
        for row_id in self.desk.known.rows[_base(table)]:
            try:
                if self._may(table, row_id):
                    found.append(row_id)
            except Unread:
                continue
        return found

    def _may(self, table: str, row_id: str) -> bool:
        """Whether a row may be picked from `table`. Raises `Unread`."""
        known, base = self.desk.known, _base(table)
        name = self.world.domain.tables[base].name_column
        if name:
            known.cell(base, row_id, name)
        for path in self.paths.get(table, ()):
            at: Value = row_id
            held = base
            for step in path:
                if at is None:
                    return False
                at = known.cell(held, str(at), step)
                held = self.world.domain.tables[held].columns[step].type.table
            if at is None:
                return False
        role = table.partition("@")[2]
        where = self.plan.slots[role].where if role else None
        if where is None:
            return True
        row = {
            column: known.cell(base, row_id, column)
            for column in self.world.domain.tables[base].columns
            if any(path[0] in (column, "this") for path in where.paths)
        }
        return bool(where.run({**self.world.moments, **row, "this": row_id}, known))

    def _tables(self) -> Tables:
        """The rows that were read, as limits are about them."""
        made: dict[str, Table] = {}
        for name, table in self.world.domain.tables.items():
            refs = {column.name: column.type.table for column in table.refs}
            rows = tuple(self.desk.known.rows[name].values())
            made[name] = Table("id", rows, refs, table.name_column)
        return Tables({**made, **{s.table: made[_base(s.table)] for s in self.problem.slots}})

    def _read_more(self) -> None:
        """One more read, the nearest first: rows not listed, what rows lack, the next page."""
        tables = list(dict.fromkeys(slot.table for slot in self.problem.slots))
        for table in tables:
            if _base(table) not in self.pages:
                self._list(table)
                return
        for table in tables:
            for row_id in list(self.desk.known.rows[_base(table)]):
                try:
                    self._may(table, row_id)
                except Unread as unread:
                    self._fetch(table, unread)
                    return
        self.desk.think(Line.NOT_YET)
        for table in tables:
            if _base(table) not in self.read_whole:
                self._turn(_base(table))
                return
        raise Untaught("no_plan_found")

    def _list(self, table: str) -> None:
        base = _base(table)
        tools = self.desk.tools.get(base, {})
        tool = tools.get(Op.SEARCH) or tools.get(Op.LIST)
        if tool is None:
            self.pages[base] = self._by_parents(base)
            self._turn(base)
            return
        given: JsonObject = {}
        aim = next((aim for aim in aims(self.problem) if self._sortable(table, aim)), None)
        if tool.op is Op.SEARCH and aim:
            column, largest = aim.fields[0].path[0], aim.high is None
            given = {"sort_by": column, "descending": largest}
            end = self.desk.words.end(largest)
            said = self.desk.shown(base, column)
            self.desk.think(Line.SORTED, plural=self.desk.plural(base), column=said, end=end)
        else:
            self.desk.think(Line.ALL, plural=self.desk.plural(base))
        self.pages[base] = self.desk.pages(tool, given, {})
        self._turn(base)

    def _by_parents(self, base: str) -> Iterator[list[str]]:
        """Pages of a table that is listed only by the rows that its rows point at."""
        column = next((column for table, column in self.desk.by if table == base), "")
        if not column:
            raise Untaught("no_route")
        parent = self.world.domain.tables[base].columns[column].type.table
        tools = self.desk.tools.get(parent, {})
        tool = tools.get(Op.SEARCH) or tools.get(Op.LIST)
        if tool is None:
            raise Untaught("no_route")
        if self.desk.known.listed(parent, {}) is None:
            self.desk.think(Line.ALL, plural=self.desk.plural(parent))
            for _ in self.desk.pages(tool, {}, {}):
                pass
        seen: list[str] = []
        for row_id in sorted(self.desk.known.listed(parent, {}) or ()):
            equal = {column: row_id}
            filters = self.seeker.said(base, equal)
            self.desk.think(Line.BY, plural=self.desk.plural(base), filters=filters)
            given: JsonObject = {self.desk.shown(base, column): row_id}
            for page in self.desk.pages(self.desk.by[base, column], given, equal):
                seen += page
                yield page
        self.desk.known.note_listed(base, {}, seen)

    def _sortable(self, table: str, aim: Aim) -> bool:
        """Whether rows of `table` in the order of the total's column serve it best."""
        first = aim.fields[0]
        if self.problem.table_of(first.slot) != table or len(first.path) != 1:
            return False
        kind = self.world.domain.tables[_base(table)].columns[first.path[0]].kind
        return kind in NUMERIC | TEMPORAL and (aim.low is None) is not (aim.high is None)

    def _turn(self, base: str) -> None:
        """The next page of a table, if there is one."""
        next(self.pages[base], None)
        if self.desk.known.listed(base, {}) is not None:
            self.read_whole.add(base)

    def _fetch(self, table: str, unread: Unread) -> None:
        """What a row lacks: the row itself, or the table that it points at."""
        tools = self.desk.tools.get(unread.table, {})
        if unread.table != _base(table) and not self.seeker.known.listed(unread.table, {}):
            tool = tools.get(Op.SEARCH) or tools.get(Op.LIST)
            if tool is not None and not tool.brief:
                self.desk.think(Line.ALL, plural=self.desk.plural(unread.table))
                for _ in self.desk.pages(tool, {}, {}):
                    pass
                return
        steps = {step for paths in self.paths.values() for path in paths for step in path}
        columns = [
            name
            for name in self.world.domain.tables[unread.table].columns
            if (name in steps or name == unread.column)
            and not self.desk.known.has(unread.table, unread.row_id, name)
        ]
        self.seeker.look(unread.table, unread.row_id, columns)

    # Telling -------------------------------------------------------------------------------------

    def _tell(self, choice: Choice, made: dict[str, Scalar]) -> None:
        words = self.desk.words
        for table in dict.fromkeys(slot.table for slot in self.problem.slots):
            self._tell_rows(table, list(made.values()))
        for aim in aims(self.problem):
            self._tell_aim(aim)
        limits = Limits(
            choice.evaluator,
            made,
            words,
            lambda field: self._column(self.problem.table_of(field.slot), field.path),
            self._called,
        )
        for slot in choice.order:
            facts = [fact for part in choice.alone[slot] for fact in limits.facts(part)]
            said = words.bracketed(words.listed(_once(facts))) if facts else ""
            row = self._called(slot, made[slot])
            self.desk.think(Line.PICK, slot=_spoken(slot), row=row, facts=said)
        alone = [part for some in choice.alone.values() for part in some]
        for rule in self.problem.rules:
            if not all(part in alone for part in parts(rule.formula)):
                self.desk.think(Line.JOINT, facts=words.listed(_once(limits.facts(rule.formula))))
        self.desk.think(Line.ALL_KEPT)

    def _tell_rows(self, table: str, chosen: list[Scalar]) -> None:
        """The values that the limits are on, row by row."""
        paths = self.paths.get(table, [])
        ready = self._ready(table)
        if len(ready) > MAX_SAID:
            ready = [row_id for row_id in ready if row_id in chosen]
        if not paths:
            return
        tables = self._tables()
        rows = [
            " ".join([self._shown(table, r), *(shown(tables.value(table, r, p)) for p in paths)])
            for r in ready
        ]
        columns = self.desk.words.listed([self._column(table, path) for path in paths])
        plural, said = self.desk.plural(_base(table)), "; ".join(rows)
        self.desk.think(Line.TABLE, plural=plural, columns=columns, rows=said)

    def _tell_aim(self, aim: Aim) -> None:
        zh = self.desk.words.zh
        least, most = ("至少", "至多") if zh else ("at least ", "at most ")
        bounds = [f"{least}{aim.low}"] if aim.low is not None else []
        bounds += [f"{most}{aim.high}"] if aim.high is not None else []
        which = ("大", "小", "中等") if zh else ("large", "small", "middling")
        at = 2 if aim.low is not None and aim.high is not None else int(aim.low is None)
        first = aim.fields[0]
        column = self._column(self.problem.table_of(first.slot), first.path)
        said = self.desk.words.listed(bounds)
        self.desk.think(Line.AIM, column=column, bounds=said, which=which[at])

    def _column(self, table: str, path: tuple[str, ...]) -> str:
        """What the end of a path is called in tools; of a row that is pointed at, whose it is."""
        base = _base(table)
        names = []
        for step in path:
            names.append(self.desk.shown(base, step))
            base = self.world.domain.tables[base].columns[step].type.table
        return ".".join(names)

    def _called(self, slot: str, key: Scalar) -> str:
        return self._shown(self.problem.table_of(slot), key)

    def _shown(self, table: str, key: Scalar) -> str:
        """The row's name where the answer has names, else its id."""
        return self.whole.shown(table, key)


def _once(facts: list[str]) -> list[str]:
    return list(dict.fromkeys(facts))


def _base(table: str) -> str:
    """The domain's table of a slot's table."""
    return table.partition("@")[0]


def _spoken(slot: str) -> str:
    """A slot's name in words: "lorry 1 stack" of lorry1.stack."""
    return re.sub(r"(\d+)\.", r" \1 ", slot).replace("_", " ")
