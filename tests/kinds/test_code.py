"""Code tasks from end to end, on a small repository: sound, repeatable, proved in sandboxes."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.policies import scripted
from agents.rollout import rollout
from data.certificate import CheckName
from data.errors import SourceError, UserError
from data.store import Store
from data.task import Language, Script, Task, TaskBody, TaskKind, content_id
from envs.code.spec import Parameters
from envs.code.trees import agent_tree
from synth.certify import Certifier, recertify
from synth.code import author, prepare
from synth.code.labels import fixed_tree
from synth.funnel import local_crew, synthesise
from synth.replay import Replayer
from synth.request import Request
from verifiers import verify
from verifiers.code.spec import CodeSpec

ROOT = Path(__file__).resolve().parent.parent.parent
NUM_TASKS = 2
GIT = ("git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org")


@pytest.fixture(scope="module")
def request_(tmp_path_factory: pytest.TempPathFactory) -> Request:
    """Asks for bugs in the example's package, as a repository of the user's."""
    folder = tmp_path_factory.mktemp("code") / "ledger"
    shutil.copytree(ROOT / "examples" / "ledger", folder)
    for arguments in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "Ledger")):
        subprocess.run([*GIT, *arguments], cwd=folder, check=True)
    options = prepare({"sources": [f"git:{folder}"]})
    return Request(kind=TaskKind.CODE, seed=4, options=options)


@pytest.fixture(scope="module")
def store(request_: Request, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    path = tmp_path_factory.mktemp("code") / "tasks.db"
    with Store.open(f"sqlite:///{path}") as opened:
        synthesise(request_, NUM_TASKS, opened, lambda: local_crew(request_, workers=1))
        yield opened


async def test_the_oracle_scores_one_and_doing_nothing_scores_zero(store: Store) -> None:
    tasks = list(store.tasks())
    assert len(tasks) == NUM_TASKS
    for policy, score in (("oracle", 1.0), ("noop", 0.0), ("random", 0.0)):
        summary = await rollout(tasks, scripted(policy), store)
        assert (summary.num_scored, summary.total_score) == (NUM_TASKS, score * NUM_TASKS)


def test_every_task_carries_every_check_with_what_it_found(store: Store) -> None:
    for task in store.tasks():
        assert task.certificate is not None
        found = {check.name: check for check in task.certificate.checks}
        assert set(found) == set(CheckName)
        assert all(check.passed and check.evidence for check in found.values())
        for name in (CheckName.ALTERNATIVES, CheckName.MUTANTS, CheckName.CHEATS):
            assert int(str(found[name].evidence["judged"])) >= 3
