"""SFT rows: what a row holds, which rows are refused, and that an export is repeatable."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import JsonValue

from data.errors import UserError
from data.exporters import export
from data.exporters.base import read_manifest
from data.exporters.sft import Sample, Span, export_samples, row
from data.hashing import content_hash
from data.task import Task
from tests.exporters.factory import body, certified, tasks

CALL: JsonValue = {
    "id": "c1",
    "type": "function",
    "function": {"name": "open", "arguments": '{"doc_id":"e1"}'},
}
MESSAGES: list[JsonValue] = [
    {"role": "user", "content": "Which?"},
    {"role": "assistant", "content": "", "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "c1", "content": "Entry 1."},
    {"role": "assistant", "content": "That one."},
]


def sample(task: Task, text: str = "Which? <open e1> Entry 1. That one.") -> Sample:
    spans = (Span(start=7, end=16), Span(start=26, end=35))
    return Sample(
        task=task,
        style="tools",
        messages=MESSAGES,
        tools=[],
        text=text,
        loss_spans=spans,
        origin={"policy": "oracle", "attempt": 0, "score": 1},
    )


def written(out: Path) -> list[dict[str, object]]:
    files = sorted((out / "sft").glob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]


def test_a_row_says_what_is_learnt_and_where_it_comes_from(tmp_path: Path) -> None:
    made = tasks(8)
    manifest = export_samples(map(sample, made), tmp_path / "out")
    rows = written(tmp_path / "out")
    assert {row["task_id"] for row in rows} == {task.id for task in made}
    assert (manifest.tasks, manifest.format) == (8, "sft")
    assert sum(file.rows or 0 for file in manifest.files) == len(rows) == 8
    for found in rows:
        text, spans = str(found["text"]), found["loss_spans"]
        assert isinstance(spans, list)
        assert [text[a:b] for a, b in spans] == ["<open e1>", "That one."]
        assert found["licence"] == "CC0-1.0"
        assert found["provenance"]
        own_hash = found.pop("id")
        assert own_hash == content_hash(found)


def test_the_same_samples_give_the_same_bytes_and_repeats_are_written_once(tmp_path: Path) -> None:
    made = [sample(task) for task in tasks(5)]
    export_samples(made, tmp_path / "one")
    export_samples([s for s in made for _ in range(2)], tmp_path / "two")
    for file in sorted((tmp_path / "one").rglob("*")):
        if file.is_file():
            other = tmp_path / "two" / file.relative_to(tmp_path / "one")
            assert other.read_bytes() == file.read_bytes()


TASK = certified(body(1))
GOOD = sample(TASK)
BAD = {
    "score": (
        replace(GOOD, origin={"policy": "x", "score": 0.5}),
        "its score is 0.5, and only full scores",
    ),
    "no loss": (replace(GOOD, loss_spans=()), "nothing in it is to be learnt"),
    "overlap": (
        replace(GOOD, loss_spans=(Span(start=1, end=5), Span(start=4, end=6))),
        "loss span 4 to 6 overlaps",
    ),
    "outside": (replace(GOOD, loss_spans=(Span(start=1, end=99),)), "loss span 1 to 99"),
    "no result": (replace(GOOD, messages=MESSAGES[:2] + MESSAGES[3:]), "call 'c1' has no result"),
    "no call": (replace(GOOD, messages=MESSAGES[:1] + MESSAGES[2:]), "result 'c1' follows no such"),
    "no end": (replace(GOOD, messages=MESSAGES[:3]), "does not end with the model's message"),
}


@pytest.mark.parametrize("name", list(BAD))
def test_a_row_that_contradicts_itself_is_refused(name: str) -> None:
    broken, said = BAD[name]
    with pytest.raises(UserError, match=said):
        row(broken)


def test_the_first_unfit_row_leaves_what_was_there(tmp_path: Path) -> None:
    out = tmp_path / "out"
    export_samples([GOOD], out)
    before = read_manifest(out)
    other = sample(next(t for t in tasks(9) if t.id > TASK.id))
    with pytest.raises(UserError, match="cannot be exported"):
        export_samples([GOOD, replace(other, loss_spans=())], out)
    assert read_manifest(out) == before
    assert [row["task_id"] for row in written(out)] == [TASK.id]


def test_unfit_tasks_and_wrong_order_are_refused(tmp_path: Path) -> None:
    uncertified = sample(TASK.model_copy(update={"certificate": None}))
    with pytest.raises(UserError, match="no certificate"):
        export_samples([uncertified], tmp_path / "out")
    first, second = (sample(task) for task in tasks(2))
    with pytest.raises(UserError, match="in order"):
        export_samples([second, first], tmp_path / "out")


def test_tasks_alone_are_no_sft_data(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="sft is made of scored attempts"):
        export(tasks(2), "sft", tmp_path / "out")
