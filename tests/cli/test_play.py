"""`play`: a person's words become calls, the world answers, the verdict is that of any agent."""

import json
from pathlib import Path

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from agents.shorthand import read_call
from data.errors import UserError
from data.store import Store
from data.task import JsonObject, Task, ToolSpec
from envs.search import TOOLS
from synth.console.desk import Words
from tests.cli.conftest import Run, records

TYPED: dict[str, JsonObject] = {
    "search lina wertmuller": {"query": "lina wertmuller"},
    'search "lina wertmuller" 20': {"query": "lina wertmuller", "top_k": 20},
    'search query="x y" top_k=20': {"query": "x y", "top_k": 20},
    "search top_k=3 schindler's list": {"query": "schindler's list", "top_k": 3},
    "search fargo 1996": {"query": "fargo 1996"},
    "search e=mc2 paper": {"query": "e=mc2 paper"},
    "search 周星驰 电影": {"query": "周星驰 电影"},
    r'search "a \"b\" c"': {"query": 'a "b" c'},
    'search {"query": "x", "top_k": 2}': {"query": "x", "top_k": 2},
    "search": {},
    "open f-1": {"doc_id": "f-1"},
    "open f-1 2": {"doc_id": "f-1", "page": 2},
    "open page=2 f-1": {"doc_id": "f-1", "page": 2},
    "open f-1 page=two": {"doc_id": "f-1", "page": "two"},
    "find f-1 in the year": {"doc_id": "f-1", "pattern": "in the year"},
    'find f-1 "in  the"': {"doc_id": "f-1", "pattern": "in  the"},
    "find f-1": {"doc_id": "f-1"},
}


@pytest.mark.parametrize("line", TYPED)
def test_a_typed_line_is_the_call_that_was_meant(line: str) -> None:
    call = read_call(line, TOOLS)
    assert (call.name, call.arguments) == (line.split()[0], TYPED[line])


def test_values_take_the_type_that_the_schema_asks_for() -> None:
    properties: JsonObject = {
        "on": {"type": "boolean"},
        "share": {"type": "number"},
        "days": {"type": "array", "items": {"type": "string"}},
        "note": {"type": "string"},
    }
    tool = ToolSpec(name="plan", description="", parameters={"properties": properties})
    call = read_call('plan on=true share=0.5 days=["mo"] note=7', [tool])
    assert call.arguments == {"on": True, "share": 0.5, "days": ["mo"], "note": "7"}


@pytest.mark.parametrize("line", ["fetch x", 'open {"doc_id"', ""])
def test_a_line_that_is_no_call_says_why(line: str) -> None:
    with pytest.raises(UserError, match=r"tools are search, open, find|no JSON object"):
        read_call(line, TOOLS)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("se", ["search"]),
        ("q", ["question", "quit"]),
        ("open ", ["doc_id=", "page="]),
        ("open f-1 p", ["page="]),
        ("nothing ", []),
    ],
)
def test_completion_offers_tools_commands_and_parameters(typed: str, offered: list[str]) -> None:
    found = Words(TOOLS).get_completions(Document(typed), CompleteEvent())
    assert [completion.text for completion in found] == offered


def witness(task: Task) -> list[str]:
    """The task's solution as a person would type it."""
    typed = []
    for call in task.hidden.witness.calls:
        values = [
            f"{name}={json.dumps(v, ensure_ascii=False)}" for name, v in call.arguments.items()
        ]
        typed.append(" ".join([call.name, *values]))
    return typed


def stored(database: Path, task_id: str) -> Task:
    with Store.open(f"sqlite:///{database}") as store:
        return store.task(task_id)


def test_a_person_who_does_what_the_witness_does_is_right(
    run: Run, tasks: list[str], database: Path
) -> None:
    task = stored(database, tasks[0])
    lines = [*witness(task), f"submit {task.hidden.witness.answer}"]
    result = run("play", tasks[0], "--json", stdin="\n".join(lines) + "\n")
    (line,) = records(result)
    assert result.exit_code == 0
    assert (line["task"], line["outcome"], line["score"]) == (tasks[0], "scored", 1.0)
    with Store.open(f"sqlite:///{database}") as store:
        (attempt,) = store.attempts(policy="person")
    assert attempt.trajectory is not None
    assert [c for t in attempt.trajectory.turns for c in t.calls] == list(task.hidden.witness.calls)


def test_submit_takes_an_answer_and_the_documents_read(
    run: Run, tasks: list[str], database: Path
) -> None:
    for task_id in tasks:
        task = stored(database, task_id)
        if isinstance(task.hidden.reference, str):
            supporting = task.hidden.verifier["supporting"]
            assert isinstance(supporting, list)
            lines = [f"open {supporting[0]}", f"submit {task.hidden.reference} {supporting[0]}"]
            result = run("play", task_id, "--json", stdin="\n".join(lines))
            assert records(result)[0]["score"] == 1.0


def test_every_submission_is_an_attempt_of_its_own(run: Run, tasks: list[str]) -> None:
    numbers = [
        records(run("play", tasks[0], "--json", stdin="submit nobody\n"))[0]["attempt"]
        for _ in range(3)
    ]
    assert numbers == [0, 1, 2]


@pytest.mark.parametrize("lines", ["search light\nquit\n", "search light\n", ""])
def test_leaving_without_an_answer_stores_nothing(
    run: Run, tasks: list[str], database: Path, lines: str
) -> None:
    result = run("play", tasks[0], stdin=lines)
    assert result.exit_code == 0
    assert "nothing is stored" in result.stderr
    with Store.open(f"sqlite:///{database}") as store:
        assert list(store.attempts()) == []


def test_the_person_sees_question_tools_mistakes_and_the_verdict(
    run: Run, tasks: list[str], database: Path
) -> None:
    lines = ["tools", "help", "open nowhere", "opn x", "submit", "question", "submit nobody"]
    shown = run("play", tasks[0], stdin="\n".join(lines)).stdout
    (question,) = [m.content for m in stored(database, tasks[0]).prompt if m.role == "user"]
    assert shown.count(question) == 2
    assert "top_k (integer, optional): Number of documents to list." in shown
    assert "quit       leave without an answer" in shown
    assert 'open(doc_id="nowhere")' in shown
    assert "Error: no document 'nowhere'" in shown
    assert "no command or tool 'opn'; tools are search, open, find" in shown
    assert "submit needs an answer" in shown
    assert "score 0" in shown
    assert "the name is wrong" in shown or "answer" in shown
