"""General tasks from end to end: sound, repeatable, monotone in difficulty, proved anew on demand."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.policies import scripted
from agents.rollout import rollout
from data.certificate import CheckName
from data.errors import EnvironmentFault, TaskError, UserError
from data.hashing import derive_rng
from data.store import Store
from data.task import Language, Script, Task, TaskBody, TaskKind, ToolCall
from data.trajectory import StopReason, Trajectory
from envs.base import open_env
from envs.general import final_message
from synth.certify import Certifier, recertify
from synth.funnel import Summary, local_crew, synthesise
from synth.general import generate, parts, prepare
from synth.replay import Replayer
from synth.request import Request
from verifiers import verify

ROOT = Path(__file__).resolve().parent.parent.parent
NUM_TASKS = 8


def ask(language: Language = Language.EN, seed: int = 0, **wanted: object) -> Request:
    """Errands in the library, unless `wanted` says otherwise."""
    wanted = {"family": "transact", "domain": "city_library", **wanted}
    return Request(
        kind=TaskKind.GENERAL,
        seed=seed,
        language=language,
        options=prepare(wanted),  # type: ignore[dict-item]
    )


def make(store: Store, wanted: int = NUM_TASKS, language: Language = Language.EN) -> Summary:
    request = ask(language)
    return synthesise(request, wanted, store, lambda: local_crew(request, workers=1))


def drawn(request: Request, wanted: int) -> list[Task]:
    """The first tasks of a request, without their certificates."""
    made: list[Task] = []
    index = 0
    while len(made) < wanted:
        body = generate(request, index)
        made += [Task.of(body)] if isinstance(body, TaskBody) else []
        index += 1
    return made


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("general")
    with Store.open(f"sqlite:///{folder / 'tasks.db'}") as opened:
        make(opened)
        make(opened, language=Language.ZH)
        yield opened


async def test_the_oracle_scores_one_and_doing_nothing_scores_zero(store: Store) -> None:
    tasks = list(store.tasks())
    assert len(tasks) == 2 * NUM_TASKS
    for policy, score in (("oracle", 1.0), ("noop", 0.0), ("random", 0.0)):
        summary = await rollout(tasks, scripted(policy), store)
        assert summary.num_scored == len(tasks)
        assert summary.total_score == score * len(tasks)


def test_every_task_carries_every_check_with_what_it_found(store: Store) -> None:
    for task in store.tasks():
        assert task.certificate is not None
        found = {check.name: check for check in task.certificate.checks}
        assert set(found) == set(CheckName)
        assert all(check.passed and check.evidence for check in found.values())
        judged = [CheckName.NOOP, CheckName.MUTANTS, CheckName.CHEATS, CheckName.ALTERNATIVES]
        assert all(int(str(found[name].evidence["judged"])) >= 3 for name in judged)


def test_certificates_hold_when_proved_again(store: Store) -> None:
    ids = [task.id for task in store.tasks()][:6]
    assert all(not again.failures for again in recertify(store, ids))


def test_an_altered_task_fails_its_certificate() -> None:
    (task,) = drawn(ask(difficulty=2), 1)
    verifier = dict(task.hidden.verifier)
    expected = verifier["expected"]
    assert isinstance(expected, list)
    verifier["expected"] = expected[1:] or [{**expected[0], "table": "member", "row_id": "x"}]
    hidden = task.hidden.model_copy(update={"verifier": verifier})
    fields = {name: getattr(task, name) for name in TaskBody.model_fields}
    altered = Task.of(TaskBody(**{**fields, "hidden": hidden}))
    with Replayer() as replayer:
        certificate = Certifier(replayer).certify(altered, every_check=True)
    failed = {check.name for check in certificate.failures}
    assert {CheckName.STABLE, CheckName.COMPLETE} <= failed


async def play(task: Task, script: Script) -> float:
    policy = scripted("oracle")
    hidden = task.hidden.model_copy(update={"witness": script})
    played = task.model_copy(update={"hidden": hidden})
    async with open_env(task.public()) as (env, first):
        trajectory = await policy.play(played, env, first, derive_rng(1), [])
    return verify(task, trajectory).score


async def test_every_near_miss_scores_zero_and_every_other_way_scores_one() -> None:
    for task in drawn(ask(Language.ZH, seed=3, difficulty=4), 2):
        proof = parts(task)
        for variant in proof.alternatives:
            assert await play(task, variant.script) == 1.0, variant.label
        labels = []
        for variant in proof.mutants:
            assert await play(task, variant.script) == 0.0, variant.label
            labels.append(variant.label)
        assert any(label.startswith("without ") for label in labels)
        assert any(label.startswith("stray ") for label in labels)
        assert any(" with another " in label for label in labels)


async def test_the_scripted_baseline_does_worse_as_levels_rise() -> None:
    scores = []
    for level in (1, 3, 5):
        tasks = drawn(ask(difficulty=level), 24)
        total = 0.0
        for task in tasks:
            async with open_env(task.public()) as (env, first):
                policy = scripted("greedy")
                trajectory = await policy.play(task, env, first, derive_rng(0), [])
            total += verify(task, trajectory).score
        scores.append(total)
    assert scores[0] > scores[1] >= scores[2]
    assert scores[0] >= 5


def test_nothing_hidden_is_in_the_public_part() -> None:
    for task in drawn(ask(seed=2), 8):
        public = task.public().model_dump_json()
        assert '"hidden"' not in public
        for secret in parts(task).secrets:
            assert secret not in public


def test_state_that_contradicts_its_writes_is_never_scored() -> None:
    (task,) = drawn(ask(difficulty=1), 1)
    forged = Trajectory(
        task_id=task.id,
        turns=(),
        answer=task.hidden.witness.answer,
        stop=StopReason.ANSWERED,
        state={"writes": [], "changes": [_forged(task)]},
    )
    with pytest.raises(EnvironmentFault, match="not what it wrote"):
        verify(task, forged)
    with pytest.raises(EnvironmentFault, match="no state"):
        verify(task, forged.model_copy(update={"state": None}))


def _forged(task: Task) -> dict[str, object]:
    expected = task.hidden.verifier["expected"]
    assert isinstance(expected, list)
    first = expected[0]
    assert isinstance(first, dict)
    return {"table": first["table"], "id": "F-1", "before": None, "after": first["after"]}


async def test_a_task_of_another_domain_file_is_refused() -> None:
    (task,) = drawn(ask(), 1)
    env = task.env.model_copy(update={"parameters": {**task.env.parameters, "spec": "0" * 64}})
    with pytest.raises(TaskError, match="has changed"):
        async with open_env(task.model_copy(update={"env": env}).public()):
            pass


def test_options_that_are_not_known_are_named() -> None:
    for options, says in (
        ({"domain": "city_libary"}, "city_library"),
        ({"family": "dance"}, "transact"),
        ({"sources": ["x"]}, "domain, family"),
        ({"difficulty": 9}, "difficulty"),
    ):
        with pytest.raises(UserError, match=says):
            prepare(options)  # type: ignore[arg-type]


def test_two_hash_seeds_give_the_same_tasks() -> None:
    code = (
        "from tests.kinds.test_general import ask, drawn\n"
        "from data.task import Language\n"
        "print([t.id for t in drawn(ask(Language.ZH, seed=4), 6)])"
    )
    said = []
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env=environment,
            check=True,
            timeout=120,
            capture_output=True,
        )
        said.append(done.stdout)
    assert said[0] == said[1]
    assert b"general-" in said[0]


def test_requests_differ_and_hold_no_unfilled_place() -> None:
    for language in Language:
        texts = [
            task.prompt[-1].content
            for task in drawn(ask(language, seed=5, domain="hotel_desk"), 30)
        ]
        assert len(set(texts)) == len(texts)
        for text in texts:
            assert not any(mark in text for mark in ("{", "}", "[", "|", "None", "  "))


def test_a_person_types_a_report() -> None:
    state = {"writes": [], "changes": [{"table": "t", "id": "A-1", "before": None, "after": {}}]}
    said = json.loads(final_message(["1", "42"], state))  # type: ignore[arg-type]
    assert said == {"changed": ["A-1"], "declined": 1, "answer": 42}
    typed = '{"lunch": "Soup"}'
    assert final_message(typed.split(), state) == typed  # type: ignore[arg-type]


async def test_a_call_after_a_refusal_finds_the_world_as_it_was() -> None:
    (task,) = drawn(ask(difficulty=1), 1)
    async with open_env(task.public()) as (env, _):
        before = env.state()
        for name in ("", "drop_table", task.tools[-1].name):
            observation = await env.call(ToolCall(name=name, arguments={"x": "'; --"}))
            assert observation.error
        assert env.state() == before
