"""The rows that were gathered for a plan: what is known of each, and what to read next."""

from collections.abc import Iterator

from data.task import JsonObject
from envs.general.domain import Plan
from envs.general.expr import Value
from envs.general.kinds import NUMERIC, TEMPORAL
from envs.general.surface import Op
from synth.general.worked.choice import Aim, aims
from synth.general.worked.desk import Desk, Untaught
from synth.general.worked.known import Unread
from synth.general.worked.seek import Seeker
from synth.general.worked.words import Line
from verifiers.general.constraints import PlanProblem, Scalar
from verifiers.general.tables import Table, Tables

Paths = dict[str, list[tuple[str, ...]]]
"""Columns, of rows or of what they point at, by the slot table whose rows they are read from."""


def base_of(table: str) -> str:
    """The domain's table of a slot's table."""
    return table.partition("@")[0]


class Gathered:
    """Rows that may fill the slots of a problem, as far as they have been read."""

    def __init__(
        self, desk: Desk, seeker: Seeker, problem: PlanProblem, plan: Plan, paths: Paths
    ) -> None:
        self.desk = desk
        self.world = desk.world
        self.seeker = seeker
        self.problem = problem
        self.plan = plan
        self.paths = paths
        self.pages: dict[str, Iterator[list[str]]] = {}
        """Of each table that is being listed."""
        self.read_whole: set[str] = set()

    def ready(self, table: str) -> list[Scalar]:
        """Rows of which everything is known that the limits ask."""
        found: list[Scalar] = []
        for row_id in self.desk.known.rows[base_of(table)]:
            try:
                if self._may(table, row_id):
                    found.append(row_id)
            except Unread:
                continue
        return found

    def _may(self, table: str, row_id: str) -> bool:
        """Whether a row may be picked from `table`. Raises `Unread`."""
        known, base = self.desk.known, base_of(table)
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

    def tables(self) -> Tables:
        """The rows that were read, as limits are about them."""
        made: dict[str, Table] = {}
        for name, table in self.world.domain.tables.items():
            refs = {column.name: column.type.table for column in table.refs}
            rows = tuple(self.desk.known.rows[name].values())
            made[name] = Table("id", rows, refs, table.name_column)
        return Tables({**made, **{s.table: made[base_of(s.table)] for s in self.problem.slots}})

    def read_more(self) -> None:
        """One more read, the nearest first: rows not listed, what rows lack, the next page."""
        tables = list(dict.fromkeys(slot.table for slot in self.problem.slots))
        for table in tables:
            if base_of(table) not in self.pages:
                self._list(table)
                return
        for table in tables:
            for row_id in list(self.desk.known.rows[base_of(table)]):
                try:
                    self._may(table, row_id)
                except Unread as unread:
                    self._fetch(table, unread)
                    return
        self.desk.think(Line.NOT_YET)
        for table in tables:
            if base_of(table) not in self.read_whole:
                self._turn(base_of(table))
                return
        raise Untaught("no_plan_found")

    def _list(self, table: str) -> None:
        base = base_of(table)
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
            filters = self.seeker.fit.said(base, equal)
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
        kind = self.world.domain.tables[base_of(table)].columns[first.path[0]].kind
        return kind in NUMERIC | TEMPORAL and (aim.low is None) is not (aim.high is None)

    def _turn(self, base: str) -> None:
        """The next page of a table, if there is one."""
        next(self.pages[base], None)
        if self.desk.known.listed(base, {}) is not None:
            self.read_whole.add(base)

    def _fetch(self, table: str, unread: Unread) -> None:
        """What a row lacks: the row itself, or the table that it points at."""
        tools = self.desk.tools.get(unread.table, {})
        if unread.table != base_of(table) and not self.seeker.known.listed(unread.table, {}):
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
