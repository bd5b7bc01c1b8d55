"""Reasons for the steps of search witnesses: one a turn, from what was seen, never the same twice."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from agents.dsml import parse
from agents.policies import scripted
from agents.rollout import rollout
from data.errors import UserError
from data.hashing import content_hash
from data.selection import Selection
from data.store import Store
from data.task import Language, Task, TaskKind, ToolCall
from data.trajectory import Trajectory
from synth.funnel import local_crew, synthesise
from synth.replay import Replayer
from synth.request import Request
from synth.search import explain, guessed, prepare
from synth.search.library import Library, open_library
from synth.search.telling.rehearsal import wrong_tries
from synth.sft import export_sft, rehearsal
from tests import harbour
from verifiers import verify

ROOT = Path(__file__).resolve().parent.parent.parent
NUM_TASKS = 20
Told = list[tuple[Task, Trajectory, tuple[str, ...]]]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Tasks in both languages with the attempts of the oracle."""
    folder = tmp_path_factory.mktemp("telling")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PALAESTRA_CACHE", str(folder / "worlds"))
        corpus = harbour.write(folder / "harbour.jsonl")
        with Store.open(f"sqlite:///{folder / 'tasks.db'}") as store:
            for language in Language:
                request = Request(
                    kind=TaskKind.SEARCH,
                    seed=1,
                    language=language,
                    options=prepare({"sources": [f"jsonl:{corpus}"]}),
                )
                synthesise(request, NUM_TASKS, store, partial(local_crew, request, 1))
        yield folder / "tasks.db"


@pytest.fixture
async def told(database: Path, monkeypatch: pytest.MonkeyPatch) -> Told:
    monkeypatch.setenv("PALAESTRA_CACHE", str(database.parent / "worlds"))
    with Store.open(f"sqlite:///{database}") as store:
        await rollout(store.tasks(), scripted("oracle"), store)
        found = []
        for task in store.tasks():
            (attempt,) = store.attempts(policy="oracle", task_id=task.id)
            assert attempt.trajectory
            found.append((task, attempt.trajectory, explain(task, attempt.trajectory)))
    return found


@pytest.fixture
def rehearsals(told: Told) -> Told:
    """The witnesses that have wrong tries, run with them."""
    found = []
    with Replayer() as replayer:
        for task, trajectory, _ in told:
            played = rehearsal(task, trajectory, replayer)
            if played != trajectory:
                found.append((task, played, explain(task, played)))
    return found


def library(task: Task) -> Library:
    sources = task.provenance.options["sources"]
    assert isinstance(sources, list)
    return open_library(tuple(map(str, sources)))


async def test_there_is_one_reason_a_turn_in_the_language_of_the_task(
    told: Told, rehearsals: Told
) -> None:
    assert len(told) >= NUM_TASKS
    for task, trajectory, reasons in told + rehearsals:
        assert len(reasons) == len(trajectory.turns)
        for reason in reasons:
            assert reason.strip()
            chinese = any("\u4e00" <= letter <= "\u9fff" for letter in reason)
            assert chinese == (task.language is Language.ZH), reason
            assert not set("{}\0") & set(reason), reason


async def test_no_reason_speaks_of_a_thing_that_was_not_seen_before(
    told: Told, rehearsals: Told
) -> None:
    num_spoken = 0
    for task, trajectory, reasons in told + rehearsals:
        entities = library(task).kb.entities.values()
        question = task.prompt[-1].content
        names = {name for e in entities for name in (e.name, e.id) if len(name) > 3}
        asked = str(task.hidden.proof["query"])
        named = {entity.name for entity in entities if entity.id in asked}
        seen = question
        for turn, reason in zip(trajectory.turns, reasons, strict=True):
            for name in names:
                if name in reason:
                    num_spoken += 1
                    assert name in seen or name in named, (name, reason)
            seen += "".join(observation.text for observation in turn.observations)
    assert num_spoken > 5 * NUM_TASKS


async def test_wrong_tries_are_ruled_out_by_the_page_just_read(rehearsals: Told) -> None:
    assert rehearsals
    for task, trajectory, reasons in rehearsals:
        assert verify(task, trajectory).score == 1
        way = list(task.hidden.witness.calls)
        for number, turn in enumerate(trajectory.turns[:-1]):
            (call,) = turn.calls
            if way and call == way[0]:
                way.pop(0)
            elif call.name == "open":
                page = library(task).kb.entities[str(call.arguments["doc_id"])]
                assert page.name in reasons[number + 1]
        assert not way, "the whole witness is there"


async def test_wrong_tries_go_down_the_list_until_nothing_is_guessed(rehearsals: Told) -> None:
    for task, trajectory, _ in rehearsals:
        library_, tries = library(task), wrong_tries(task, calls_of(trajectory))
        assert not {n for n in tries if n in guessed(task, trajectory)}
        for number, right in tries.items():
            if calls_of(trajectory)[number].name != "search":
                continue
            tried = str(calls_of(trajectory)[number].arguments["query"])
            lists = [seen for seen in read(trajectory, number) if tried in seen]
            name = library_.kb.entities[right].name
            assert any(seen.index(tried) < seen.index(name) for seen in lists if name in seen)


