"""Code tasks from end to end, on a small repository: sound, repeatable, proved in sandboxes."""

import os
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
from data.task import Task, TaskBody, TaskKind
from envs.code.junit import Status
from envs.code.runs import Ended, RunRequest, run_many
from envs.code.spec import Parameters
from envs.code.trees import agent_tree, origin_tree
from synth.certify import Certifier, recertify
from synth.code import author, prepare
from synth.code.bug import Bug, Story
from synth.code.labels import fixed_tree
from synth.code.telling import is_half_told
from synth.funnel import local_crew, synthesise
from synth.replay import Replayer
from synth.request import Rejection, Request
from verifiers.code.spec import CodeSpec

ROOT = Path(__file__).resolve().parent.parent.parent
NUM_TASKS = 2
GIT = ("git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org")
DATED = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), "2026-01-05T12:00:00Z")
"""So that the commit, and with it every draft, is the same wherever the tests run."""


@pytest.fixture(scope="module")
def request_(tmp_path_factory: pytest.TempPathFactory) -> Request:
    """Asks for bugs in the example's package, as a repository of the user's."""
    folder = tmp_path_factory.mktemp("code") / "ledger"
    shutil.copytree(ROOT / "examples" / "ledger", folder)
    commit(folder)
    options = prepare({"sources": [f"repo:{folder}"]})
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


def test_certificates_are_proved_anew(store: Store) -> None:
    author.drafted.cache_clear()
    first, *_ = store.tasks()
    (again,) = recertify(store, [first.id])
    assert not again.failures


def test_the_fix_in_the_prompt_is_a_leak(request_: Request, store: Store) -> None:
    task = next(iter(store.tasks()))
    body = author.generate(request_, task.provenance.index)
    assert isinstance(body, TaskBody)
    fix = "\n".join(str(text) for text in fixes(task).values())
    hint = body.prompt[-1].model_copy(update={"content": f"It should read:\n{fix}"})
    leaky = Task.of(body.model_copy(update={"prompt": (*body.prompt, hint)}))
    with Replayer() as replayer:
        certificate = Certifier(replayer).certify(leaky, every_check=True)
    failed = {check.name for check in certificate.failures}
    assert failed == {CheckName.STABLE, CheckName.LEAK}


def test_nothing_of_the_fix_or_its_tests_is_in_the_working_copy(store: Store) -> None:
    for task in store.tasks():
        spec = CodeSpec.model_validate(task.hidden.verifier)
        tree = agent_tree(Parameters.model_validate(task.env.parameters))
        texts = {path: file.content.decode() for path, file in tree.items()}
        for test in spec.fail_to_pass:
            name = test.partition("::")[2].partition("[")[0]
            assert not any(f"def {name}(" in text for text in texts.values())
        assert all(texts[path] != text for path, text in fixes(task).items())


def test_the_tests_that_the_agent_has_pass_with_the_bug(store: Store) -> None:
    for task in store.tasks():
        parameters = Parameters.model_validate(task.env.parameters)
        tree = agent_tree(parameters)
        modules = tuple(path for path in sorted(tree) if path.startswith("tests/test_"))
        (run,) = run_many([RunRequest(tree, parameters.toolchain, modules)])
        assert run.ended is Ended.WELL
        assert {result.status for result in run.results.values()} == {Status.PASSED}


def test_a_mistake_that_no_reproduction_shows_is_found(store: Store) -> None:
    task = next(iter(store.tasks()))
    world = Parameters.model_validate(task.env.parameters)
    tree = origin_tree(world.origin, world.tree_sha256)
    paths = ("src/ledger/amounts.py", "src/ledger/report.py")
    fixed = {path: tree[path].content.decode() for path in paths}
    wrong = [("default: str", "other: str"), ("count: int = 3", "count: int = 0")]
    bug = Bug(
        origin=world.origin,
        tree_sha256=world.tree_sha256,
        toolchain=world.toolchain,
        sources=world.sources,
        removed=(),
        buggy={p: fixed[p].replace(*w) for p, w in zip(paths, wrong, strict=True)},
        gold=dict(fixed),
        tests={},
        modules=("tests/test_amounts.py",),
        story=Story(sort="injected", operators=("change_default", "change_default")),
        licence=task.provenance.sources[0],
    )
    one = "from ledger import parse_amount\nprint(parse_amount('1', default='USD'))\n"
    other = "import ledger\nentry = ledger.parse_entry('2024-03-01  a  1')\n"
    other += "print(ledger.largest([entry]))\n"
    right = [
        run.output
        for run in run_many(
            [RunRequest(fixed_tree(bug), bug.toolchain, (), script=s) for s in (one, other)]
        )
    ]
    assert is_half_told(bug, [one], right[:1])
    assert not is_half_told(bug, [one, other], right)


def test_unknown_options_sources_and_projects_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no option 'depth'; its options are"):
        prepare({"depth": 3})
    with pytest.raises(SourceError, match="no source 'github'; sources are"):
        prepare({"sources": ["github"]})
    with pytest.raises(SourceError, match="no project 'leftpad'; projects are"):
        prepare({"sources": ["injected"], "projects": ["leftpad"]})
    with pytest.raises(SourceError, match="injected has no project 'leftpad'; its"):
        prepare({"sources": ["injected:leftpad"]})
    with pytest.raises(SourceError, match="is no git repository"):
        prepare({"sources": [f"repo:{tmp_path / 'nowhere'}"]})


def test_a_repository_without_tests_is_refused_by_its_reason(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples" / "ledger" / "src", tmp_path / "bare" / "src")
    shutil.copy(ROOT / "examples" / "ledger" / "pyproject.toml", tmp_path / "bare")
    commit(tmp_path / "bare")
    options = prepare({"sources": [f"repo:{tmp_path / 'bare'}"]})
    made = author.generate(Request(kind=TaskKind.CODE, options=options), 0)
    assert made == Rejection("no_tests")


def fixes(task: Task) -> dict[str, str]:
    """The fixed files of a task."""
    assert isinstance(task.hidden.reference, dict)
    files = task.hidden.reference["files"]
    assert isinstance(files, dict)
    return {path: str(text) for path, text in files.items()}


def commit(folder: Path) -> None:
    for arguments in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "All of it")):
        subprocess.run([*GIT, *arguments], cwd=folder, check=True, env={**os.environ, **DATED})
