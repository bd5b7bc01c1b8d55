"""A worked plan: rows are read until some of them keep every limit, then chosen and checked."""

import re

from data.task import Task
from envs.general.compiler import Compiled
from envs.general.env import open_compiled
from synth.general.plan.author import answer
from synth.general.transact.clues import View
from synth.general.transact.model import Clue
from synth.general.worked.choice import Aim, Choice, aims, parts
from synth.general.worked.desk import Desk, Untaught
from synth.general.worked.fit import shown
from synth.general.worked.gather import Gathered, Paths, base_of
from synth.general.worked.limits import Limits
from synth.general.worked.seek import Seeker
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
        self.paths = self._spoken_of()
        """What the limits read of rows, by slot table."""
        self.rows = Gathered(desk, self.seeker, self.problem, self.plan, self.paths)

    def work(self) -> Worked:
        self._understand()
        while (choice := self._choice()) is None:
            self.rows.read_more()
        chosen, made = choice
        self._tell(chosen, made)
        written = {s: self._called(s, key) for s, key in made.items()}
        return self.desk.finished(answer(self.spec.form, written))

    # Understanding -------------------------------------------------------------------------------

    def _spoken_of(self) -> Paths:
        found: Paths = {}
        for node in self.nodes:
            if isinstance(node, Lookup):
                raise Untaught("looks_up")
            if isinstance(node, Field) and node.path:
                paths = found.setdefault(self.problem.table_of(node.slot), [])
                paths += [] if node.path in paths else [node.path]
        return found

    def _understand(self) -> None:
        words = self.desk.words
        slots = words.listed([_spoken(slot.name) for slot in self.problem.slots])
        bases = list(dict.fromkeys(base_of(slot.table) for slot in self.problem.slots))
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

    def _choice(self) -> tuple[Choice, dict[str, Scalar]] | None:
        ready = {slot.name: self.rows.ready(slot.table) for slot in self.problem.slots}
        if not all(ready.values()):
            return None
        choice = Choice(self.problem, self.rows.tables(), ready)
        made = choice.plan()
        return (choice, made) if made is not None else None

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
        ready = self.rows.ready(table)
        if len(ready) > MAX_SAID:
            ready = [row_id for row_id in ready if row_id in chosen]
        if not paths:
            return
        tables = self.rows.tables()
        rows = [
            " ".join([self._shown(table, r), *(shown(tables.value(table, r, p)) for p in paths)])
            for r in ready
        ]
        columns = self.desk.words.listed([self._column(table, path) for path in paths])
        plural, said = self.desk.plural(base_of(table)), "; ".join(rows)
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
        base = base_of(table)
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


def _spoken(slot: str) -> str:
    """A slot's name in words: "lorry 1 stack" of lorry1.stack."""
    return re.sub(r"(\d+)\.", r" \1 ", slot).replace("_", " ")
