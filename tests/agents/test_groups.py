"""Groups count when they are complete, and a band ends them as early as it may and no earlier."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.groups import Plan, Unit
from agents.policies import scripted
from agents.rollout import rollout
from data.errors import UserError
from data.rates import Band, pass_at, wilson
from data.store import Drawn, Store
from data.task import TaskKind
from data.trajectory import Outcome
from tests.agents.cabinet import make_task
from tests.agents.test_rollout import HOME, Acting, Ledger

TASKS = [make_task(number) for number in range(4)]
BAND = Band(0.1, 0.9)


@pytest.mark.parametrize("wanted", [1, 4, 8])
def test_a_band_that_is_decided_for_certain_is_what_all_attempts_would_say(wanted: int) -> None:
    """The interval says nothing yet of so few attempts, so what is decided must be so for good."""
    for scores in product((False, True), repeat=wanted):
        inside = BAND.low <= sum(scores) / wanted <= BAND.high
        seen = next(n for n in range(1, wanted + 1) if BAND.decided(sum(scores[:n]), n, wanted))
        others = product((False, True), repeat=wanted - seen)
        rates = [(sum(scores[:seen]) + sum(rest)) / wanted for rest in others]
        assert {BAND.low <= rate <= BAND.high for rate in rates} == {inside}


@given(st.integers(1, 200), st.data())
def test_what_is_decided_by_the_interval_lies_on_one_side_of_each_end(
    num_scored: int, data: st.DataObject
) -> None:
    num_passed = data.draw(st.integers(0, num_scored))
    low, high = wilson(num_passed, num_scored)
    certain = num_passed / 1000 >= BAND.low and (num_passed + 1000 - num_scored) / 1000 <= BAND.high
    one_side = high < BAND.low or low > BAND.high or (BAND.low <= low and high <= BAND.high)
    assert BAND.decided(num_passed, num_scored, 1000) == (one_side or certain)


@pytest.mark.parametrize("text", ["", "0.1", "0.9:0.1", "-1:0.5", "0:2", "a:b", "nan:1"])
def test_what_is_no_band_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UserError, match=r"no band .* e\.g\. 0\.1:0\.9"):
        Band.parse(text)


@pytest.mark.parametrize(
    ("k", "passed", "scored", "chance"),
    [(1, 3, 10, 0.3), (2, 1, 2, 1.0), (2, 1, 4, 0.5), (4, 0, 8, 0.0), (5, 5, 5, 1.0)],
)
def test_pass_at_k_is_the_chance_of_a_draw_without_return(
    k: int, passed: int, scored: int, chance: float
) -> None:
    assert pass_at(k, passed, scored) == pytest.approx(chance)


def test_tasks_take_turns_and_a_decided_one_is_left() -> None:
    scores = {TASKS[0].id: [1, 0] + [1] * 6, TASKS[1].id: [0] * 8}
    plan = Plan(Ledger(), "p", 8, BAND, width=2)
    units = plan.units(TASKS[:2])
    played: list[Unit] = []
    for unit in units:
        played.append(unit)
        plan.scored(unit.task.id, unit.number, scores[unit.task.id][unit.number])
    assert [u.number for u in played if u.task is TASKS[0]] == [0, 1]
    assert [u.number for u in played if u.task is TASKS[1]] == list(range(8))
    assert [u.task for u in played[:4]] == [TASKS[0], TASKS[1]] * 2
    assert plan.num_spared == 6


async def test_an_attempt_without_a_score_keeps_its_group_open_until_it_is_played_again() -> None:
    faults = [RuntimeError("once")]

    def then(task: object) -> object:
        if faults:
            raise faults.pop()
        return None

    store = Ledger()
    await rollout(TASKS[:1], Acting(then), store, attempts=3, concurrency=1, setup=HOME)
    assert [a.outcome for a in store.attempts.values()].count(Outcome.SCORED) == 2
    assert store.closed == {}
    await rollout(TASKS[:1], Acting(then), store, attempts=3, concurrency=1, setup=HOME)
    assert store.closed == {TASKS[0].id: 3}


async def test_a_group_of_another_run_is_closed_by_the_one_that_asks_for_no_more(
    tmp_path: object,
) -> None:
    with Store.open(f"sqlite:///{tmp_path}/store.db") as store:
        store.begin_run("run", {})
        store.commit("run", [Drawn(n, task, "") for n, task in enumerate(TASKS)])
        oracle = scripted("oracle")
        await rollout(TASKS[:2], oracle, store, attempts=2, setup=HOME)
        assert store.groups("oracle", TaskKind.SEARCH) == {t.id: 2 for t in TASKS[:2]}
        await rollout(TASKS[:1], oracle, store, attempts=4, setup=HOME)
        first = {r.task_id: r.num_scored for r in store.pass_rates()}
        assert first == {TASKS[0].id: 4, TASKS[1].id: 2}
        again = await rollout(TASKS[:2], oracle, store, attempts=3, setup=HOME)
        assert (again.num_present, again.num_scored) == (5, 1)
        assert store.groups("oracle", TaskKind.SEARCH) == {TASKS[0].id: 4, TASKS[1].id: 3}
