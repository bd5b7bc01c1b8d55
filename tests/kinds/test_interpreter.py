"""Interpreter tasks from end to end: sound, repeatable, proved in kernels, and closed to cheats."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.policies import scripted
from agents.rollout import rollout
from data.certificate import CheckName
from data.errors import SourceError, UserError
from data.store import Store
from data.task import Language, Message, Role, Script, Task, TaskBody, TaskKind, content_id
from synth.certify import Certifier, recertify
from synth.funnel import local_crew, synthesise
from synth.interpreter import author, prepare
from synth.interpreter.cheats import TRICKS, tampering
from synth.replay import Replayer
from synth.request import Request, kind_module
from verifiers import verify

NUM_TASKS = 4


def ask(sources: tuple[str, ...] = ("bokeh", "puzzles", "stateful"), **options: object) -> Request:
    prepared = prepare({"sources": list(sources), **options})  # type: ignore[dict-item]
    return Request(kind=TaskKind.INTERPRETER, seed=4, options=prepared)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    path = tmp_path_factory.mktemp("interpreter") / "tasks.db"
    with Store.open(f"sqlite:///{path}") as opened:
        synthesise(ask(), NUM_TASKS, opened, lambda: local_crew(ask(), workers=1))
        yield opened


@pytest.fixture(scope="module")
def replayer() -> Iterator[Replayer]:
    with Replayer() as opened:
        yield opened


async def test_the_oracle_scores_one_and_doing_nothing_scores_zero(store: Store) -> None:
    tasks = list(store.tasks())
    assert len(tasks) == NUM_TASKS
    for policy, score in (("oracle", 1.0), ("noop", 0.0)):
        summary = await rollout(tasks, scripted(policy), store)
        assert (summary.num_scored, summary.total_score) == (NUM_TASKS, score * NUM_TASKS)


def test_every_task_carries_every_check_with_what_it_found(store: Store) -> None:
    for task in store.tasks():
        assert task.certificate is not None
        found = {check.name: check for check in task.certificate.checks}
        assert set(found) == set(CheckName)
        assert all(check.passed and check.evidence for check in found.values())
        for name in (CheckName.NOOP, CheckName.ALTERNATIVES, CheckName.CHEATS):
            assert int(str(found[name].evidence["judged"])) >= 4


def test_certificates_are_proved_anew_and_alterations_are_found(store: Store) -> None:
    first, *_ = store.tasks()
    (again,) = recertify(store, [first.id])
    assert not again.failures


@pytest.mark.parametrize("trick", [label for label, _ in TRICKS])
def test_every_known_trick_scores_zero(store: Store, replayer: Replayer, trick: str) -> None:
    task = next(iter(store.tasks()))
    cells = dict(tampering(task.hidden.reference, None))[trick]
    said = author.message(task.hidden.reference)
    played = replayer.run(task.public(), Script(calls=author.calls(cells), answer=said))
    verdict = verify(task, played.trajectory)
    assert verdict.score == 0
    # The message is right: only the rerun on other data tells.
    assert [check.passed for check in verdict.checks] == [True, True, False]


def test_a_wrong_message_behind_right_cells_scores_zero(store: Store, replayer: Replayer) -> None:
    task = next(iter(store.tasks()))
    script = Script(calls=task.hidden.witness.calls, answer='{"answer": "something else"}')
    assert verify(task, replayer.run(task.public(), script).trajectory).score == 0


def test_the_answer_in_the_prompt_is_a_leak(replayer: Replayer) -> None:
    module = kind_module(TaskKind.INTERPRETER)
    bodies = (module.generate(ask(("bokeh",)), index) for index in range(50))
    body = next(
        made
        for made in bodies
        if isinstance(made, TaskBody) and len(repr(made.hidden.reference)) > 6
    )
    hint = Message(role=Role.USER, content=f"It is {body.hidden.reference!r}.")
    leaky = Task.of(body.model_copy(update={"prompt": (*body.prompt, hint)}))
    certificate = Certifier(replayer).certify(leaky, every_check=True)
    failed = {check.name for check in certificate.failures}
    assert {CheckName.STABLE, CheckName.LEAK} <= failed


def test_the_same_request_gives_the_same_bytes() -> None:
    for language in Language:
        request = ask().model_copy(update={"language": language})
        first = [author.generate(request, index) for index in range(8)]
        again = [author.generate(request, index) for index in range(8)]
        ids = [content_id(body) for body in first if isinstance(body, TaskBody)]
        assert ids == [content_id(body) for body in again if isinstance(body, TaskBody)]
        assert ids


def test_no_two_tasks_of_a_run_ask_the_same() -> None:
    bodies = [author.generate(ask(), index) for index in range(40)]
    made = [body for body in bodies if isinstance(body, TaskBody)]
    assert len({body.fingerprint for body in made}) == len(made)


@pytest.mark.parametrize("level", [1, 3, 5])
def test_the_difficulty_asked_for_is_the_difficulty_made(level: int) -> None:
    bodies = [author.generate(ask(difficulty=level), index) for index in range(12)]
    made = [body for body in bodies if isinstance(body, TaskBody)]
    assert made
    assert {body.difficulty.level for body in made} == {level}


def test_unknown_options_and_sources_are_named() -> None:
    with pytest.raises(UserError, match="no option 'depth'; its options are"):
        prepare({"depth": 3})
    with pytest.raises(SourceError, match="no source 'kaggle'; sources are"):
        prepare({"sources": ["kaggle"]})


def test_tables_of_a_user_become_questions(tmp_path: Path) -> None:
    path = tmp_path / "plots.csv"
    rows = [f"P{n},{'north' if n % 3 else 'south'},{n * 7 % 53},{n * n % 97}" for n in range(90)]
    path.write_text("plot,side,height,yield\n" + "\n".join(rows) + "\n")
    request = ask((f"csv:{path}",))
    made = [author.generate(request, index) for index in range(12)]
    texts = [body.prompt[-1].content for body in made if isinstance(body, TaskBody)]
    assert texts
    assert all("plots." in text for text in texts)
