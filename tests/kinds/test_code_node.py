"""A task in JavaScript from end to end, on a small repository: sound, repeatable, proved in sandboxes."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.policies import scripted
from agents.rollout import rollout
from data.errors import EnvironmentFault, SourceError
from data.store import Store
from data.task import Language, TaskKind
from envs.code.spec import Parameters
from envs.code.toolchains.driven import needs
from envs.code.toolchains.node import PROGRAMS
from envs.code.trees import agent_tree
from synth.code import author, prepare
from synth.funnel import local_crew, synthesise
from synth.request import Rejection, Request
from tests.kinds.test_code import commit, fixes
from verifiers.code.spec import CodeSpec

PROJECT = Path(__file__).resolve().parent.parent / "code" / "projects" / "javascript"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Holds one task, of a bug in a repository of the user's."""
    try:
        needs(PROGRAMS)
    except EnvironmentFault as fault:
        pytest.skip(str(fault))
    folder = tmp_path_factory.mktemp("code") / "ranges"
    shutil.copytree(PROJECT, folder)
    commit(folder)
    request = Request(
        kind=TaskKind.CODE,
        seed=11,
        language=Language.ZH,
        options=prepare({"sources": [f"repo:{folder}"]}),
    )
    with Store.open(f"sqlite:///{folder.parent / 'tasks.db'}") as opened:
        synthesise(request, 1, opened, lambda: local_crew(request, workers=1))
        yield opened


async def test_the_oracle_scores_one_and_doing_nothing_scores_zero(store: Store) -> None:
    tasks = list(store.tasks())
    assert len(tasks) == 1
    for policy, score in (("oracle", 1.0), ("noop", 0.0)):
        summary = await rollout(tasks, scripted(policy), store)
        assert (summary.num_scored, summary.total_score) == (1, score)


def test_it_is_certified_and_told_by_a_script_in_its_language(store: Store) -> None:
    (task,) = store.tasks()
    assert task.certificate is not None
    assert not task.certificate.failures
    assert "```javascript\n" in task.prompt[-1].content
    assert "Node.js" in task.prompt[-1].content
    spec = CodeSpec.model_validate(task.hidden.verifier)
    assert spec.probes
    assert task.difficulty.measures["distance"] >= 1


def test_nothing_of_the_fix_or_its_tests_is_in_the_working_copy(store: Store) -> None:
    (task,) = store.tasks()
    tree = agent_tree(Parameters.model_validate(task.env.parameters))
    texts = {path: file.content.decode() for path, file in tree.items()}
    assert all(texts[path] != text for path, text in fixes(task).items())
    spec = CodeSpec.model_validate(task.hidden.verifier)
    titles = {name.rpartition("::")[2] for name in spec.fail_to_pass}
    shown = "\n".join(text for path, text in texts.items() if path.startswith("test/"))
    assert not any(f"'{title}'" in shown for title in titles)


def test_trees_whose_bugs_cannot_be_told_are_refused_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "duration"
    shutil.copytree(PROJECT.parent / "php", folder)
    commit(folder)
    options = prepare({"sources": [f"repo:{folder}"]})
    made = author.generate(Request(kind=TaskKind.CODE, options=options), 0)
    assert made == Rejection("language")


def test_packages_of_the_list_are_known_and_others_are_pinned_by_their_version() -> None:
    assert prepare({"sources": ["npm", "npm:qs", "npm:left-pad@1.3.0"]})["sources"] == [
        "npm",
        "npm:qs",
        "npm:left-pad@1.3.0",
    ]
    with pytest.raises(SourceError, match="no project 'leftpad'; projects are"):
        prepare({"sources": ["npm"], "projects": ["leftpad"]})
