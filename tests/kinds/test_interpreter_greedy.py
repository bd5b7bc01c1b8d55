"""The scripted baseline reads plain questions in both languages, and no more than that."""

import pytest

from data.task import EnvSpec, Language, Message, PublicTask, Role, TaskKind
from data.trajectory import Observation
from envs.interpreter import final_message
from envs.interpreter.greedy import MAX_CALLS, greedy, read

COLUMNS = {"hwy": "highway mileage", "cyl": "number of cylinders", "hr": "home runs"}
ZH_COLUMNS = {"hwy": "高速里程", "cyl": "气缸数"}

QUESTIONS = {
    "What is the median highway mileage of the cars with at least 20 home runs?": (
        COLUMNS,
        ("hwy", "median()", "", ("t['hr'] >= 20",)),
    ),
    'What is the mean highway mileage of the cars whose number of cylinders is "4"?': (
        COLUMNS,
        ("hwy", "mean()", "", ("t['cyl'].astype(str) == '4'",)),
    ),
    "What is the 90th percentile (linear interpolation) of the highway mileage?": (
        COLUMNS,
        ("hwy", "quantile(0.9)", "", ()),
    ),
    "Which number of cylinders has the highest mean highway mileage?": (
        COLUMNS,
        ("hwy", "mean()", "cyl", ()),
    ),
    "气缸数为“4”的车：高速里程的中位数是多少？": (
        ZH_COLUMNS,
        ("hwy", "median()", "", ("t['cyl'].astype(str) == '4'",)),
    ),
}


@pytest.mark.parametrize("question", list(QUESTIONS))
def test_plain_questions_are_read(question: str) -> None:
    columns, (measure, statistic, group, conditions) = QUESTIONS[question]
    guess = read(f"About a file.\n\n{question}\n\nColumns", columns)
    assert (guess.measure, guess.statistic, guess.group) == (measure, statistic, group)
    assert guess.conditions == conditions


def play(text: str, seen: str) -> tuple[list[str], str]:
    task = PublicTask(
        id="x",
        kind=TaskKind.INTERPRETER,
        language=Language.EN,
        prompt=(Message(role=Role.USER, content=text),),
        tools=(),
        env=EnvSpec(name="interpreter", version="1", parameters={}),
    )
    solver, codes = greedy(task), []
    try:
        call = next(solver)
        while True:
            codes.append(str(call.arguments["code"]))
            call = solver.send(Observation(text=seen))
    except StopIteration as ended:
        return codes, str(ended.value)


def test_the_last_number_printed_is_the_answer() -> None:
    text = "`a.csv` is about cars.\n\nWhat is the mean highway mileage?\n\n- `hwy`: highway mileage"
    codes, answer = play(text, "a table\nNaN\n23.5\n")
    assert len(codes) == MAX_CALLS
    assert answer == '{"answer":23.5}'


def test_without_a_table_it_gives_up_at_once() -> None:
    assert play("Two players take counters from heaps.", "") == ([], '{"answer":0}')


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["12.5"], '{"answer":12.5}'),
        (['["Ulm",', "3]"], '{"answer":["Ulm",3]}'),
        (["Mixed", "Breed"], '{"answer":"Mixed Breed"}'),
    ],
)
def test_a_person_types_the_answer_as_it_comes(words: list[str], message: str) -> None:
    assert final_message(words, None) == message
