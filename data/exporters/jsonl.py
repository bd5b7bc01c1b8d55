"""Plain JSON Lines: `public/<split>.jsonl` for the agent's side, `hidden/<split>.jsonl` for the judge.

A public row is `{"task": <PublicTask>, "split", "level", "licence", "content_hash", "provenance",
"certificate"}`; only `task` may be shown to an agent. A hidden row is `{"id", "hidden": {verifier,
reference, witness, proof}, "difficulty", "fingerprint"}`. The two files of a split have the same
tasks in the same order, and together hold every field of a task but its full certificate.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from data.exporters.base import JsonLines, about, hidden
from data.task import Task

FORMAT_VERSION = "1"


def write(tasks: Iterator[Task], out: Path) -> Mapping[str, int]:
    with JsonLines(out, "public") as public_rows, JsonLines(out, "hidden") as hidden_rows:
        for task in tasks:
            public = {"task": task.public().model_dump(mode="json"), **about(task)}
            public_rows.add(task.split, public)
            hidden_rows.add(task.split, hidden(task))
    return public_rows.rows + hidden_rows.rows
