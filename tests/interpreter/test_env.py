"""The interpreter's world through its tool, and reruns of what happened in it."""

import hashlib
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from pydantic import JsonValue

from data.errors import EnvironmentFault, TaskError
from data.task import EnvSpec, JsonObject, Language, PublicTask, TaskKind, ToolCall
from data.trajectory import Observation
from envs.interpreter import service
from envs.interpreter.diagnosis import diagnose
from envs.interpreter.env import TOOLS, Env
from envs.interpreter.files.recipe import TextRecipe
from envs.interpreter.rerun import Job, Rerun, rerun, rerun_many
from envs.interpreter.world import CellLimits, Ended, Parameters, Transcript

ROOT = Path(__file__).resolve().parents[2]
TABLE = "city,people\nBern,134\nBiel,55\nChur,38\n"


@pytest.fixture(autouse=True, scope="module")
def kernels() -> Iterator[None]:
    try:
        service.wait_for(_open_one(), 120.0)
    except EnvironmentFault as reason:
        pytest.skip(str(reason))
    yield
    service.close()


async def _open_one() -> None:
    pool = await service.service().pool()
    async with pool.kernel(CellLimits()):
        pass


def parameters(text: str = TABLE, **limits: JsonValue) -> JsonObject:
    file: JsonObject = {
        "name": "cities.csv",
        "recipe": TextRecipe.of(text).model_dump(mode="json"),
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
    }
    return {"files": [file], "limits": limits}


def task(given: JsonObject, version: str = "1") -> PublicTask:
    return PublicTask(
        id="interpreter-0",
        kind=TaskKind.INTERPRETER,
        language=Language.EN,
        prompt=(),
        tools=TOOLS,
        env=EnvSpec(name="interpreter", version=version, parameters=given),
    )


@pytest_asyncio.fixture
async def env() -> AsyncIterator[Env]:
    env = Env()
    yield env
    await env.close()


async def run(env: Env, code: str) -> Observation:
    return await env.call(ToolCall(name="run_cell", arguments={"code": code}))


async def test_an_episode_from_its_files_to_its_transcript(env: Env) -> None:
    first = await env.reset(task(parameters()))
    assert first.text == "Files in the working folder:\ncities.csv (37 bytes)"
    await run(env, "import pandas as pd\ncities = pd.read_csv('cities.csv')")
    seen = await run(env, "int(cities.people.sum())")
    assert (seen.text, seen.error) == ("227", False)
    failed = await run(env, "cities.nobody")
    assert failed.error
    transcript = Transcript.model_validate(env.state())
    assert [cell.ended for cell in transcript.cells] == [Ended.OK, Ended.OK, Ended.ERROR]
    assert transcript.cells[2].error == "AttributeError"
    assert (await run(env, "pass")).text == "[no output]"


async def test_wrong_calls_are_told_and_are_no_part_of_the_transcript(env: Env) -> None:
    await env.reset(task(parameters()))
    for call in (
        ToolCall(name="run", arguments={}),
        ToolCall(name="run_cell", arguments={}),
        ToolCall(name="run_cell", arguments={"code": ""}),
        ToolCall(name="run_cell", arguments={"code": "1", "timeout": 5}),
    ):
        assert (await env.call(call)).error
    assert env.state() == {"cells": []}


async def test_a_second_reset_starts_from_nothing(env: Env) -> None:
    await env.reset(task(parameters()))
    await run(env, "x = 1\nimport os\nos.remove('cities.csv')")
    await env.reset(task(parameters()))
    assert env.state() == {"cells": []}
    assert (await run(env, "import os\n'x' in globals(), os.listdir()")).text == (
        "(False, ['cities.csv'])"
    )
    await env.close()
    await env.close()


async def test_the_limits_of_the_task_hold(env: Env) -> None:
    await env.reset(task(parameters(cell_timeout_s=0.5, max_output_chars=300)))
    assert "longer than 0.5 s" in (await run(env, "while True: pass")).text
    long = await run(env, "print('x' * 1000)")
    assert long.truncated
    assert len(long.text) < 400


async def test_a_world_that_cannot_be_as_it_was_is_refused(env: Env) -> None:
    altered = parameters()
    altered["files"][0]["sha256"] = "0" * 64  # type: ignore[index, call-overload]
    with pytest.raises(TaskError, match=r"cities\.csv is not what it was"):
        await env.reset(task(altered))
    with pytest.raises(TaskError, match="version 0"):
        await env.reset(task(parameters(), version="0"))
    with pytest.raises(TaskError, match="names no interpreter's world"):
        await env.reset(task({"files": [{"name": "../x"}]}))


