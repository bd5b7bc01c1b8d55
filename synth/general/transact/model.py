"""What a transact task asks for, as data: goals, the clues that point at rows, a question."""

from data.record import Record
from data.task import JsonObject

Scalar = str | int | float | bool | None


class Clue(Record):
    """How the request points at one row. `row_id` is the row that is meant."""

    table: str
    row_id: str
    called: bool
    """By what people call the row; else by its columns alone."""
    equals: dict[str, Scalar] = {}
    """Columns of the row itself that the request states."""
    extreme: str = ""
    """Column by which it is the first or last of those that fit."""
    largest: bool = False


class Goal(Record):
    """One thing that the request asks for. `clues` has one for each row among `values`."""

    action: str
    values: dict[str, Scalar]
    clues: dict[str, Clue]
    ask: int
    """Which of the action's wordings is used."""


class Question(Record):
    """Something the request wants to be told about a row."""

    clue: Clue
    column: str


class Errand(Record):
    """A whole request: what is to be done, what must be declined, what is asked."""

    goals: tuple[Goal, ...]
    declined: tuple[Goal, ...] = ()
    question: Question | None = None
    order: tuple[int, ...] = ()
    """Places of goals and declined goals in the text."""

    def said(self) -> tuple[Goal, ...]:
        """Everything that is asked for, in the order of the text."""
        every = (*self.goals, *self.declined)
        return tuple(every[place] for place in self.order) if self.order else every

    def clues(self) -> tuple[Clue, ...]:
        found = [clue for goal in self.said() for clue in goal.clues.values()]
        return (*found, self.question.clue) if self.question else tuple(found)

    def identity(self) -> JsonObject:
        """What the errand is, whatever its wording."""
        asked = self.question
        return {
            "goals": [*_sorted(self.goals)],
            "declined": [*_sorted(self.declined)],
            "question": f"{asked.clue.table}.{asked.clue.row_id}.{asked.column}" if asked else "",
        }


def _sorted(goals: tuple[Goal, ...]) -> list[str]:
    return sorted(goal.model_dump_json(include={"action", "values"}) for goal in goals)
