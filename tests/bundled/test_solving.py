"""The bundled model, served by vLLM, attempts certified tasks; its server ends with who started it."""

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from data.store import Drawn, Store
from data.task import Author, JsonObject, Language, TaskKind
from data.trajectory import Attempt
from model.bundled import DELTA
from synth.funnel import Drawer
from synth.request import make_request
from tests.bundled.server import PYTHON, ROOT, VARIABLE, wait_for

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PYTHON.exists(), reason=f"needs vLLM, see {VARIABLE}"),
]
SEED, TASKS = 900, (13, 80, 134)
"""Errands that no training row was made of; the model has solved them."""
SOLVING_LIMIT_S = 600.0
END_LIMIT_S = 60.0


def command_line(database: Path, *words: object) -> None:
    """A command of this program; fails with its messages."""
    done = subprocess.run(
        [sys.executable, "cli.py", *map(str, words), "--db", f"sqlite:///{database}"],
        cwd=ROOT,
        env={**os.environ, VARIABLE: str(PYTHON), "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        timeout=SOLVING_LIMIT_S,
    )
    assert done.returncode == 0, done.stderr


def certified() -> list[Drawn]:
    options: JsonObject = {"family": "transact", "difficulty": 1}
    request = make_request(TaskKind.GENERAL, options, SEED, Language.EN, Author.PROGRAM)
    with closing(Drawer()) as drawer:
        found = [drawer.draw(request, index, index + 1)[0] for index in TASKS]
    assert all(drawn.task for drawn in found)
    return [Drawn(place, drawn.task, "") for place, drawn in enumerate(found)]


@pytest.fixture(scope="module")
def attempts(tmp_path_factory: pytest.TempPathFactory) -> list[Attempt]:
    """One greedy attempt at each of a few tasks."""
    if not DELTA.is_dir():
        pytest.skip("what training changed is not shipped")
    database = tmp_path_factory.mktemp("solving") / "palaestra.db"
    with Store.open(f"sqlite:///{database}") as store:
        store.begin_run("solving", {})
        store.commit("solving", certified())
    sampling = ("--temperature", 0, "--max-tokens", 400)
    command_line(database, "rollout", "--kind", "general", "--model", "bundled", *sampling)
    with Store.open(f"sqlite:///{database}") as store:
        return list(store.attempts(kind=TaskKind.GENERAL))


def test_every_attempt_ends_with_a_verdict(attempts: list[Attempt]) -> None:
    assert len(attempts) == len(TASKS)
    assert all(attempt.verdict is not None for attempt in attempts)


def test_a_certified_task_is_solved_with_reasoning_and_tools(attempts: list[Attempt]) -> None:
    solved = [a.trajectory for a in attempts if a.verdict and a.verdict.score == 1.0]
    assert solved
    assert solved[0]
    turns = [turn for turn in solved[0].turns if turn.calls]
    assert any(turn.reasoning for turn in turns)
    assert all(turn.observations for turn in turns)


def test_the_server_ends_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    words = tmp_path / "server.log"
    script = (
        "import sys; from pathlib import Path; from agents.bundled import serving\n"
        "with serving(python=Path(sys.argv[1]), words_to=Path(sys.argv[2])): pass"
    )
    words.touch()
    parent = subprocess.Popen([sys.executable, "-c", script, str(PYTHON), str(words)], cwd=ROOT)
    wait_for(parent, words, "starting vLLM")
    children = descendants(parent.pid)
    assert children
    parent.send_signal(signal.SIGKILL)
    parent.wait(END_LIMIT_S)
    end = time.monotonic() + END_LIMIT_S
    while any(is_running(pid) for pid in children):
        assert time.monotonic() < end, "processes of the server were left behind"
        time.sleep(0.2)


def descendants(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            found += [child, *descendants(child)]
    return found


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
