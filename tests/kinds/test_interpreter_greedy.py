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
        ("hwy", "mean()", "", ("t['cyl'].astype(str).isin(['4'])",)),
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
        ("hwy", "median()", "", ("t['cyl'].astype(str).isin(['4'])",)),
    ),
}


@pytest.mark.parametrize("question", list(QUESTIONS))
def test_plain_questions_are_read(question: str) -> None:
    columns, (measure, statistic, group, conditions) = QUESTIONS[question]
    guess = read(f"About a file.\n\n{question}\n\nColumns", columns)
    assert (guess.measure, guess.statistic, guess.group) == (measure, statistic, group)
    assert guess.conditions == conditions


def test_values_are_known_by_their_words_and_meanings() -> None:
    values = {"sex": {"male": "m", "female": "f"}, "town": {"Ulm": "Ulm", "Bad Ems": "Bad Ems"}}
    columns = {"hwy": "highway mileage", "sex": "sex", "town": "town"}
    question = 'What is the median highway mileage of the cars in Bad Ems whose sex is "male"?'
    assert read(question, columns, values).conditions == (
        "t['sex'].astype(str).isin(['m'])",
        "t['town'].astype(str).isin(['Bad Ems'])",
    )


@pytest.mark.parametrize(
    ("question", "statistic", "hit"),
    [
        (
            "Of all cars, what percentage are cars with at least 9 home runs?",
            "share",
            ("t['hr'] >= 9",),
        ),
        ("Divide the total highway mileage by the total home runs.", "quotient", ()),
        ("Compute the ratio of highway mileage to home runs. What is the mean?", "mean_ratio", ()),
    ],
)
def test_shares_and_ratios_are_read(question: str, statistic: str, hit: tuple[str, ...]) -> None:
    guess = read(question, COLUMNS)
    assert (guess.statistic, guess.hit) == (statistic, hit)


def test_a_bar_chart_is_read_with_its_order_and_labels() -> None:
    guess = read(
        "Draw a vertical bar chart of the cars: one bar for each number of cylinders, as high as "
        "its median highway mileage; the lowest bar on the left, then in order. Label the x axis "
        '"cylinders" and the y axis "mileage".',
        COLUMNS,
    )
    assert (guess.group, guess.measure, guess.most) == ("cyl", "hwy", False)
    assert guess.axes == ("cylinders", "mileage")


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
