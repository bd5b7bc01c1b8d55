"""Worked attempts: right, of what was read alone, and thought before every step."""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from agents.policies import run_script
from data.hashing import content_hash
from data.selection import Selection
from data.store import Store
from data.task import Author, Language, Task, TaskKind
from data.trajectory import Trajectory
from envs.base import open_env
from envs.general.env import open_compiled
from synth.funnel import local_crew, synthesise
from synth.general import generate, work
from synth.parts import Worked
from synth.request import Rejection, Request
from synth.sft import export_sft
from verifiers import verify

ROOT = Path(__file__).resolve().parent.parent.parent
EACH = 7
"""Tasks of level 1 in each language; of higher ones, fewer are short enough."""
CASES = [
    (family, level, language)
    for family, levels in (("transact", (1, 2, 3)), ("plan", (1, 2)))
    for level in levels
    for language in Language
]


def made(family: str, level: int, language: Language, number: int = 0) -> list[Task]:
    request = Request(
        kind=TaskKind.GENERAL,
        seed=8,
        language=language,
        author=Author.PROGRAM,
        options={"family": family, "difficulty": level},
    )
    bodies = [generate(request, index) for index in range(number or EACH * level)]
    return [Task.of(body) for body in bodies if not isinstance(body, Rejection)]


def worked(tasks: list[Task]) -> list[tuple[Task, Worked]]:
    return [(task, found) for task in tasks if isinstance(found := work(task), Worked)]


async def _played(task: Task, found: Worked) -> Trajectory:
    async with open_env(task.public()) as (env, first):
        return await run_script(task.id, found.script, env, first=first)


def played(task: Task, found: Worked) -> Trajectory:
    return asyncio.run(_played(task, found))


def row_ids(task: Task) -> re.Pattern[str]:
    """Ids of the rows that are there at first."""
    tables = open_compiled(task.public()).rows.tables
    ids = sorted({row_id for rows in tables.values() for row_id in rows}, key=len, reverse=True)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, ids))})(?![\w-])", re.ASCII)


@pytest.mark.parametrize(("family", "level", "language"), CASES)
def test_worked_attempts_score_and_use_no_id_before_it_is_shown(
    family: str, level: int, language: Language
) -> None:
    found = worked(made(family, level, language))
    assert found
    for task, attempt in found:
        trajectory = played(task, attempt)
        assert verify(task, trajectory).score == 1
        ids = row_ids(task)
        seen = "\n".join(message.content for message in task.prompt)
        for turn, reason in zip(trajectory.turns, attempt.reasons, strict=True):
            acts = [json.dumps(call.arguments, ensure_ascii=False) for call in turn.calls]
            for text in (reason, *acts, turn.content):
                assert all(row_id in seen for row_id in ids.findall(text)), (task.id, text)
            assert not any(observation.error for observation in turn.observations)
            seen += "".join(observation.text for observation in turn.observations)


@pytest.mark.parametrize("family", ["transact", "plan"])
def test_most_easy_tasks_are_worked_and_the_rest_say_why_not(family: str) -> None:
    results = [work(task) for task in made(family, 1, Language.EN, 20)]
    reasons = [result for result in results if not isinstance(result, Worked)]
    assert len(reasons) < len(results) / 4
    assert all(isinstance(reason, str) and reason.isidentifier() for reason in reasons)


def test_what_a_rule_forbids_is_declined_with_the_whole_rule_and_its_numbers() -> None:
    declined = 0
    for task, attempt in worked(made("transact", 3, Language.EN, 20)):
        world = open_compiled(task.public())
        thoughts = " ".join(attempt.reasons)
        broken = [rule for rule in world.policy_lines(Language.EN) if rule.rstrip(".") in thoughts]
        number = json.loads(attempt.script.answer)["declined"]
        assert number == 0 or broken
        assert thoughts.count("That breaks the rule") == number
        declined += number
    assert declined


def test_the_same_whatever_the_hash_seed() -> None:
    script = (
        "from data.hashing import content_hash\n"
        "from data.task import Language\n"
        "from tests.kinds.test_general_worked import made, worked\n"
        "found = worked(made('transact', 3, Language.ZH))\n"
        "print(content_hash([[w.reasons, w.script.model_dump()] for _, w in found]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    found = worked(made("transact", 3, Language.ZH))
    mine = content_hash([[list(w.reasons), w.script.model_dump()] for _, w in found])
    assert done.stdout.strip() == mine


def test_the_export_needs_no_attempt_of_the_oracle(tmp_path: Path) -> None:
    request = Request(
        kind=TaskKind.GENERAL, seed=2, options={"family": "transact", "difficulty": 1}
    )
    left = Counter[str]()
    with Store.open(f"sqlite:///{tmp_path / 'tasks.db'}") as store:
        synthesise(request, 5, store, partial(local_crew, request, 1))
        tasks = {task.id: task for task in store.tasks()}
        export_sft(store, Selection(), tmp_path / "out", reasons=left)
    rows = [
        json.loads(line)
        for file in (tmp_path / "out" / "sft").glob("*.jsonl")
        for line in file.read_text("utf-8").splitlines()
    ]
    assert len(rows) + left.total() == len(tasks)
    for row in rows:
        attempt = work(tasks[row["task_id"]])
        assert isinstance(attempt, Worked)
        assert row["origin"] == {"policy": "oracle", "score": 1, "reasoning": "worked"}
        told = [m["reasoning_content"] for m in row["messages"] if m["role"] == "assistant"]
        assert tuple(told) == attempt.reasons