async def test_a_transcript_replayed_on_its_own_files_gives_the_same_again(env: Env) -> None:
    cells = (
        "import pandas as pd\ncities = pd.read_csv('cities.csv')\ncities",
        "import numpy, random\nprint(random.random(), numpy.random.rand())\n1 / 0",
        "import sys\nprint('to stderr', file=sys.stderr)\nprint('to stdout')",
        "import os\nos._exit(1)",
        "answer = len(open('cities.csv').readlines())\nanswer",
    )
    await env.reset(task(parameters()))
    seen = [(await run(env, code)).text for code in cells]
    again = rerun(Parameters.model_validate(parameters()), cells, variable="answer")
    assert again.value == 4
    assert [cell.model_dump(mode="json") for cell in again.cells] == env.state()["cells"]  # type: ignore[index, call-overload]
    for number in (0, 1, 2, 4):
        assert again.texts[number] == seen[number]


def rerun_one(*cells: str, text: str = TABLE, seconds: float = 20.0) -> Rerun:
    limits = CellLimits(cell_timeout_s=1.0)
    files = (("cities.csv", text.encode()),)
    return rerun_many([Job(files, cells, "answer", limits, seconds)])[0]


def test_other_data_gives_another_answer_and_a_constant_does_not() -> None:
    computed = "import pandas as pd\nanswer = pd.read_csv('cities.csv').people.max()"
    other = TABLE.replace("134", "434")
    assert (rerun_one(computed).value, rerun_one(computed, text=other).value) == (134, 434)
    assert rerun_one("answer = 134", text=other).value == 134


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("3", 3),
        ("'text'", "text"),
        ("True", True),
        ("None", None),
        ("(1, 2.5)", [1, 2.5]),
        ("{'b', 'a'}", ["a", "b"]),
        ("{'k': {1: [True]}}", {"k": {"1": [True]}}),
        ("float('nan')", None),
        ("__import__('datetime').date(2020, 2, 29)", "2020-02-29"),
        ("__import__('datetime').timedelta(minutes=1)", 60.0),
        ("__import__('fractions').Fraction(1, 4)", 0.25),
        ("__import__('numpy').float32(0.5)", 0.5),
        ("__import__('numpy').arange(3)", [0, 1, 2]),
        ("__import__('numpy').datetime64('2020-01-01')", "2020-01-01T00:00:00"),
        ("__import__('pandas').Series([1, None])", {"index": [0, 1], "values": [1.0, None]}),
        (
            "__import__('pandas').DataFrame({'a': [1], 'b': ['x']})",
            {"columns": ["a", "b"], "index": [0], "rows": [[1, "x"]]},
        ),
    ],
)
def test_a_variable_comes_back_as_json(code: str, value: JsonValue) -> None:
    found = rerun_one(f"answer = {code}")
    assert (found.value, found.problem) == (value, "")


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        (("other = 1",), "there is no variable answer"),
        (("answer = open",), "has no JSON form"),
        (("answer = float('inf')",), "has no JSON form"),
        (("answer = []\nanswer.append(answer)",), "has no JSON form"),
        (("answer = 1", "import os\nos._exit(1)"), "died in the last cell"),
        (("import os\nos.write(4, b'forged' + b'\\n' * 3)\nos._exit(0)",), "cannot be read"),
    ],
    ids=["absent", "function", "infinite", "endless", "dead", "forged"],
)
def test_a_variable_that_cannot_come_back_is_explained(
    cells: tuple[str, ...], problem: str
) -> None:
    found = rerun_one(*cells)
    assert found.value is None
    assert problem in found.problem


def test_time_limits_hold_in_reruns() -> None:
    found = rerun_one("while True: pass", "answer = 1")
    assert [cell.ended for cell in found.cells] == [Ended.INTERRUPTED, Ended.OK]
    assert found.value == 1
    deaf = "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True: pass"
    stuck = rerun_one("answer = 1", deaf, seconds=1.0)
    assert (stuck.value, stuck.problem) == (None, "not done within 1 s")
    assert len(stuck.cells) == 1


def test_many_reruns_come_back_in_their_order() -> None:
    jobs = [Job((), (f"answer = {number}",), "answer") for number in range(20)]
    assert [found.value for found in rerun_many(jobs)] == list(range(20))


def test_a_program_that_just_ends_ends_quietly_and_leaves_nothing() -> None:
    code = (
        "from envs.interpreter.rerun import Job, rerun_many\n"
        "from envs.interpreter.service import wait_for, service\n"
        "async def warm(): await (await service().pool()).fill()\n"
        "wait_for(warm(), 100)\n"
        "print(rerun_many([Job((), ('x = 1',), 'x')])[0].value)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert (done.stdout, done.stderr, done.returncode) == ("1\n", "", 0)


def test_a_diagnosis_finds_what_works_here() -> None:
    findings = {finding.name: finding for finding in diagnose()}
    sandboxes = [findings["sandboxes of namespaces"], findings["Docker engine"]]
    assert any(finding.works for finding in sandboxes)
    assert all(finding.detail for finding in findings.values())
    assert findings["packages for cells"].works
