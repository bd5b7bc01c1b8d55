"""A scored attempt is kept for good; anything less gives way to it and to nothing else."""

import pytest

from data.errors import TaskError, UserError
from data.store import Drawn, PassRate, Store
from data.store.store import ATTEMPTS_PER_READ
from data.task import TaskKind
from data.trajectory import Outcome
from tests.store.factory import edit, fill, make_attempt, make_task

TASK, OTHER = make_task(1, level=2), make_task(2, level=4)


@pytest.fixture(autouse=True)
def tasks(store: Store) -> None:
    fill(store, [TASK, OTHER])


@pytest.mark.parametrize("later", Outcome)
@pytest.mark.parametrize("earlier", Outcome)
def test_only_scored_replaces_and_never_a_scored_one(
    store: Store, earlier: Outcome, later: Outcome
) -> None:
    first = make_attempt(TASK, outcome=earlier, score=0.0)
    second = make_attempt(TASK, outcome=later, score=1.0)
    replaces = earlier is not Outcome.SCORED and later is Outcome.SCORED
    assert store.add_attempt(first)
    assert store.add_attempt(second) == replaces
    assert list(store.attempts()) == [second if replaces else first]


def test_attempts_stream_in_order_of_code_points(store: Store) -> None:
    policies = ["Qwen3-8B", "greedy", "gpt_4", "gpt-4", "模型"]
    number = ATTEMPTS_PER_READ // 4
    for policy in policies:
        for attempt in range(number):
            store.add_attempt(make_attempt(TASK, attempt, policy=policy))
    found = [(attempt.policy, attempt.attempt) for attempt in store.attempts()]
    assert found == [(policy, i) for policy in sorted(policies) for i in range(number)]


def test_attempts_are_found_by_kind_policy_and_task(store: Store) -> None:
    attempts = [
        make_attempt(task, number, policy=policy)
        for task in sorted((TASK, OTHER), key=lambda task: task.id)
        for policy in ("greedy", "oracle")
        for number in range(2)
    ]
    for attempt in reversed(attempts):
        assert store.add_attempt(attempt)
    assert list(store.attempts(TaskKind.SEARCH)) == attempts
    assert list(store.attempts(policy="oracle", task_id=TASK.id)) == [
        attempt for attempt in attempts if (attempt.policy, attempt.task_id) == ("oracle", TASK.id)
    ]
    assert list(store.attempts(policy="noop")) == []


def test_scores_are_only_of_what_is_scored(store: Store) -> None:
    store.add_attempt(make_attempt(TASK, 0, score=0.0))
    store.add_attempt(make_attempt(TASK, 1, outcome=Outcome.UNRESOLVED))
    store.add_attempt(make_attempt(OTHER, 0, outcome=Outcome.INVALID))
    store.add_attempt(make_attempt(OTHER, 3, policy="greedy"))
    assert store.scores("oracle", TaskKind.SEARCH) == {(TASK.id, 0): 0.0}
    assert store.scores("greedy", TaskKind.SEARCH) == {(OTHER.id, 3): 1.0}


def test_pass_rates_count_full_scores_of_complete_groups(store: Store) -> None:
    for number, score in enumerate((1.0, 0.0, 0.5, 1.0)):
        store.add_attempt(make_attempt(TASK, number, policy="Model", score=score))
    store.add_attempt(make_attempt(TASK, 4, policy="Model", outcome=Outcome.UNRESOLVED))
    assert store.pass_rates() == [], "no group is complete yet"
    store.close_group(TASK.id, "Model", 4)
    store.add_attempt(make_attempt(OTHER, 0, policy="greedy", score=0.0), group_size=1)
    store.add_attempt(make_attempt(OTHER, 0, policy="noop", outcome=Outcome.INVALID))
    rates = [
        PassRate(TASK.id, "search", "", 2, "Model", 2, 4),
        PassRate(OTHER.id, "search", "", 4, "greedy", 0, 1),
    ]
    assert store.pass_rates() == sorted(rates) == store.pass_rates(TaskKind.SEARCH)
    assert store.groups("Model", TaskKind.SEARCH) == {TASK.id: 4}


def test_attempts_beyond_a_group_count_once_it_has_grown(store: Store) -> None:
    for number in range(4):
        store.add_attempt(make_attempt(TASK, number, score=float(number % 2)))
    for size, seen in ((2, 2), (4, 4), (3, 4)):
        store.close_group(TASK.id, "oracle", size)
        (rate,) = store.pass_rates()
        assert (rate.num_scored, rate.num_passed) == (seen, seen // 2)


def test_the_attempt_that_completes_a_group_is_recorded_with_it_or_not_at_all(
    store: Store,
) -> None:
    with pytest.raises(UserError, match="no task 'search-"):
        store.add_attempt(make_attempt(make_task(3)), group_size=1)
    with pytest.raises(UserError, match="no task 'search-"):
        store.close_group(make_task(3).id, "oracle", 1)
    assert store.groups("oracle", TaskKind.SEARCH) == {}


def test_text_that_no_encoding_holds_survives(store: Store) -> None:
    attempt = make_attempt(TASK, text="null \x00, half \ud83d, whole \U0001f3db, \\ud83d, 雅典")
    store.add_attempt(attempt)
    assert list(store.attempts()) == [attempt]


def test_an_attempt_at_an_unknown_task_is_refused(store: Store) -> None:
    with pytest.raises(UserError, match="no task 'search-"):
        store.add_attempt(make_attempt(make_task(3)))
    store.commit("run", [Drawn(2, make_task(3), "")])
    assert store.add_attempt(make_attempt(make_task(3)))


@pytest.mark.parametrize("body", ["", "{}", "[1]"])
def test_an_attempt_that_no_longer_parses_is_named(store: Store, url: str, body: str) -> None:
    store.add_attempt(make_attempt(TASK, 7))
    edit(url, "UPDATE attempts SET body = :body", body=body)
    with pytest.raises(TaskError, match=f"task {TASK.id}: attempt 7 by oracle no longer parses"):
        list(store.attempts())
