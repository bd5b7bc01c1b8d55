"""SFT: `sft/<split>.jsonl`, one attempt, or one stretch of it, a row.

A row is `{"id", "task_id", "kind", "language", "level", "split", "style", "messages", "tools",
"text", "loss_spans", "origin", "licence", "content_hash", "provenance", "certificate"}`. `messages`
and `tools` are as chat-completions endpoints take them (arguments are JSON strings, so that rows of
different tools share one schema); `text` is the same in the chat encoding of DeepSeek-V3.2, and
`loss_spans` are the `[start, end)` of it, in Unicode code points, that the model is to learn. Rows
are made of attempts with the full score; `origin` says whose.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from data.errors import UserError
from data.exporters import SFT, written
from data.exporters.base import JsonLines, Manifest, Tally, about, admitted
from data.hashing import content_hash
from data.record import Record
from data.task import JsonObject, Task

FORMAT_VERSION = "dsml-v3.2/1"


class Span(Record):
    """Part of a text, in code points."""

    start: int
    end: int


@dataclass(frozen=True)
class Sample:
    """One row before it is written."""

    task: Task
    style: str
    messages: list[JsonValue]
    tools: list[JsonValue]
    text: str
    loss_spans: tuple[Span, ...]
    origin: JsonObject
    """`policy`, `attempt` and `score` of the attempt, and who wrote its reasoning."""


def export_samples(samples: Iterable[Sample], out: Path) -> Manifest:
    """Writes `samples`, which come in order of task id, to the directory `out`.

    An earlier export of ours there is replaced as a whole. The first unfit task or row raises
    `UserError` and leaves what was there. Memory does not grow with samples.
    """

    def fill(directory: Path, tally: Tally) -> Counter[str]:
        with JsonLines(directory, "sft") as lines:
            for sample in _once(samples, tally):
                lines.add(sample.task.split, row(sample))
        return lines.rows

    return written(SFT, FORMAT_VERSION, out, fill)


def _once(samples: Iterable[Sample], tally: Tally) -> Iterator[Sample]:
    """The samples whose task is admitted and whose row has not come before."""
    task_id, seen = "", set[str]()
    for sample in samples:
        if sample.task.id < task_id:
            raise UserError(f"task {sample.task.id} comes after {task_id}; give samples in order")
        if sample.task.id != task_id:
            # Rows repeat within a task only, so that no more than one task's are kept.
            _ = list(admitted([sample.task], tally))
            task_id, seen = sample.task.id, set()
        text = content_hash([sample.text, [span.model_dump() for span in sample.loss_spans]])
        if text not in seen:
            seen.add(text)
            yield sample


def row(sample: Sample) -> JsonObject:
    """The row of a sample; raises `UserError` if it contradicts itself."""
    task = sample.task
    if problem := _unfit(sample):
        raise UserError(f"an attempt at {task.id} cannot be exported: {problem}")
    body: JsonObject = {
        "task_id": task.id,
        "kind": task.kind,
        "language": task.language,
        "style": sample.style,
        "messages": sample.messages,
        "tools": sample.tools,
        "text": sample.text,
        "loss_spans": [[span.start, span.end] for span in sample.loss_spans],
        "origin": sample.origin,
        **about(task),
    }
    return {"id": content_hash(body), **body}


def _unfit(sample: Sample) -> str:
    """What is wrong with a row, or an empty string."""
    if sample.origin.get("score") != 1:
        return f"its score is {sample.origin.get('score')}, and only full scores are learnt from"
    end = 0
    for span in sample.loss_spans:
        if not end <= span.start < span.end <= len(sample.text):
            return f"loss span {span.start} to {span.end} overlaps, is empty or outside the text"
        end = span.end
    if not sample.loss_spans:
        return "nothing in it is to be learnt"
    return _unpaired(sample.messages)


def _unpaired(messages: list[JsonValue]) -> str:
    """Calls without result, results without call, or no assistant message at the end."""
    waiting: list[JsonValue] = []
    role: JsonValue = ""
    for message in messages:
        assert isinstance(message, dict)
        role = message["role"]
        if role == "tool":
            if not waiting or waiting.pop(0) != message["tool_call_id"]:
                return f"result {message['tool_call_id']!r} follows no such call"
        elif waiting:
            return f"call {waiting[0]!r} has no result"
        calls = message.get("tool_calls", [])
        assert isinstance(calls, list)
        waiting = waiting if role == "tool" else [c["id"] for c in calls if isinstance(c, dict)]
    return "" if role == "assistant" and not waiting else "it does not end with the model's message"
