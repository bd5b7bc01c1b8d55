"""A worked errand: each request in turn is understood, its rows found, its rules checked, then done."""

from data.task import JsonObject, Task
from envs.general.env import open_compiled
from envs.general.kinds import Kind
from envs.general.surface import arg_name
from synth.general.transact.clues import View
from synth.general.transact.model import Errand, Goal, Question
from synth.general.worked.desk import Desk, Untaught
from synth.general.worked.fit import shown
from synth.general.worked.rules import Rules
from synth.general.worked.seek import Seeker
from synth.general.worked.want import wanted
from synth.general.worked.words import Line
from synth.parts import Worked


def work_errand(task: Task) -> Worked:
    """Raises `Untaught` if no way to solve it is worth showing."""
    errand = Errand.model_validate(task.hidden.proof["errand"])
    world = open_compiled(task.public())
    opened = world.open()
    try:
        return _Clerk(Desk(task, world, opened), errand).work()
    finally:
        opened.close()


class _Clerk:
    def __init__(self, desk: Desk, errand: Errand) -> None:
        self.desk = desk
        self.world = desk.world
        self.errand = errand
        self.view = View(desk.world)
        self.seeker = Seeker(desk)
        self.rules = Rules(desk, self.seeker)
        self.changed: dict[str, None] = {}
        self.declined = 0

    def work(self) -> Worked:
        said = self.errand.said()
        for number, goal in enumerate(said, start=1):
            self._serve(goal, number, len(said))
        report: JsonObject = {"changed": [*self.changed], "declined": self.declined}
        if self.errand.question:
            report["answer"] = self._answer(self.errand.question)
        changed = self.desk.words.listed(list(self.changed))
        self.desk.think(Line.REPORT, changed=changed, declined=self.declined)
        return self.desk.finished(report)

    def _serve(self, goal: Goal, number: int, total: int) -> None:
        action = self.world.domain.actions[goal.action]
        wants = {name: wanted(self.world, self.view, clue) for name, clue in goal.clues.items()}
        given = [name for name in action.args if goal.values[name] is not None]
        said = [
            f"{arg_name(self.world.domain, action.args[name])} = "
            f"{wants[name].phrase if name in wants else shown(goal.values[name])}"
            for name in given
        ]
        line = Line.ASKED if total == 1 else Line.ASKED_NEXT
        slots = self.desk.words.listed(said)
        self.desk.think(line, n=number, total=total, action=action.name, slots=slots)
        values = dict(goal.values)
        for name, want in wants.items():
            arg = action.args[name]
            assert arg.type.kind is Kind.REF
            values[name] = self.seeker.the(want, arg_name(self.world.domain, arg))
        if values != goal.values:
            raise Untaught("another_row")
        allowed = self.rules.allow(action, values)
        if allowed is (goal in self.errand.declined):
            raise Untaught("another_verdict")
        if not allowed:
            self.declined += 1
            return
        self.desk.think(Line.ACT, action=action.name)
        call: JsonObject = {
            arg_name(self.world.domain, action.args[name]): values[name] for name in given
        }
        changes = self.desk.write(action.name, call)
        self.changed |= dict.fromkeys(row_id for _, row_id in changes)
        done = self.desk.words.listed([f"{verb} {row_id}" for verb, row_id in changes])
        self.desk.think(Line.DONE, action=action.name, changes=done)

    def _answer(self, question: Question) -> str | int | float | bool | None:
        want = wanted(self.world, self.view, question.clue)
        column = self.desk.shown(want.table, question.column)
        self.desk.think(Line.QUESTION, column=column, phrase=want.phrase)
        row_id = self.seeker.the(want)
        if not self.desk.known.has(want.table, row_id, question.column):
            self.seeker.look(want.table, row_id, [question.column])
        value = self.desk.known.cell(want.table, row_id, question.column)
        self.desk.think(Line.ANSWER, column=column, id=row_id, value=shown(value))
        return value