def calls_of(trajectory: Trajectory) -> list[ToolCall]:
    return [call for turn in trajectory.turns for call in turn.calls]


def read(trajectory: Trajectory, number: int) -> list[str]:
    return [seen.text for turn in trajectory.turns[:number] for seen in turn.observations]


async def test_a_guess_is_a_search_and_the_rest_is_learnt(
    told: Told, database: Path, tmp_path: Path
) -> None:
    export_from(database, tmp_path / "out", rehearsed=False)
    written = {row["task_id"]: row for row in rows(tmp_path / "out")}
    num_guesses = 0
    for task, trajectory, reasons in told:
        guesses = guessed(task, trajectory)
        num_guesses += len(guesses)
        assert all(calls_of(trajectory)[number].name == "search" for number in guesses)
        row = written[task.id]
        learnt = [row["text"][start:end] for start, end in row["loss_spans"]]
        assert [parse(text, thinking=True).reasoning for text in learnt] == [
            reason for number, reason in enumerate(reasons) if number not in guesses
        ]
    assert num_guesses


async def test_the_reasons_vary(told: Told) -> None:
    for language in Language:
        reasons = [r for task, _, rs in told if task.language is language for r in rs]
        commonest = Counter(reasons).most_common(1)[0][1]
        assert commonest <= len(reasons) / 10
        for _, _, mine in told:
            assert all(one != other for one, other in pairwise(mine))


async def test_the_reasons_are_the_same_whatever_the_hash_seed(told: Told, database: Path) -> None:
    script = (
        "import sys\n"
        "from data.store import Store\n"
        "from data.hashing import content_hash\n"
        "from synth.search import explain\n"
        "with Store.open(sys.argv[1]) as store:\n"
        "    tasks = {task.id: task for task in store.tasks()}\n"
        "    found = store.attempts(policy='oracle')\n"
        "    print(content_hash([explain(tasks[a.task_id], a.trajectory) for a in found]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, f"sqlite:///{database}"],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout.strip() == content_hash([reasons for _, _, reasons in told])


def export_from(database: Path, out: Path, **asked: Any) -> Counter[str]:
    left = Counter[str]()
    with Store.open(f"sqlite:///{database}") as store:
        export_sft(store, Selection(), out, reasons=left, **asked)
    return left


def rows(out: Path) -> list[dict[str, Any]]:
    files = sorted((out / "sft").glob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]


async def test_cold_start_data_holds_every_witness_with_its_reasons(
    told: Told, database: Path, tmp_path: Path
) -> None:
    for folder in ("one", "two"):
        assert not export_from(database, tmp_path / folder, rehearsed=False)
    written = {row["task_id"]: row for row in rows(tmp_path / "one")}
    assert written == {row["task_id"]: row for row in rows(tmp_path / "two")}
    assert set(written) == {task.id for task, _, _ in told}
    for task, trajectory, reasons in told:
        row = written[task.id]
        spans = [row["text"][start:end] for start, end in row["loss_spans"]]
        told_there = [m["reasoning_content"] for m in row["messages"] if "reasoning_content" in m]
        assert told_there == list(reasons)
        assert parse(spans[-1], thinking=True).content == trajectory.answer
        assert row["origin"]["reasoning"] == "program"


async def test_rehearsed_data_says_how_many_calls_lie_beside_the_way(
    rehearsals: Told, database: Path, tmp_path: Path
) -> None:
    export_from(database, tmp_path / "out")
    beside = {
        row["task_id"]: row["origin"]["calls_beside_the_way"] for row in rows(tmp_path / "out")
    }
    assert {task_id for task_id, number in beside.items() if number} == {
        task.id for task, _, _ in rehearsals
    }


async def test_only_attempts_with_the_full_score_are_learnt_from(
    told: Told, database: Path, tmp_path: Path
) -> None:
    with Store.open(f"sqlite:///{database}") as store:
        await rollout(store.tasks(), scripted("greedy"), store)
        attempts = list(store.attempts(policy="greedy"))
    scores = {a.task_id: a.verdict.score if a.verdict else 0.0 for a in attempts}
    left = export_from(database, tmp_path / "out", policy="greedy")
    written = rows(tmp_path / "out")
    assert {row["task_id"] for row in written} == {t for t, score in scores.items() if score == 1}
    assert left["no_full_score"] == sum(score < 1 for score in scores.values())
    assert {row["style"] for row in written} == {"tools"}


def test_without_attempts_the_export_says_what_to_run(database: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no attempt of policy 'qwen' to learn from"):
        export_from(database, tmp_path / "out", policy="qwen")
